"""Which of the orders that stand a sentence means, and what they are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from backend.domain.order import OPEN, Order, Wanted
from bot.dialogue import cues, forms, phrasing, times, whom
from bot.dialogue.flows import ask
from bot.dialogue.memory import Form, Pending
from bot.dialogue.talk import Talk
from bot.dialogue.turn import Asks, Choice
from nlu.understanding import Person, Slot, WantedTime

CONFIRMS = {
    "cancel": "order.confirm_cancel",
    "reschedule": "order.confirm_move",
    "pause": "order.confirm_pause",
    "amend": "order.confirm_pause",
}
ASKS_WHICH = {
    "cancel": "order.which_cancel",
    "reschedule": "order.which_move",
    "pause": "order.which_pause",
    "amend": "order.which_meant",
}


def name_of(talk: Talk, order: Order) -> str:
    """「明天中午十二点的送餐」, as the caller would recognise it; with whose it is, where they speak for several."""
    name = ask.named(talk, order.item, order.wanted, order.details)
    elder = talk.world.caller.elder
    own = elder is not None and order.elder_id == elder.id
    people = {one.beneficiary_name for one in open_orders(talk)}
    return (
        f"{order.beneficiary_name}{name}" if order.beneficiary_name and len(people) > 1 and not own else name
    )


def open_orders(talk: Talk) -> list[Order]:
    return [order for order in talk.world.orders if order.state in OPEN]


def last(talk: Talk) -> Order | None:
    """What was placed or changed last in this conversation, if it still stands and nothing else is being arranged."""
    if talk.form is not None or not talk.memory.orders:
        return None
    return next((order for order in open_orders(talk) if order.number == talk.memory.orders[-1]), None)


def spoken_of(talk: Talk) -> Order | None:
    """The one order that stands and is spoken of as such («我订的打扫», «明天那个饭»), in a later call, too."""
    named = cues.items_mentioned(talk.text)
    refers = cues.says("as_ordered", talk.text) or (named and cues.says("that_order", talk.text))
    if talk.form is not None or not refers:
        return None
    meant = fitting(talk, open_orders(talk))
    return meant[0] if is_clear(talk, meant) else None


def fitting(talk: Talk, orders: Sequence[Order]) -> list[Order]:
    """The orders that the sentence can mean: by what is named in it, then by the day it names."""
    named = cues.items_mentioned(talk.text)
    left = [order for order in orders if order.item in named] or list(orders)
    left = of_people(talk, left) or left
    day = next(
        (
            s.resolved.iso[:10]
            for s in references(talk)
            if isinstance(s.resolved, WantedTime) and s.resolved.iso
        ),
        None,
    )
    return [order for order in left if day and (order.wanted.iso or "").startswith(day)] or left


def of_people(talk: Talk, orders: Sequence[Order]) -> list[Order]:
    """Those of the orders that are for somebody named in the sentence."""
    people = [slot.value or slot.text for slot in talk.slots("beneficiary")]
    ids = elders_named(talk)
    return [
        order
        for order in orders
        if order.beneficiary in people
        or order.elder_id in ids
        or (order.beneficiary_name or " ") in talk.text
    ]


def elders_named(talk: Talk) -> set[int | None]:
    """The relatives named in the sentence whom the records tie to the caller."""
    caller = talk.world.caller
    found = [whom.find(person, caller, caller.wards).elder for person in others(talk)]
    return {elder.id for elder in found if elder is not None}


def others(talk: Talk) -> list[Person]:
    """Relatives who are named in the sentence: «我妈订的饭»."""
    said = [slot.resolved for slot in talk.slots("beneficiary")]
    return [one for one in said if isinstance(one, Person) and one.relation not in (None, "self")]


def is_clear(talk: Talk, orders: Sequence[Order]) -> bool:
    """One order fits and nothing in the sentence speaks of another kind of service."""
    named = cues.items_mentioned(talk.text)
    return len(orders) == 1 and (not named or orders[0].item in named)


def is_of_day(order: Order, slot: Slot) -> bool:
    said = slot.resolved
    return isinstance(said, WantedTime) and bool(said.iso) and (order.wanted.iso or "")[:10] == said.iso[:10]  # type: ignore[index]


def is_once(order: Order) -> bool:
    """Whether somebody comes once, and not on several days."""
    iso = order.wanted.iso or ""
    return not order.wanted.recurrence and not ("/" in iso and "T" not in iso)


def was_due(order: Order, now: datetime) -> bool:
    """Whether somebody should have come for it by now: some day before, or today at an hour that is over."""
    begin, end = (order.wanted.iso or "").split("/")[0], (order.wanted.iso or "").split("/")[-1]
    if not begin:
        return False
    if not order.wanted.recurrence:
        return times.past(order.wanted, now)
    hour = end[times.DAY + 1 :]
    return begin[: times.DAY] <= now.date().isoformat() and bool(hour) and hour < now.strftime("%H:%M")


def references(talk: Talk) -> list[Slot]:
    """Times that name an order («明天的饭»), not the new time."""
    of = talk.words()["of"]
    slots = talk.slots("time")
    if not talk.heard.has("reschedule"):
        return list(slots)
    return [slot for slot in slots if talk.heard.text[slot.end : slot.end + 1] == of]


def which(talk: Talk, kind: str, orders: Sequence[Order], said: WantedTime | None = None) -> None:
    """Ask which of the orders is meant; with one, whether it is that one. `kind`: what is to be done with it."""
    shown = orders[: ask.MOST_CHOICES]
    names = [name_of(talk, order) for order in shown]
    talk.memory.pending = Pending(
        kind=kind,
        numbers=[order.number for order in shown],
        wanted=_wanted(shown, said),
        said=talk.text,
    )
    talk.understood = True
    if len(shown) == 1:
        to = talk.memory.pending.wanted
        if to and not (shown[0].wanted.recurrence and not to["recurrence"]):
            when = phrasing.when(Wanted(**to), talk.turn.now, talk.words())
            say = ask.called(talk, shown[0].item, shown[0].details)
            choices = ask.choices_for(talk, Asks.CONFIRM)
            talk.ask(Asks.CONFIRM, "order.confirm_move_to", choices=choices, what=say, when=when)
            return
        talk.ask(Asks.CONFIRM, CONFIRMS[kind], choices=ask.choices_for(talk, Asks.CONFIRM), what=names[0])
        return
    if len(set(names)) == 1:
        talk.say("order.which_of_same", what=names[0])
        names = list(talk.words()["ordinals"][: len(names)])
    else:
        talk.say("order.which_of", list=phrasing.joined(names, talk.words(), link="list_and"))
    talk.ask(Asks.WHICH_ITEM, ASKS_WHICH[kind], choices=[Choice(name, name) for name in names])


def _wanted(shown: Sequence[Order], said: WantedTime | None) -> dict[str, Any] | None:
    """The new time that was said; where one order is meant, with the day or the hour that it keeps."""
    if said is None or said.conflict:
        return None
    return asdict(times.merged(shown[0].wanted, said)) if len(shown) == 1 else times.as_wanted(said)


def chosen(talk: Talk, orders: Sequence[Order]) -> list[Order]:
    """What the answer to «which of these?» means; nothing when it says neither yes nor which."""
    if cues.says("all", talk.text) or talk.text in talk.words()["both"]:
        return list(orders)
    if len(orders) == 1:
        yes = talk.heard.has("affirm") or talk.heard.has("cancel_order") or cues.says("opens_yes", talk.text)
        return list(orders) if yes and not cues.says("opens_no", talk.text) else []
    index = cues.ordinal(talk.text)
    if index is not None and index < len(orders):
        return [orders[index]]
    named = [order for order in orders if order.item in cues.items_mentioned(talk.text)]
    left = named or list(orders)
    dated = [order for order in left if any(is_of_day(order, slot) for slot in talk.slots("time"))]
    left = dated or of_people(talk, left) or named
    return left if len(left) == 1 else []


def copied(talk: Talk, form: Form, order: Order) -> None:
    """Fill a form with what an order holds; whom it was for is spoken of as before."""
    forms.copy_order(form, order)
    form.phone = None if order.phone == talk.world.caller.phone else order.phone
    same_person(talk, form, order)


def same_person(talk: Talk, form: Form, order: Order) -> None:
    """What the person of the order is to the caller, as it was said with the order."""
    before = talk.memory.last_whom or {}
    if form.beneficiary == order.beneficiary == before.get("beneficiary"):
        form.relation = before.get("relation")


def touched(talk: Talk, order: Order) -> None:
    """From now on this is the order that was talked about last."""
    if order.number in talk.memory.orders:
        talk.memory.orders.remove(order.number)
    talk.memory.orders.append(order.number)
