"""Another time for an order. What comes again and again is never moved to one day: that is for people to settle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from backend.domain.order import Order, Wanted
from backend.domain.wanted import is_time, out_of_reach
from backend.services.commands import RescheduleOrder
from bot.dialogue import cues, forms, phrasing, times
from bot.dialogue.flows import amend, ask, orders
from bot.dialogue.memory import Pending
from bot.dialogue.talk import ABOUT_ORDERS, Talk
from bot.dialogue.turn import Asks
from nlu.clauses import clauses
from nlu.understanding import Slot, WantedTime

MOVED = "moved_existing"
PARTICLES = 2  # characters besides a time that say nothing («周四吧», «十点以后来»)
SHORT = 15  # characters of a mere time («上午九点吧», «你们几点来，九点行不»)


def means_existing(talk: Talk) -> bool:
    """«那个洗澡的我想换个日子»: reads like a request, but such an order stands already."""
    requests = talk.requests()
    if not requests or talk.form is not None or not cues.says("move", talk.text):
        return False
    return any(order.item == requests[0] for order in orders.open_orders(talk))


def another_time(talk: Talk) -> bool:
    """Another time for an order, or for the request that is being talked about."""
    form = talk.form
    if talk.requests() and means_existing(talk):
        talk.happened.append(MOVED)
    if form and not talk.requests():
        forms.fill(talk, form)
        if not talk.slots("time"):
            form.time = None
        return True
    standing = orders.open_orders(talk)
    if not standing:
        return False
    fitting = orders.fitting(talk, standing)
    said = _new_time(talk, fitting)
    if cues.says("sooner", talk.text) or cues.shift(talk.text) or _is_its_own_day(said, fitting):
        said = None
    only_one = len(standing) == 1 and cues.says("keeps_away", talk.text)  # «别让师傅来了» names no service
    if not (only_one or orders.is_clear(talk, fitting)):
        orders.which(talk, "reschedule", fitting, said)
        return True
    move(talk, fitting[0], said)
    return True


def _is_its_own_day(said: WantedTime | None, of: Sequence[Order]) -> bool:
    """«今天下大雪，改天吧», of what is to come today."""
    if said is None or said.clock_said or len(of) != 1:
        return False
    return said.iso is not None and said.iso == (of[0].wanted.iso or "")[: times.DAY]


def of_the_last(talk: Talk) -> bool:
    """«九点吧», «十点以后来，她早上去公园» after an order was placed or moved: its hour. Another day is asked about first."""
    order = orders.last(talk)
    if order is None or cues.says("also", talk.text) or cues.says("pauses", talk.text):
        return False
    if cues.says("sooner", talk.text):
        talk.understood = True
        ask_when(talk, order, "order.move_when", what=orders.name_of(talk, order))
        return True
    if (said := _instead_of_its_day(talk, order)) is None and (said := _time_offered(talk)) is None:
        return False
    talk.memory.pending, talk.understood = None, True
    if said.day_said and not order.wanted.recurrence and not _gives_up_its_day(talk, order):
        orders.which(talk, "reschedule", [order], said)
    else:
        move(talk, order, said)
    return True


def _instead_of_its_day(talk: Talk, order: Order) -> WantedTime | None:
    """«明天不行，我妈要去复查，后天上午吧»: its own day is given up with a reason, another one is named."""
    said = last_time(talk.slots("time"))
    if said is None or not said.iso or not said.day_said or said.recurrence or said.conflict:
        return None
    other = said.iso[: times.DAY] != (order.wanted.iso or "")[: times.DAY]
    return said if other and _gives_up_its_day(talk, order) else None


def _gives_up_its_day(talk: Talk, order: Order) -> bool:
    """Whether a part of the sentence says that the day of the order does not suit."""
    for part in clauses(talk.text):
        if cues.says("not_then", part.text):
            day = cues.before("not_then", part.text)
            said = talk.read(day, expecting=Asks.TIME)
            if any(orders.is_of_day(order, slot) for slot in said.filled("time")):
                return True
    return False


def _time_offered(talk: Talk) -> WantedTime | None:
    """A mere time, or one that is asked for politely; what stands behind it is the reason."""
    head = cues.before("pause_in_speech", talk.text)
    slots = talk.slots("time")
    asked = cues.says("may_it", talk.text) or cues.says("come_then", head)
    if cues.says("away", talk.text) or any(cues.says("wait", slot.text) for slot in slots):
        return None
    told = talk.heard.has("inform") or not talk.heard.sure
    if head != talk.text and told and (first := _only_time(talk, head)):
        return first
    if talk.requests() or len(talk.text) > SHORT or {slot.slot for slot in talk.heard.slots} - {"time"}:
        return None
    slots = slots or (_times_looked_for(talk) if asked else ())
    answers = talk.pending is not None and talk.pending.kind == "anything_else" and talk.heard.has("inform")
    usual = answers and talk.heard.sure and not cues.says("question", talk.text)
    return _definite(slots) if asked or usual else None


def _only_time(talk: Talk, head: str) -> WantedTime | None:
    """The time that is all there is in the first words of the sentence («周四吧», «十点以后来»)."""
    slots = [slot for slot in talk.slots("time") if slot.end <= len(head)]
    mere = slots and len(head) - len(slots[0].text) <= PARTICLES
    return _definite(slots) if mere else None


def _definite(slots: Sequence[Slot]) -> WantedTime | None:
    said = slots[0].resolved if len(slots) == 1 else None
    if not isinstance(said, WantedTime) or not said.iso or said.conflict or said.recurrence:
        return None
    return said


def away(talk: Talk) -> bool:
    """«后天我不在家», said of the day of an order that stands or right after one was placed: it must move."""
    order = _is_away_then(talk)
    if order is None:
        return False
    ask_when(talk, order, "order.move_when", what=orders.name_of(talk, order))
    talk.understood = True
    return True


def _is_away_then(talk: Talk) -> Order | None:
    if talk.form is not None or not cues.says("away", talk.text):
        return None
    if talk.requests() and (not cues.says("away_for", talk.text) or len(talk.text) > SHORT):
        return None
    if any(talk.heard.has(name) for name in (*ABOUT_ORDERS, "emergency")):
        return None
    fitting = orders.fitting(talk, orders.open_orders(talk))
    if not talk.slots("time"):
        fitting = [order for order in fitting if order.number in talk.memory.orders[-1:]]
    elif not any(orders.is_of_day(fitting[0], slot) for slot in talk.slots("time") if fitting):
        return None
    return fitting[0] if len(fitting) == 1 else None


def _new_time(talk: Talk, of: Sequence[Order] = ()) -> WantedTime | None:
    """The time that is wanted now; of the orders' own day it is none, where no hour goes with it («明天我要走亲戚»)."""
    references = [*orders.references(talk), *(slot for slot in talk.slots("time") if _is_given_up(slot, of))]
    new = [slot.resolved for slot in talk.slots("time") if slot not in references]
    if not new:  # «改到晚上»: a part of the day is a time when a time is looked for
        known = {(slot.start, slot.end) for slot in references}
        new = [slot.resolved for slot in _times_looked_for(talk) if (slot.start, slot.end) not in known]
    said = [one for one in new if isinstance(one, WantedTime) and (one.iso or one.asap or one.conflict)]
    return _day_and_hour(said)


