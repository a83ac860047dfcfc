"""Orders that are not wanted any more: cancel what is clearly meant, ask where it is not, and take it back."""

from __future__ import annotations

import re
from collections.abc import Sequence

from backend.domain.order import Order
from backend.services.commands import CancelOrder
from bot.dialogue import cues, forms, phrasing, whom
from bot.dialogue.flows import orders, request
from bot.dialogue.memory import Pending
from bot.dialogue.talk import Talk
from bot.dialogue.times import MARKS

STOPS = (
    "senior_allowance",
    "two_subsidies",
    "social_assistance",
    "pension_insurance",
)  # paid until somebody stops them


def may_be_meant(talk: Talk) -> bool:
    """Whether a cancellation is worth asking about: it is said, or it was done already («头昨天就剃过了»)."""
    return is_meant(talk) or cues.says("done_already", talk.text)


def names_another(talk: Talk) -> bool:
    """«那个饭不要了» while something else is being arranged: the order that stands, and not this request."""
    unwanted = talk.heard.has("cancel_order") or talk.drops
    if talk.form is None or not unwanted or cues.says("replace", talk.text):
        return False
    named = cues.items_mentioned(talk.text)
    arranged = {form.item for form in talk.memory.forms}
    standing = {order.item for order in orders.open_orders(talk)}
    if not named or not named <= standing or named & arranged or set(talk.requests()) - named:
        return False
    talk.understood = True
    return cancel_meant(talk)


def withdraws_the_last(talk: Talk) -> bool:
    """«不租了，算了» instead of an answer to «anything else?»: perhaps the order just placed; asked before it is cancelled."""
    order = orders.last(talk)
    if order is None or talk.requests() or not cues.says("withdraws", talk.text):
        return False
    orders.which(talk, "cancel", [order])
    return True


def no_more_needed(talk: Talk) -> bool:
    """«不用了，我女子来给我打扫», «我儿子修好了», «不吃你们的饭了»: asked before it is cancelled."""
    meant = [order for order in (orders.last(talk), *orders.open_orders(talk)) if order is not None]
    order = meant[0] if meant and (orders.last(talk) or len(meant) == 1) else None
    if order is None or talk.form is not None or not cues.says("no_more_needed", talk.text):
        return False
    if set(talk.requests()) - {order.item} or cues.says("also", talk.text) or cues.says("praise", talk.text):
        return False
    orders.which(talk, "cancel", [order])
    return True


def for_another(talk: Talk) -> bool:
    """«别给我送饭了，给我老伴送», of what was just ordered: it is cancelled, and read back for whom it is meant now."""
    order, wanted = orders.last(talk), cues.after("gives_up_for", talk.text)
    if order is None or not wanted or cues.items_mentioned(wanted) - {order.item}:
        return False
    given_up = cues.items_mentioned(talk.text.removesuffix(wanted))
    people = [slot for slot in talk.slots("beneficiary") if slot.text in wanted]
    if order.item not in given_up or len(people) != 1 or (people[0].value or "") == order.beneficiary:
        return False
    cancel(talk, order)
    form = forms.open_form(talk, order.item)
    orders.copied(talk, form, order)
    whom.settle(form, people[0], talk.world.caller)
    if not whom.is_spouse(form):
        form.place = None
    talk.memory.pending, talk.understood = None, True
    return True


def not_going(talk: Talk) -> bool:
    """«我今天不去了，不舒服», of what stands for that day: asked before it is cancelled."""
    if talk.form is not None or talk.requests() or not cues.says("not_going", talk.text):
        return False
    meant = [order for order in orders.open_orders(talk) if orders.is_once(order)]
    days = talk.slots("time")
    meant = [order for order in meant if not days or any(orders.is_of_day(order, slot) for slot in days)]
    if len(meant) != 1:
        return False
    orders.which(talk, "cancel", meant)
    return True


