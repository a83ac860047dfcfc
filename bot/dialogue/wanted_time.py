"""The time a sentence gives a request, beside what is said of its days, its end and its hurry."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

from backend.domain.order import Wanted
from bot.dialogue import cues, notes, times
from bot.dialogue.memory import Form
from bot.dialogue.talk import Talk
from bot.dialogue.turn import Asks
from nlu.slots.time import days_left_out, left_out, meal_hour
from nlu.understanding import Slot, WantedTime

SHORT_TEXT = 24  # characters


def take_time(talk: Talk, form: Form, slot: Slot) -> bool:
    said = slot.resolved
    if not isinstance(said, WantedTime) or cues.says("wait", slot.text):
        return False
    if said.recurrence and cues.says("free_then", talk.heard.text[slot.end :]):
        return False  # «哪天都行，我天天在家»
    text = talk.heard.text
    if form.time and talk.memory.asking != Asks.TIME and times.is_remark(text, slot):
        notes.note(form, cues.clause(text, slot.start))
        if talk.memory.asking != Asks.CONFIRM:
            talk.say("taken_down")
        talk.understood = True
        return False
    if len(talk.slots("time")) > 1 and talk.memory.asking and cues.says("reason_then", text[slot.end :]):
        return False  # «后天吧，明天我女子要来»
    if form.time and not said.day_said and cues.says("and_then_too", text[slot.end :]):
        notes.note(form, cues.clause(text, slot.start))
        talk.understood = True
        return False  # «晚上也要»
    if form.time and (day := times.in_the_week(form.wanted, said, slot.text)):
        said = day  # «下个礼拜» … «礼拜二吧»
    if form.time and (hour := times.on_that_day(form.wanted, said, slot.text, talk.turn.now)):
        said = hour
    if form.time and times.said_already(form.wanted, said):
        return False
    if form.time and form.lasting is None and (twice := times.twice_then(form.wanted, said, slot.text)):
        form.time = asdict(Wanted(iso=twice.iso, recurrence=twice.recurrence))
        return True
    if form.time and form.wanted.recurrence and cues.says("starts", text[slot.end :]):
        return times.begin(form, said)
    if not form.wanted.recurrence and left_out(text, slot.start, slot.end):
        return False
    if times.end(form, slot, said, text) or times.leave_out(form, slot, said, text):
        return True
    if _other_job(talk, form, slot, said):
        return True
    said = times.as_series(
        said, slot.text, talk.turn.now,
        daily=talk.rules.catalogue[form.item].daily and not cues.says("those_days", text[slot.end :]),
        endless=form.lasting == times.FOREVER or cues.says("goes_on", text) or times.weekly(form),
    )  # fmt: skip
    if cues.says("and_also", talk.heard.text[: slot.start]) and times.two_days(form, said):
        return True
    if (lunar := times.lunar_month(said, slot.text, talk.turn.now)) and slot.text not in form.wishes:
        said = lunar
        form.wishes.append(slot.text)
    if times.any_day_at(form, said) and cues.says("any", text):
        notes.note(form, cues.clause(text, slot.start))  # «都可以，最好上午»
        return False
    if said.recurrence in ("FREQ=MONTHLY", "FREQ=WEEKLY") and cues.says("more_than_once", slot.text):
        notes.note(form, slot.text)  # «一个月两回»: a rule can not say it
    by_day = talk.rules.catalogue[form.item].daily
    if cues.says("times_a_day", slot.text):
        notes.note(form, slot.text)  # «一天两次»: at what hours is settled with whoever comes
    if not times.take_time(form, said, by_day=by_day or cues.says("from_to", slot.text)):
        return False
    if said.vague and said.iso is None and not said.recurrence and cues.says("condition", slot.text):
        form.wishes.append(slot.text)  # «等我闺女来了再说»
    if (
        said.vague and said.iso is None and not said.recurrence
    ):  # «啥时候都行» holds for what else was asked for, too
        for other in talk.memory.forms:
            other.time = other.time or dict(form.time or {})
    if talk.memory.asking == Asks.TIME:  # asked for two people at once, it is answered for both
        for other in talk.memory.forms:
            if other.item == form.item and other.time is None:
                other.time = dict(form.time or {})
    return True


def _other_job(talk: Talk, form: Form, slot: Slot, said: WantedTime) -> bool:
    """«指甲就明天剪» beside what comes every morning: a second job of the same request with a rhythm of its own, kept in
    their words."""
    if form.time is None or form.wanted.iso is None or bool(said.recurrence) == bool(form.wanted.recurrence):
        return False
    clause = cues.clause(talk.heard.text, slot.start)
    things = [slot.text for slot in talk.slots("detail")] + form.details
    mine = {cues.thing(one) for one in things}
    named = {one for one in mine if one[-2:] in clause}
    if not named or named == mine or clause in form.wishes:
        return False
    form.wishes.append(clause)
    return True


def take_rhythm(talk: Talk, form: Form) -> set[str]:
    """What no slot gives of the time: how long it goes on, which meal it is, which days not. Returns what changed."""
    changed = set()
    if (days := _lasting(talk, form)) is not None:
        changed |= {"time"} if form.lasting != days and form.time else set()
        form.lasting = days
    if talk.rules.catalogue[form.item].daily:
        form.hour = meal_hour(cues.without_all("no_such_meal", talk.text)) or form.hour
    if _next_meal(talk, form):
        changed.add("time")
    for cue in ("would_do_else", "own_time"):
        if talk.memory.asking == Asks.TIME and (aside := cues.part(cue, talk.text)):
            notes.note(form, aside)  # «什么时候都行，工作日», «我女子三点下班»
            talk.understood = True
    out = days_left_out(talk.text, talk.turn.now)
    if out and form.lasting == times.FOREVER and form.wanted.iso and not form.wanted.recurrence:
        form.time = asdict(times.whole(form))  # «从下周一开始，周末不要»
    if form.wanted.recurrence and times.without_days(form, out):
        changed.add("time")
    elif talk.memory.asking in (Asks.TIME, Asks.CONFIRM) and cues.says("rules_out", talk.text):
        known = len(form.wishes)
        notes.note(form, talk.text)  # «除了周三都行», «别太早»
        changed |= {"wish"} if talk.memory.asking == Asks.CONFIRM and len(form.wishes) > known else set()
    if (rhythm := cues.part("told_rhythm", talk.text)) and not form.wanted.recurrence:
        notes.note(form, rhythm)
    if _no_hurry(talk, form) or _with_the_last(talk, form):
        changed.add("time")
    return changed


def _next_meal(talk: Talk, form: Form) -> bool:
    """«早饭» to «when?»: the next one there is."""
    asked = talk.memory.asking == Asks.TIME and form.time is None and not talk.slots("time")
    if not asked or form.hour is None or not cues.says("only_meal", talk.text):
        return False
    now = talk.turn.now
    day = now.date() + timedelta(days=form.hour <= f"{now:%H:%M}")
    form.time = asdict(Wanted(iso=f"{day}T{form.hour}"))
    return True


def _with_the_last(talk: Talk, form: Form) -> bool:
    """«跟换药一起送来就行»: the time, and where nothing else was told the place, of what was ordered just before."""
    order = talk.order(talk.memory.orders[-1]) if talk.memory.orders else None
    known = any(isinstance(slot.resolved, WantedTime) and slot.resolved.iso for slot in talk.slots("time"))
    asked = talk.memory.asking == Asks.TIME and not (form.wanted.iso or form.wanted.asap)
    if not asked or order is None or not cues.says("with_that", talk.text) or known:
        return False
    form.time = asdict(order.wanted)
    if form.beneficiary in (None, order.beneficiary):
        form.place = form.place or order.place
    notes.note(form, talk.text)
    return True


def _lasting(talk: Talk, form: Form) -> int | None:
    """For how many days it is to come, day after day; `times.FOREVER` when no end is told."""
    every_day = cues.says("day_after_day", talk.text)
    by_the_day = talk.rules.catalogue[form.item].daily or every_day or form.lasting == times.FOREVER
    if form.lasting is None and cues.says("begins_on_a_day", talk.text) and times.for_hours(form.wanted):
        return cues.lasting(talk.text) or times.FOREVER  # «从下周一开始，早上八点到下午六点»
    days = cues.lasting(talk.text) if by_the_day or form.wanted.recurrence else None
    if (
        days is None
        and form.lasting is None
        and by_the_day
        and (every_day or cues.says("goes_on", talk.text) or cues.says("begins", talk.text))
    ):
        return times.FOREVER
    return days or cues.staying(talk.text)


def _no_hurry(talk: Talk, form: Form) -> bool:
    """«不急，过了这阵子来修» of what is else done as soon as possible."""
    item = talk.rules.catalogue[form.item]
    if form.time is not None or item.default_time != "asap" or not cues.says("no_hurry", talk.text):
        return False
    form.time = asdict(Wanted())
    form.wishes.append(talk.text if len(talk.text) <= SHORT_TEXT else cues.clause(talk.text, 0))
    return True