def _is_given_up(slot: Slot, of: Sequence[Order]) -> bool:
    said = slot.resolved
    mere_day = isinstance(said, WantedTime) and not said.clock_said
    return mere_day and len(of) == 1 and orders.is_once(of[0]) and orders.is_of_day(of[0], slot)


def _day_and_hour(said: Sequence[WantedTime]) -> WantedTime | None:
    """«改礼拜天吧，还是九点»: the last of the times that were said, with the day said before it."""
    if len(said) > 1 and said[-1].iso and not said[-1].day_said and said[-2].iso and said[-2].day_said:
        return replace(said[-1], iso=times.at_clock(said[-2].iso[: times.DAY], said[-1].iso), day_said=True)
    return said[-1] if said else None


def _times_looked_for(talk: Talk) -> tuple[Slot, ...]:
    return talk.read(talk.text, expecting=Asks.TIME).filled("time")


def move(talk: Talk, order: Order, said: WantedTime | None) -> None:
    """Give the order its new time; ask for it when none was said, or when what was said can not be."""
    if said and not said.conflict and _changes_series(order, said):
        _settle_series(talk, order, said)
        return
    if said and order.wanted.recurrence and cues.says("begins_then", talk.text):
        amend.pass_on(talk, order)  # «从下周起改成晚上送»
        return
    if said and orders.is_once(order) and _is_span(said):  # «推到下周»: on which day?
        ask_when(talk, order, "order.move_when", what=orders.name_of(talk, order))
        return
    wanted = times.merged(order.wanted, said) if said and not said.conflict else None
    if said is None and not order.wanted.recurrence:
        wanted = shifted(order.wanted, talk.text)
    if wanted is not None and wanted.recurrence and times.past(wanted, talk.turn.now):
        wanted = from_now(wanted, talk.turn.now)
    if wanted is not None:
        move_to(talk, order, wanted)
    elif said and order.wanted.recurrence:
        amend.pass_on(talk, order)
    elif said:
        ask_when(talk, order, "conflict.past")
    else:
        ask_when(talk, order, "order.move_when", what=orders.name_of(talk, order))


