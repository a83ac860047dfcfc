"""Turns a joined expression into a `WantedTime`: which day, which hour, and what contradicts what."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

from nlu.slots.dates import DAY, Days
from nlu.slots.time_draft import Draft
from nlu.slots.time_reading import BYDAY
from nlu.slots.time_words import Clock, lexicon
from nlu.understanding import WantedTime

Moments = tuple[datetime, datetime]  # equal ones are a point
EARLIEST_BEFORE = timedelta(hours=2)  # «八点以前» begins at least so much before eight
SOONEST = timedelta(minutes=15)  # ranges that begin now are rounded up to this
PART_LEFT = timedelta(hours=1)  # a part of the day with less than this left means tomorrow's
NOON = time(12)
FIRST_SEARCH_DAYS = 400
OPEN_END_DAYS = 6
OPEN_START = ("FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=2", "FREQ=MONTHLY", "FREQ=MONTHLY;INTERVAL=3")


def resolve_draft(draft: Draft, now: datetime) -> WantedTime:
    """The wanted time of one expression."""
    day_said = bool(draft.days or draft.recurrence or draft.open_day or draft.no_such_day)
    clock_said = bool(draft.timed or draft.by_hours or draft.moments)
    if draft.asap:
        return WantedTime(None, asap=True, day_said=False, clock_said=False)
    if draft.open_day:
        return WantedTime(None, vague=True, clock_said=clock_said)
    if draft.moments:
        return WantedTime(_written(draft.moments), day_said=False)
    if draft.no_such_day:
        return WantedTime(None, conflict=f"nodate:{draft.no_such_day}", clock_said=clock_said)
    if draft.recurrence or draft.by_hours:
        return _repeated(draft, now)
    if not draft.days and not draft.timed:
        return WantedTime(None, vague=True, day_said=day_said, clock_said=False)
    days, conflict = _one_day(draft, now)
    if days and days.each and DAY < days.last - days.first < 7 * DAY:
        return _both(draft, days, now)
    iso, over = _placed(draft, days, now)
    if conflict is None and over:
        conflict = f"past:{iso}"
    vague = draft.tail == "after" and not draft.timed
    return WantedTime(iso, conflict=conflict, vague=vague, day_said=day_said, clock_said=clock_said)


# --- which day -------------------------------------------------------------------------------------------------


def _one_day(draft: Draft, now: datetime) -> tuple[Days | None, str | None]:
    """The day or days meant, and the contradiction between two ways of saying it."""
    if not draft.days:
        return None, None
    base = draft.days[0]
    conflict = None
    for other in draft.days[1:]:
        if {base.said, other.said} <= {"weekday", "this_week"}:
            both = base.said == other.said == "weekday" and base.single and not draft.vague
            base = replace(_until(base, other), each=both)  # «周二周四»
        elif base.said == other.said == "day":
            base = Days(min(base.first, other.first), max(base.last, other.last), base.said)
        elif other.said == "weekday":
            conflict = conflict or _weekday_conflict(base, other)
        elif base.said == "weekday":
            base, conflict = other, conflict or _weekday_conflict(other, base)
        elif base.first != other.first and not base.first <= other.first <= base.last:
            conflict = conflict or f"date:{base.first}:{other.first}"
    base = _later_if_over(base, draft, now)
    if draft.to and draft.to.days:
        base = replace(_until(base, draft.to.days[-1]), each=draft.each)
    return base, conflict


def _both(draft: Draft, days: Days, now: datetime) -> WantedTime:
    """«周三和周五»: two days, and none between them."""
    first = replace(days, last=days.first, each=False)
    iso, over = _placed(draft, first, now)
    by_day = ",".join(BYDAY[day.isoweekday() - 1] for day in (days.first, days.last))
    rule = f"FREQ=WEEKLY;BYDAY={by_day};UNTIL={days.last:%Y%m%d}"
    return WantedTime(iso, recurrence=rule, conflict=f"past:{iso}" if over else None, clock_said=draft.timed)


def _weekday_conflict(day: Days, weekday: Days) -> str | None:
    if day.single and day.first.isoweekday() != weekday.weekday:
        return f"weekday:{day.first}:{weekday.weekday}"
    return None


def _later_if_over(days: Days, draft: Draft, now: datetime) -> Days:
    """A weekday said on that very day means the next one when today's time for it is over."""
    if days.said != "weekday" or days.first != now.date() or not days.single:
        return days
    over = _times(draft, days.first)[1] <= now if draft.timed else now.hour >= int(lexicon()["late_hour"])
    return Days(days.first + 7 * DAY, days.last + 7 * DAY, days.said, days.weekday) if over else days


