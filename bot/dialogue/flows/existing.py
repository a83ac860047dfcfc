"""Orders that exist: where are they, cancel, another time, and complaints about them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backend.domain.order import OPEN, Order, State, Wanted
from backend.domain.queue import TaskKind
from backend.domain.wanted import is_time, out_of_reach
from backend.services.commands import CancelOrder, RescheduleOrder
from bot.dialogue import cues, forms, phrasing, times, whom
from bot.dialogue.flows import ask, person, request
from bot.dialogue.memory import Pending
from bot.dialogue.talk import ABOUT_ORDERS, Talk
from bot.dialogue.turn import Asks, Choice
from nlu.understanding import Person, Slot, WantedTime

MOST_TOLD = 2
SAME_THING = 2  # characters at its end name a thing: «两斤鸡蛋» is «鸡蛋»
MOVED = "moved_existing"


def existing(talk: Talk) -> bool:
    """Answer what the sentence wants of orders that exist. True when nothing else is left to do with it."""
    if _amends(talk):
        return person.pass_on(talk, talk.memory.orders[-1])
    if (order := _changed_in_part(talk)) is not None:
        return person.pass_on(talk, order.number)
    if (order := _is_away_then(talk)) is not None:
        _ask_when(talk, order, "order.move_when", what=name_of(talk, order))
        talk.understood = True
        return True
    handled = False
    if talk.heard.has("order_status"):
        _status(talk)
        handled = True
    if talk.heard.has("cancel_order"):
        handled = _cancel(talk) or handled
    if (talk.heard.has("reschedule") and not talk.leaves_open) or _moves_existing(talk):
        handled = _reschedule(talk) or handled
    talk.understood = talk.understood or handled
    return handled and (not talk.requests() or MOVED in talk.happened)


def _amends(talk: Talk) -> bool:
    """«刚才那个，地址改成我闺女家» when nothing is being arranged any more: staff set it right."""
    placed = talk.memory.orders and any(
        order.number == talk.memory.orders[-1] for order in _open_orders(talk)
    )
    wants_else = talk.requests() or any(
        talk.heard.has(name) for name in ("cancel_order", "reschedule", "policy_question", "complaint")
    )
    return bool(placed) and talk.form is None and not wants_else and cues.says("amends", talk.text)


def _changed_in_part(talk: Talk) -> Order | None:
    """«鸡蛋不要了，换成豆腐»: one thing of several that were ordered. The order stands; staff tell whoever goes."""
    if talk.form is not None or not (talk.heard.has("cancel_order") or cues.says("swaps", talk.text)):
        return None
    for order in _fitting(talk, _open_orders(talk)):
        if any(item != order.item for item in talk.requests()):
            continue
        named = [detail for detail in order.details if detail[-SAME_THING:] in talk.text]
        if not named and order.number in talk.memory.orders[-1:] and _changes_a_thing(talk):
            return order
        if named and (len(named) < len(order.details) or cues.says("swaps", talk.text)):
            return order
    return None


def _changes_a_thing(talk: Talk) -> bool:
    """«改成两份», «土豆也别买了»: a thing and no time, right after the order."""
    if talk.slots("time") or cues.items_mentioned(talk.text):
        return False
    return cues.says("neither", talk.text) or (bool(talk.slots("detail")) and cues.says("swaps", talk.text))


def _is_away_then(talk: Talk) -> Order | None:
    """«后天我不在家», said of the day of an order that stands or right after one was placed: it must move."""
    if talk.form is not None or talk.requests() or not cues.says("away", talk.text):
        return None
    if any(talk.heard.has(name) for name in (*ABOUT_ORDERS, "emergency")):
        return None
    orders = _fitting(talk, _open_orders(talk))
    if not talk.slots("time"):
        orders = [order for order in orders if order.number in talk.memory.orders[-1:]]
    elif not any(_is_of_day(orders[0], slot) for slot in talk.slots("time") if orders):
        return None
    return orders[0] if len(orders) == 1 else None


def _is_of_day(order: Order, slot: Slot) -> bool:
    said = slot.resolved
    return isinstance(said, WantedTime) and bool(said.iso) and (order.wanted.iso or "")[:10] == said.iso[:10]  # type: ignore[index]


def _moves_existing(talk: Talk) -> bool:
    """«那个洗澡的我想换个日子»: reads like a request, but such an order stands already."""
    requests = talk.requests()
    if not requests or talk.form is not None or not cues.says("move", talk.text):
        return False
    return any(order.item == requests[0] for order in _open_orders(talk))


def complaint(talk: Talk) -> bool:
    """Apologise, write it down for staff, and say that somebody calls back."""
    if not (talk.heard.has("complaint") or _stood_up(talk)):
        return False
    fitting = _fitting(talk, talk.world.orders)
    number = fitting[0].number if fitting else None
    talk.tell_staff(TaskKind.COMPLAINT, "complaint", why="complaint", order_number=number)
    again = set(talk.phrase("complaint.taken")) <= set(talk.memory.said)
    talk.say("complaint.more" if again else "complaint.taken")
    talk.understood = True
    talk.happened.append("complaint")
    if _stood_up(talk):
        return True
    return not (talk.requests() or talk.heard.has("order_status") or talk.heard.has("cancel_order"))


def _stood_up(talk: Talk) -> bool:
    """«昨天说好送饭的，人没来»: it asks where somebody is, and reproaches that nobody came."""
    asks = talk.heard.has("order_status") or talk.heard.has("complaint")
    return asks and cues.says("stood_up", talk.text) and not cues.says("question", talk.text)


def name_of(talk: Talk, order: Order) -> str:
    """「明天中午十二点的送餐」, as the caller would recognise it; with whose it is, where they speak for several."""
    name = ask.named(talk, order.item, order.wanted)
    elder = talk.world.caller.elder
    own = elder is not None and order.elder_id == elder.id
    people = {one.beneficiary_name for one in _open_orders(talk)}
    return (
        f"{order.beneficiary_name}{name}" if order.beneficiary_name and len(people) > 1 and not own else name
    )


def _open_orders(talk: Talk) -> list[Order]:
    return [order for order in talk.world.orders if order.state in OPEN]


def _fitting(talk: Talk, orders: Sequence[Order]) -> list[Order]:
    """The orders that the sentence can mean: by what is named in it, then by the day it names."""
    named = cues.items_mentioned(talk.text)
    left = [order for order in orders if order.item in named] or list(orders)
    left = _of_people(talk, left) or left
    day = next(
        (
            s.resolved.iso[:10]
            for s in _references(talk)
            if isinstance(s.resolved, WantedTime) and s.resolved.iso
        ),
        None,
    )
    return [order for order in left if day and (order.wanted.iso or "").startswith(day)] or left


def _of_people(talk: Talk, orders: Sequence[Order]) -> list[Order]:
    """Those of the orders that are for somebody named in the sentence."""
    people = [slot.value or slot.text for slot in talk.slots("beneficiary")]
    ids = _elders_named(talk)
    return [
        order
        for order in orders
        if order.beneficiary in people
        or order.elder_id in ids
        or (order.beneficiary_name or " ") in talk.text
    ]


def _elders_named(talk: Talk) -> set[int | None]:
    """The relatives named in the sentence whom the records tie to the caller."""
    caller = talk.world.caller
    found = [whom.find(person, caller, caller.wards).elder for person in _others(talk)]
    return {elder.id for elder in found if elder is not None}


def _others(talk: Talk) -> list[Person]:
    """Relatives who are named in the sentence: «我妈订的饭»."""
    said = [slot.resolved for slot in talk.slots("beneficiary")]
    return [one for one in said if isinstance(one, Person) and one.relation not in (None, "self")]


def _is_clear(talk: Talk, orders: Sequence[Order]) -> bool:
    """One order fits and nothing in the sentence speaks of another kind of service."""
    named = cues.items_mentioned(talk.text)
    return len(orders) == 1 and (not named or orders[0].item in named)


def _references(talk: Talk) -> list[Slot]:
    """Times that name an order («明天的饭»), not the new time."""
    of = talk.words()["of"]
    slots = talk.slots("time")
    if not talk.heard.has("reschedule"):
        return list(slots)
    return [slot for slot in slots if talk.heard.text[slot.end : slot.end + 1] == of]


def _new_time(talk: Talk) -> WantedTime | None:
    references = _references(talk)
    new = [slot.resolved for slot in talk.slots("time") if slot not in references]
    if not new:  # «改到晚上»: a part of the day is a time when a time is looked for
        heard = talk.rules.parser.parse(talk.text, expecting=Asks.TIME, now=talk.turn.now)
        known = {(slot.start, slot.end) for slot in references}
        new = [slot.resolved for slot in heard.filled("time") if (slot.start, slot.end) not in known]
    return next(
        (
            time
            for time in reversed(new)
            if isinstance(time, WantedTime) and (time.iso or time.asap or time.conflict)
        ),
        None,
    )


def _status(talk: Talk) -> None:
    orders = _open_orders(talk) or list(talk.world.orders[:1])
    if _others(talk):  # not the order of one elder for that of another
        orders = _of_people(talk, orders) or [order for order in orders if order.elder_id is None]
    if not orders:
        _none_open(talk)
        if not talk.form and not _others(talk):
            offer_to_ask(talk)
        return
    for order in _fitting(talk, orders)[:MOST_TOLD]:
        department = talk.rules.departments.by_code.get(order.department or "")
        talk.say(
            f"order.status_{order.stage.value}",
            what=name_of(talk, order),
            department=department.short if department else "",
        )
    talk.happened.append("status")


def offer_to_ask(talk: Talk) -> bool:
    """An order that they speak of is not here: it was made elsewhere, or before there was this line."""
    talk.memory.pending = Pending(kind="offer_person")
    talk.ask(Asks.CONFIRM, "order.none_to_ask", choices=ask.choices_for(talk, Asks.CONFIRM))
    talk.understood = True
    return True


def _none_open(talk: Talk) -> None:
    if talk.form:
        return
    talk.memory.pending = Pending(kind="none_open")
    named = _others(talk)
    if named and talk.world.caller.elder is None and not _elders_named(talk):
        talk.ask(None, "order.none_open_of_other")
    else:
        talk.ask(None, "order.none_open_for" if named else "order.none_open")


def _cancel(talk: Talk) -> bool:
    """Cancel the order that is clearly meant; ask when two could be. With a request open it is that one."""
    orders = _open_orders(talk)
    form = talk.form
    if form and not talk.requests():
        named = cues.items_mentioned(talk.text)
        if form.item in named or not named or not any(order.item in named for order in orders):
            return request.drop(talk, form)
    if not orders:
        if not talk.requests():
            _none_open(talk)
        return True
    fitting = _fitting(talk, orders)
    if cues.says("all", talk.text):
        fitting = orders
    elif not _is_clear(talk, fitting):
        if named := cues.items_mentioned(talk.text) - {order.item for order in orders}:
            said = [talk.rules.catalogue[item].say for item in sorted(named) if item in talk.rules.catalogue]
            talk.say("order.none_of", what=phrasing.joined(said, talk.words()))
        _which(talk, "cancel", _spoken_of(talk, fitting))
        return True
    for order in fitting:
        cancel(talk, order)
    return True


def _spoken_of(talk: Talk, orders: Sequence[Order]) -> Sequence[Order]:
    """«取消吧» right after an order was placed means that one; what is named or dated otherwise is not narrowed."""
    named = cues.items_mentioned(talk.text) or talk.slots("time") or talk.slots("beneficiary")
    last = [] if named else talk.memory.orders[-1:]
    return [order for order in orders if order.number in last] or orders


def undo_cancel(talk: Talk, pending: Pending) -> bool:
    """«哎，还是送吧» right after a cancellation: the same is read back to be ordered anew."""
    orders = [order for number in pending.numbers if (order := talk.order(number))]
    talk.memory.pending, talk.understood = None, bool(orders)
    for order in orders:
        forms.copy_order(forms.open_form(talk, order.item), order)
    return bool(orders)


def cancel(talk: Talk, order: Order) -> None:
    talk.commands.append(
        CancelOrder(number=order.number, at=talk.turn.now, actor="caller", reason=talk.text[:200])
    )
    talk.say("order.cancelled", what=name_of(talk, order))
    _touched(talk, order)
    talk.happened.append(f"order_cancelled:{order.item}")


def _touched(talk: Talk, order: Order) -> None:
    if order.number not in talk.memory.orders:
        talk.memory.orders.append(order.number)


def _reschedule(talk: Talk) -> bool:
    """Another time for an order, or for the request that is being talked about."""
    form = talk.form
    if talk.requests() and _moves_existing(talk):
        talk.happened.append(MOVED)
    if form and not talk.requests():
        forms.fill(talk, form)
        if not talk.slots("time"):
            form.time = None
        return True
    orders = _open_orders(talk)
    if not orders:
        _none_open(talk)
        return True
    fitting = _fitting(talk, orders)
    said = _new_time(talk)
    if not _is_clear(talk, fitting):
        _which(talk, "reschedule", fitting, said)
        return True
    move(talk, fitting[0], said)
    return True


def move(talk: Talk, order: Order, said: WantedTime | None) -> None:
    """Give the order its new time; ask for it when none was said, or when what was said can not be."""
    wanted = times.merged(order.wanted, said) if said and not said.conflict else None
    if wanted is not None:
        move_to(talk, order, wanted)
    elif said:
        _ask_when(talk, order, "conflict.past")
    else:
        _ask_when(talk, order, "order.move_when", what=name_of(talk, order))


def _ask_when(talk: Talk, order: Order, key: str, **values: Any) -> None:
    talk.memory.pending = Pending(kind="move_when", numbers=[order.number])
    talk.ask(Asks.TIME, key, **values)


def move_to(talk: Talk, order: Order, wanted: Wanted) -> None:
    """Give the order this time. One that is over, or that nobody can promise yet, is asked for again."""
    if times.past(wanted, talk.turn.now):
        _ask_when(talk, order, "conflict.past")
        return
    if wanted.iso and is_time(wanted.iso) and out_of_reach(wanted.iso, talk.turn.now):
        _ask_when(talk, order, "conflict.far")
        return
    talk.commands.append(
        RescheduleOrder(
            number=order.number, at=talk.turn.now, actor="caller", wanted=wanted, reason=talk.text[:200]
        )
    )
    when = phrasing.when(wanted, talk.turn.now, talk.words())
    talk.say("order.moved", what=talk.rules.catalogue[order.item].say, when=when)
    _touched(talk, order)
    talk.happened.append(f"order_moved:{order.item}")


def _which(talk: Talk, kind: str, orders: Sequence[Order], said: WantedTime | None = None) -> None:
    shown = orders[: ask.MOST_CHOICES]
    names = [name_of(talk, order) for order in shown]
    talk.memory.pending = Pending(
        kind=kind,
        numbers=[order.number for order in shown],
        wanted=times.as_wanted(said) if said and not said.conflict else None,
    )
    if len(shown) == 1:
        key = "order.confirm_cancel" if kind == "cancel" else "order.confirm_move"
        talk.ask(Asks.CONFIRM, key, choices=ask.choices_for(talk, Asks.CONFIRM), what=names[0])
        return
    if len(set(names)) == 1:
        talk.say("order.which_of_same", what=names[0])
        names = list(talk.words()["ordinals"][: len(names)])
    else:
        talk.say("order.which_of", list=phrasing.joined(names, talk.words(), link="list_and"))
    key = "order.which_cancel" if kind == "cancel" else "order.which_move"
    talk.ask(Asks.WHICH_ITEM, key, choices=[Choice(name, name) for name in names])


def answer_which(talk: Talk) -> bool:
    """The answer to «which of these orders?», or to «is it this one?»."""
    pending = talk.pending
    if pending is None or pending.kind not in ("cancel", "reschedule", "move_when"):
        return False
    orders = [
        order
        for number in pending.numbers
        if (order := talk.order(number)) and order.state is not State.CANCELLED
    ]
    if pending.kind == "move_when":
        return _answer_when(talk, orders)
    chosen = _chosen(talk, orders)
    if not chosen:
        if talk.heard.has("deny") or cues.says("opens_no", talk.text):
            talk.memory.pending = None
            ask.anything_else(talk)
            talk.understood = True
            return True
        return False
    talk.memory.pending, talk.understood = None, True
    for order in chosen:
        if pending.kind == "cancel":
            cancel(talk, order)
        elif pending.wanted:
            move_to(talk, order, Wanted(**pending.wanted))
        else:
            move(talk, order, _new_time(talk))
    return True


def _answer_when(talk: Talk, orders: Sequence[Order]) -> bool:
    said = next(
        (s.resolved for s in reversed(talk.slots("time")) if isinstance(s.resolved, WantedTime)), None
    )
    if said is None or not orders:
        return False
    talk.memory.pending, talk.understood = None, True
    move(talk, orders[0], said)
    return True


def _chosen(talk: Talk, orders: Sequence[Order]) -> list[Order]:
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
    dated = [order for order in left if any(_is_of_day(order, slot) for slot in talk.slots("time"))]
    left = dated or _of_people(talk, left) or named
    return left if len(left) == 1 else []