def instead(talk: Talk) -> bool:
    """«把打扫换成洗澡» of what was just ordered: it is cancelled, and the other takes its time, place and person."""
    order = orders.last(talk)
    if order is None or not cues.says("instead", talk.text):
        return False
    after = cues.after("instead", talk.text)
    before = talk.text.removesuffix(after)
    wanted = cues.items_mentioned(after) - {order.item}
    meant = order.item in cues.items_mentioned(before) or cues.says("that_order", before)
    if not meant or len(wanted) != 1:
        return False
    cancel(talk, order)
    form = forms.open_form(talk, wanted.pop())
    orders.copied(talk, form, order)
    form.details.clear()
    forms.fill(talk, form)
    talk.memory.pending, talk.understood = None, True
    return True


def is_meant(talk: Talk) -> bool:
    """Whether they say themselves that it is not wanted. «头昨天就剃过了» only sounds like it, and is asked about."""
    if cues.says("wants_after_all", cues.after("drop", talk.text)) or cues.says("drop_if", talk.text):
        return False
    return talk.drops or cues.says("unwanted", talk.text)


def not_wanted(talk: Talk) -> bool:
    """Cancel the order that is clearly meant; ask when two could be. With a request open it is that one."""
    standing, form = orders.open_orders(talk), talk.form
    if form and form.item in STOPS and cues.says("stops_it", talk.text):
        return False  # «那帮我停一下», of an allowance that is still paid
    if form and not talk.requests():
        named = cues.items_mentioned(talk.text)
        if form.item in named or not named or not any(order.item in named for order in standing):
            return request.drop(talk, form)
    return bool(standing) and cancel_meant(talk)


def cancel_meant(talk: Talk) -> bool:
    """Cancel what the sentence names of the orders that stand, or ask which of them."""
    standing = orders.open_orders(talk)
    kept = _kept(talk)
    fitting = [order for order in orders.fitting(talk, standing) if order.item not in kept]
    if cues.says("all", talk.text):
        fitting = standing
    elif not kept and not orders.is_clear(talk, fitting):
        named = cues.items_mentioned(talk.text) - {order.item for order in standing}
        if named and orders.last(talk) is None:  # «你们别来了，我出门» names no other order
            said = [talk.rules.catalogue[item].say for item in sorted(named) if item in talk.rules.catalogue]
            talk.say("order.none_of", what=phrasing.joined(said, talk.words()))
        orders.which(talk, "cancel", _spoken_of(talk, fitting))
        return True
    elif not is_meant(talk):
        orders.which(talk, "cancel", fitting)
        return True
    for order in fitting:
        cancel(talk, order)
    return True


def _kept(talk: Talk) -> set[str]:
    """What of the orders is to stay («把打扫的取消了，饭留着»)."""
    parts = [part for part in re.split(MARKS, talk.text) if cues.says("is_kept", part)]
    return {item for part in parts for item in cues.items_mentioned(part)}


def _spoken_of(talk: Talk, fitting: Sequence[Order]) -> Sequence[Order]:
    """«取消吧» right after an order was placed means that one; what is named or dated otherwise is not narrowed."""
    named = cues.items_mentioned(talk.text) or talk.slots("time") or talk.slots("beneficiary")
    last = [] if named else talk.memory.orders[-1:]
    return [order for order in fitting if order.number in last] or fitting


def cancel(talk: Talk, order: Order) -> None:
    talk.commands.append(
        CancelOrder(number=order.number, at=talk.turn.now, actor="caller", reason=talk.text[:200])
    )
    talk.say("order.cancelled", what=orders.name_of(talk, order))
    orders.touched(talk, order)
    talk.happened.append(f"order_cancelled:{order.item}")


def undo(talk: Talk, pending: Pending) -> bool:
    """«哎，还是送吧» right after a cancellation: the same is read back to be ordered anew."""
    cancelled = [order for number in pending.numbers if (order := talk.order(number))]
    talk.memory.pending, talk.understood = None, bool(cancelled)
    for order in cancelled:
        orders.copied(talk, forms.open_form(talk, order.item), order)
    return bool(cancelled)