def _until(first: Days, last: Days) -> Days:
    end = last.last
    while end < first.first and last.said in ("weekday", "this_week"):
        end += 7 * DAY
    return Days(first.first, max(end, first.first), first.said)


# --- which hour ------------------------------------------------------------------------------------------------


def _clock_of(text: str) -> Clock:
    hour, minute = text.split(":")
    return int(hour), int(minute)


def _at(day: date, clock: Clock) -> datetime:
    """Midnight and later hours («晚上十二点» as 24) fall on the next day."""
    hour, minute = clock
    return datetime.combine(day + (hour // 24) * DAY, time(hour % 24, minute))


def _hour(clock: Clock, how: str) -> Clock:
    """A clock time as the part of the day reads it: afternoon three is 15."""
    hour, minute = clock
    if hour > 12:
        return clock
    if (
        (how == "noon" and hour <= 3)
        or (how == "afternoon" and hour < 12)
        or (how == "evening" and 4 <= hour < 12)
    ):
        return hour + 12, minute
    if how in ("evening", "night") and (hour == 12 or hour <= 3):
        return (24 if hour == 12 else 24 + hour), minute
    if how == "night" and hour >= 9:
        return hour + 12, minute
    if how == "plain":
        return _natural(clock)[0]
    return clock


def _natural(clock: Clock) -> list[Clock]:
    """The hours a bare clock time may mean, most natural first: 三点 is 15, 八点 is 8, then 20."""
    hour, minute = clock
    if hour > 12 or hour == 0:
        return [clock]
    first, last = lexicon()["natural_hours"]
    both = [(hour, minute), (hour + 12, minute)] if hour < 12 else [(12, minute)]
    inside = [each for each in both if first <= each[0] <= last]
    return inside or both[-1:]


def _times(draft: Draft, day: date) -> Moments:
    """Begin and end on that day; the same for a point."""
    part = lexicon()["parts"].get(draft.part) if draft.part else None
    how = str(part["hours"]) if part else "plain"
    if draft.clock:
        begin = _at(day, _hour(draft.clock, how))
        end = _at(day, _hour(draft.clock_to, how)) if draft.clock_to else begin
    elif part:
        begin, end = (_at(day, _clock_of(str(part.get(key, part.get("at"))))) for key in ("from", "to"))
    else:
        begin, end = _at(day, (0, 0)), _at(day, (23, 59))
    if draft.to and draft.to.timed:
        end = _range_end(draft, draft.to, day, begin)
    return _tail(draft, begin, end)


def hour_of(draft: Draft) -> int:
    """The hour of the day at which it begins."""
    return _times(draft, date.min)[0].hour


def _range_end(draft: Draft, to: Draft, day: date, begin: datetime) -> datetime:
    """The end of «上午九点到十一点» is read in the same part of the day, but never before the beginning."""
    alike = Draft(to.start, to.end, part=to.part or draft.part, clock=to.clock)
    end = _times(alike, day)[1]
    if end <= begin:
        end = _times(Draft(to.start, to.end, part=to.part, clock=to.clock), day)[1]
    while end <= begin and end < begin + DAY:
        end += timedelta(hours=12)
    return end


def _tail(draft: Draft, begin: datetime, end: datetime) -> Moments:
    if draft.tail == "before" and draft.timed:
        opening = _at(begin.date(), _clock_of(str(lexicon()["day_starts"])))
        part = (
            _at(begin.date(), _clock_of(str(lexicon()["parts"][draft.part].get("from", "00:00"))))
            if draft.part
            else opening
        )
        if draft.clock and part.time() >= NOON and part < begin:
            return part, begin  # «下午，五点以前»
        return min(opening, begin - EARLIEST_BEFORE), begin
    if draft.tail == "after" and draft.timed:
        start = begin if draft.clock or begin == end else end
        closing = next((clock for clock in (12, 18, 21) if start.hour < clock), None)
        return start, _at(start.date(), (closing, 0) if closing else (23, 59))
    return begin, end


# --- both together ---------------------------------------------------------------------------------------------


def _placed(draft: Draft, days: Days | None, now: datetime) -> tuple[str, bool]:
    """The ISO form, and whether all of it is over already."""
    if days is None:
        return _written(_from_now(_next_times(draft, now), draft, now)), False
    if draft.timed:
        begin, end = _times(draft, days.first)
        if not days.single:
            last = _times(_ending(draft), days.last)[1]
            return f"{_minute(begin)}/{_minute(last)}", last < now
        return _written(_from_now((begin, end), draft, now)), end < now
    return _day_only(draft, days, now)


def _ending(draft: Draft) -> Draft:
    """What is said of the last day of a range: «明天晚上到后天早上» ends in the morning."""
    to = draft.to
    if to is None or not to.timed:
        return Draft(draft.start, draft.end, part=draft.part, clock=draft.clock, clock_to=draft.clock_to)
    return Draft(to.start, to.end, part=to.part or draft.part, clock=to.clock, clock_to=to.clock_to)


def _day_only(draft: Draft, days: Days, now: datetime) -> tuple[str, bool]:
    today = now.date()
    first, last = days.first, days.last
    if draft.tail == "before":
        last = first - DAY if days.said in ("festival", "lunar") else last
        first = min(today, last)
    elif draft.tail == "after":
        first, last = last + DAY, last + (1 + OPEN_END_DAYS) * DAY
    over = last < today
    return (first.isoformat() if first == last else f"{first}/{last}"), over


def _from_now(moments: Moments, draft: Draft, now: datetime) -> Moments:
    """«三点以前» said at ten begins now, not in the morning."""
    begin, end = moments
    if draft.tail == "before" and begin < now < end:
        begin = min(_rounded(now), end)
    return begin, end


def _rounded(now: datetime) -> datetime:
    over = timedelta(minutes=now.minute % 15, seconds=now.second, microseconds=now.microsecond)
    return now - over + SOONEST if over else now


def _next_times(draft: Draft, now: datetime) -> Moments:
    """The next time of day that fits when no day was said."""
    today = now.date()
    if draft.clock and not draft.part:
        chosen = [
            _times_at(draft, clock, day) for day in (today, today + DAY) for clock in _natural(draft.clock)
        ]
        ahead = 1 if draft.tail == "before" else 0  # «三点以前»: its end is still ahead
        return next((times for times in chosen if times[ahead] > now), chosen[-1])
    times = _times(draft, today)
    enough = timedelta() if draft.clock or times[0] == times[1] else PART_LEFT
    return times if times[1] - now >= enough and times[1] > now - enough else _times(draft, today + DAY)


def _times_at(draft: Draft, clock: Clock, day: date) -> Moments:
    """The draft's times with its clock read as this hour; the end of a range moves along."""
    begin = _at(day, clock)
    if draft.to and draft.to.timed:
        return begin, _range_end(draft, draft.to, day, begin)
    if draft.clock_to:
        return begin, begin + timedelta(hours=draft.clock_to[0] - (draft.clock or clock)[0])
    return _tail(draft, begin, begin)


def _repeated(draft: Draft, now: datetime) -> WantedTime:
    """A recurrence and its first time. A rhythm without days («每周一次») leaves the first day open."""
    rule = draft.recurrence or "FREQ=DAILY"
    if draft.by_hours:
        rule += ";BYHOUR=" + ",".join(map(str, draft.by_hours))
    open_start = rule in OPEN_START
    until = f";UNTIL={draft.until:%Y%m%d}" if draft.until else ""
    clock_said = bool(draft.timed or draft.by_hours)
    if open_start:
        return WantedTime(None, recurrence=rule, vague=True, day_said=False, clock_said=clock_said)
    iso = None
    first = max(now.date(), draft.since or now.date())
    for ahead in range(FIRST_SEARCH_DAYS):
        day = first + ahead * DAY
        if _falls_on(rule, day) and (iso := _first_on(draft, day, now)):
            break
    return WantedTime(iso, recurrence=rule + until, vague=draft.vague, clock_said=clock_said)


def _first_on(draft: Draft, day: date, now: datetime) -> str | None:
    """The first time on that day that is still ahead."""
    if draft.by_hours:
        begin = max(now, _at(day, (draft.from_hour, 0)) - SOONEST if day == draft.since else now)
        ahead = [moment for hour in draft.by_hours if (moment := _at(day, (hour, 0))) > begin]
        return _minute(ahead[0]) if ahead else None
    if draft.timed:
        times = _times(draft, day)
        return _written(times) if times[0] > now else None
    late = day == now.date() and now.hour >= int(lexicon()["late_hour"])
    return None if late else day.isoformat()


def _falls_on(rule: str, day: date) -> bool:
    parts = dict(part.split("=", 1) for part in rule.split(";"))
    on_weekday = "BYDAY" not in parts or BYDAY[day.isoweekday() - 1] in parts["BYDAY"].split(",")
    return on_weekday and ("BYMONTHDAY" not in parts or str(day.day) in parts["BYMONTHDAY"].split(","))


def _minute(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes")


def _written(moments: Moments) -> str:
    begin, end = moments
    return _minute(begin) if begin == end else f"{_minute(begin)}/{_minute(end)}"