def _is_span(said: WantedTime) -> bool:
    return bool(said.iso) and "/" in (said.iso or "") and "T" not in (said.iso or "")


def from_now(wanted: Wanted, now: datetime) -> Wanted | None:
    """What runs every day already, at its new hour from today or tomorrow on; None for other rhythms."""
    if wanted.recurrence != "FREQ=DAILY" or not wanted.iso:
        return None
    for day in (now.date(), now.date() + timedelta(days=1)):
        later = replace(wanted, iso=times.at_clock(day.isoformat(), wanted.iso))
        if not times.past(later, now):
            return later
    return None


def _changes_series(order: Order, said: WantedTime) -> bool:
    """Whether one day was said of what comes again and again; an hour or another rhythm holds for all its days."""
    return bool(order.wanted.recurrence) and not said.recurrence and said.day_said


def _settle_series(talk: Talk, order: Order, said: WantedTime) -> None:
    """«从后天开始» is its new first day; any other day may be that visit, or the last one: staff settle it."""
    begins = any(cues.says("starts", talk.heard.text[slot.end :]) for slot in talk.slots("time"))
    if begins and said.iso and not cues.says("pauses", talk.text):
        clock = (order.wanted.iso or "")[times.DAY :].split("/")[0]
        iso = said.iso if said.clock_said else said.iso[: times.DAY] + clock
        move_to(talk, order, replace(order.wanted, iso=iso))
    else:
        amend.pass_on(talk, order)


def shifted(wanted: Wanted, text: str) -> Wanted | None:
    """«推迟一小时», «提前两天»: the wanted time, by so much later or earlier; None when nothing of the kind is said."""
    by = cues.shift(text)
    if by is None or not wanted.iso or not is_time(wanted.iso):
        return None
    if any("T" not in part for part in wanted.iso.split("/")) and by % timedelta(days=1):
        return None
    moved = [_later(part, by) for part in wanted.iso.split("/")]
    return replace(wanted, iso="/".join(moved))


def _later(iso: str, by: timedelta) -> str:
    if "T" not in iso:
        return (date.fromisoformat(iso) + by).isoformat()
    return (datetime.fromisoformat(iso) + by).isoformat(timespec="minutes")


def ask_when(talk: Talk, order: Order, key: str, **values: Any) -> None:
    talk.memory.pending = Pending(kind="move_when", numbers=[order.number])
    talk.ask(Asks.TIME, key, **values)


def move_to(talk: Talk, order: Order, wanted: Wanted) -> None:
    """Give the order this time. One that is over, or that nobody can promise yet, is asked for again."""
    if times.past(wanted, talk.turn.now):
        ask_when(talk, order, "conflict.past")
        return
    if wanted == order.wanted:  # nothing would change by it
        ask_when(talk, order, "order.move_when", what=orders.name_of(talk, order))
        return
    if wanted.iso and is_time(wanted.iso) and out_of_reach(wanted.iso, talk.turn.now):
        ask_when(talk, order, "conflict.far")
        return
    talk.commands.append(
        RescheduleOrder(
            number=order.number, at=talk.turn.now, actor="caller", wanted=wanted, reason=talk.text[:200]
        )
    )
    when = phrasing.when(wanted, talk.turn.now, talk.words())
    talk.say("order.moved", what=ask.called(talk, order.item, order.details), when=when)
    orders.touched(talk, order)
    talk.happened.append(f"order_moved:{order.item}")


def answer_which(talk: Talk, pending: Pending, order: Order) -> None:
    """The order whose time is to change was named; the new time was said before, or is said now."""
    if not pending.wanted:
        move(talk, order, _new_time(talk))
        return
    said = Wanted(**pending.wanted)
    if order.wanted.recurrence and not said.recurrence:
        amend.pass_on(talk, order, said=pending.said)
    else:
        move_to(talk, order, said)


def answer_when(talk: Talk, standing: Sequence[Order]) -> bool:
    """The answer to «until when is it to be put off?»."""
    said = last_time(talk.slots("time"))
    if said is None or not standing or not (said.iso or said.asap or said.recurrence or said.conflict):
        return False  # «等天晴了我再打电话» names no day
    talk.memory.pending, talk.understood = None, True
    move(talk, standing[0], said)
    return True


def last_time(slots: Sequence[Slot]) -> WantedTime | None:
    return next((s.resolved for s in reversed(slots) if isinstance(s.resolved, WantedTime)), None)
