"""A wanted time as it grows over several turns: the day, the hour and the rhythm are often said one after the other."""

from __future__ import annotations

import re
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from typing import Any

from backend.domain.order import Wanted
from backend.domain.wanted import rule_parts
from bot.dialogue import cues
from bot.dialogue.memory import Form
from nlu.slots.time import ends_there, every_week, hour_on, left_out, next_moon_day, part_told
from nlu.slots.time_reading import BYDAY
from nlu.understanding import Slot, WantedTime

DAY = 10  # characters of a date
MARKS = "[，,。！!？?；; ]"
FOREVER = 0  # `Form.lasting` of what goes on without an end («一直送»)


def is_remark(text: str, slot: Slot) -> bool:
    """«我今天上班，不在家» beside another question: what somebody does then, and no other time for what is arranged."""
    left, behind = re.split(MARKS, text[: slot.start])[-1], text[slot.end :]
    does = (cues.says("doer", left) and cues.says("does_then", behind)) or cues.says("own_plan", behind)
    return does and not cues.says("puts_right", text)


def any_day_at(form: Form, said: WantedTime) -> bool:
    """An hour for what may come on any day."""
    any_day = form.time is not None and form.wanted.iso is None and not form.wanted.recurrence
    return any_day and said.clock_said and not said.day_said


def take_time(form: Form, said: WantedTime, *, by_day: bool = True) -> bool:
    """Put a time into the form. A bare hour keeps the day that was given before, a bare day keeps the hour.

    `by_day`: an hour of several days is one of each of them, and not one within them («下周，上午»).
    """
    if form.time and said.vague and said.iso is None:
        return False  # «明天或者后天都行»: the days count
    if said.conflict:
        form.conflict = said.conflict
        return True
    wanted = merged(form.wanted if form.time else None, said, by_day=by_day)
    form.conflict = None
    if form.time is not None and form.time == asdict(wanted):
        return False
    form.time = asdict(wanted)
    if "time" in form.missing:
        form.missing.remove("time")
    return True


def begin(form: Form, said: WantedTime) -> bool:
    """«每天中午» … «从明天开始»: the rhythm stays, and has a first day."""
    if not said.iso or not said.day_said:
        return False
    day = first_on(form.wanted.recurrence or "", said.iso[:DAY])
    hour = said.iso if "T" in said.iso else form.wanted.iso
    form.time = (form.time or {}) | {"iso": at_clock(day, hour)}
    return True


def first_on(rule: str, day: str) -> str:
    """The first day of a rhythm, that day or after it: of every Monday «从明天开始» it is the Monday to come."""
    named = rule_parts(rule).get("BYDAY", "")
    start = date.fromisoformat(day)
    days = (start + timedelta(days=ahead) for ahead in range(len(BYDAY)))
    return next((each for each in days if not named or BYDAY[each.weekday()] in named), start).isoformat()


def as_series(said: WantedTime, words: str, now: datetime, *, daily: bool, endless: bool) -> WantedTime:
    """«周一到周五» of what comes every day, and days of the week of what goes on, are meant week after week."""
    days = (said.iso or "").split("/")
    span = days[0][:DAY] != days[-1][:DAY]
    ended = said.recurrence is None or "UNTIL" in said.recurrence
    weekdays = cues.says("weekday_first", words)
    if ended and weekdays and (endless or (daily and span)) and (series := every_week(words, now)):
        return at_hour(series, said, now)
    if daily and span and not said.recurrence and cues.says("from_to", words):  # «下周一到周五的午饭»
        until = days[-1][:DAY].replace("-", "")
        return replace(said, iso=days[0], recurrence=f"FREQ=DAILY;UNTIL={until}")
    return said


def at_hour(series: WantedTime, said: WantedTime, now: datetime) -> WantedTime:
    """A rhythm at the hour that was said of its days, from the first of them that is ahead."""
    if series.clock_said or not series.iso or not said.iso or "T" not in said.iso:
        return series
    first = at_clock(series.iso[:DAY], said.iso.split("/")[0])
    if datetime.fromisoformat(first) < now:
        day = date.fromisoformat(first[:DAY]) + timedelta(days=1)
        first = at_clock(first_on(series.recurrence or "", day.isoformat()), first)
    return replace(series, iso=first, clock_said=True)


def lunar_month(said: WantedTime, words: str, now: datetime) -> WantedTime | None:
    """«每个月初一»: every month, from the next such day of the moon on; a rule of the solar year can not say more."""
    if said.recurrence != "FREQ=MONTHLY" or said.iso or (first := next_moon_day(words, now)) is None:
        return None
    return replace(said, iso=first, vague=False)


def in_the_week(before: Wanted, said: WantedTime, words: str) -> WantedTime | None:
    """A day of the week that was named for a week before («下个礼拜» … «礼拜二吧»); None when it is in it already."""
    if (
        not _is_days(before.iso)
        or before.recurrence
        or said.recurrence
        or not cues.says("weekday_first", words)
    ):
        return None
    first, last = (before.iso or "").split("/")
    day = (said.iso or "")[:DAY]
    if not day or "/" in (said.iso or "")[:DAY] or first <= day <= last:
        return None
    meant = first_on(f"BYDAY={BYDAY[date.fromisoformat(day).weekday()]}", first)
    return replace(said, iso=at_clock(meant, said.iso)) if meant <= last else None


def on_that_day(before: Wanted, said: WantedTime, words: str, now: datetime) -> WantedTime | None:
    """An hour for the day that was told before it, in its part of the day: «后天早上空腹» … «七点半» is 07:30."""
    day = (before.iso or "")[:DAY]
    point = said.iso is not None and "/" not in said.iso and said.clock_said
    if not day or not point or said.day_said or said.recurrence or before.recurrence or _is_days(before.iso):
        return None
    hour = hour_on(day, words, part_told(before.iso), now)
    return replace(said, iso=hour) if hour else None


def twice_then(before: Wanted, said: WantedTime, words: str) -> WantedTime | None:
    """«后天», «周六周日», «一个礼拜» … «中午和晚上»: both on each of the days told before, and on no other day."""
    hours = rule_parts(said.recurrence or "").get("BYHOUR")
    if not hours or not before.iso or cues.says("every_day", words) or "UNTIL" in (said.recurrence or ""):
        return None
    days = before.iso.split("/")
    rule = before.recurrence or f"FREQ=DAILY;UNTIL={days[-1][:DAY].replace('-', '')}"
    parts = rule_parts(rule) | {"BYHOUR": hours}
    order = ("FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYHOUR", "UNTIL")
    whole = ";".join(f"{key}={parts[key]}" for key in order if key in parts)
    first = hours.split(",")[0]
    return WantedTime(f"{days[0][:DAY]}T{int(first):02d}:00", recurrence=whole)


def said_already(before: Wanted, said: WantedTime) -> bool:
    """«中午和晚上，明天到周日»: the days that the rhythm has already."""
    until = rule_parts(before.recurrence or "").get("UNTIL", "")
    days = (said.iso or "").replace("-", "").split("/")
    first = (before.iso or "")[:DAY].replace("-", "")
    return _is_days(said.iso) and not said.recurrence and [first, until] == days


def end(form: Form, slot: Slot, said: WantedTime, text: str) -> bool:
    """«送到月底»: the rhythm that was said before gets its last day."""
    rule = form.wanted.recurrence
    if rule is None or said.recurrence or not said.iso or not ends_there(text, slot.start, slot.end):
        return False
    parts = rule_parts(rule) | {"UNTIL": said.iso.split("/")[-1][:DAY].replace("-", "")}
    form.time = (form.time or {}) | {"recurrence": ";".join(f"{key}={value}" for key, value in parts.items())}
    return True


def leave_out(form: Form, slot: Slot, said: WantedTime, text: str) -> bool:
    """«后天不送» of something that comes again and again: the rhythm goes on, and the day is noted."""
    if form.wanted.recurrence is None or said.recurrence or not left_out(text, slot.start, slot.end):
        return False
    if not cues.says("weekday_first", slot.text):
        form.wishes.append(cues.clause(text, slot.start))
    return True


def without_days(form: Form, days: set[int]) -> bool:
    """«礼拜天不送» of something that comes every day: the rhythm goes on without these days of the week (1..7)."""
    wanted, parts = form.wanted, rule_parts(form.wanted.recurrence or "")
    simple = "INTERVAL" not in parts and parts.get("FREQ") in ("DAILY", "WEEKLY")
    named = parts.get("BYDAY", ",".join(BYDAY)).split(",")
    kept = [day for day in named if BYDAY.index(day) + 1 not in days]
    if not simple or not kept or kept == named or (parts["FREQ"] == "WEEKLY" and "BYDAY" not in parts):
        return False
    rest = "".join(f";{key}={value}" for key, value in parts.items() if key not in ("FREQ", "BYDAY"))
    rule = f"FREQ=WEEKLY;BYDAY={','.join(kept)}{rest}"
    iso = wanted.iso and at_clock(first_on(rule, wanted.iso[:DAY]), wanted.iso)
    form.time = asdict(replace(wanted, iso=iso, recurrence=rule))
    return True


def two_days(form: Form, said: WantedTime) -> bool:
    """«明天和后天中午», «周三和周五上午九点»: two days, at the same time."""
    first = form.wanted.iso
    if not first or not said.iso or form.wanted.recurrence or said.recurrence or not said.day_said:
        return False
    day, last = date.fromisoformat(first[:DAY]), date.fromisoformat(said.iso[:DAY])
    if not 0 < (last - day).days < len(BYDAY):
        return False
    by_day = f";BYDAY={BYDAY[day.weekday()]},{BYDAY[last.weekday()]}"
    rule = "FREQ=DAILY" if (last - day).days == 1 else "FREQ=WEEKLY" + by_day
    form.time = asdict(Wanted(iso=at_clock(first[:DAY], said.iso), recurrence=f"{rule};UNTIL={last:%Y%m%d}"))
    return True


def merged(before: Wanted | None, said: WantedTime, *, by_day: bool = True) -> Wanted:
    """A corrected time: what was said now over what was wanted before."""
    if before and (kept := _rhythm_kept(before, said, by_day)):
        return kept
    iso = said.iso
    if before and before.iso and iso and "/" not in before.iso[:10]:
        day, clock = before.iso[:DAY], before.iso[DAY:]
        if not said.day_said and said.clock_said and not before.recurrence:
            iso = at_clock(day, iso)
        elif said.day_said and not said.clock_said and clock.startswith("T") and len(iso) == DAY:
            iso = at_clock(iso, before.iso)
    return Wanted(iso=iso, asap=said.asap and iso is None, recurrence=said.recurrence)


def _rhythm_kept(before: Wanted, said: WantedTime, by_day: bool) -> Wanted | None:
    """A rhythm and its day or hour, or a span of days and its hour, said one after the other belong together."""
    if starts_later(before, said):
        return Wanted(
            iso=at_clock((before.iso or "")[:DAY], said.iso if said.clock_said else before.iso),
            recurrence=said.recurrence,
        )
    if before.recurrence and before.iso and said.iso == before.iso[:DAY] and not said.recurrence:
        return before  # «早上晚上两顿饭都送，明天»: its first day, said again
    only_hour = said.iso and said.clock_said and not said.day_said and not said.recurrence
    if before.recurrence and before.iso and only_hour:
        return Wanted(iso=at_clock(before.iso[:DAY], said.iso), recurrence=before.recurrence)
    if before.recurrence and not before.iso and said.iso and not said.recurrence:
        day = date.fromisoformat(said.iso[:10])
        weekly = before.recurrence == "FREQ=WEEKLY" and said.day_said
        rule = f"FREQ=WEEKLY;BYDAY={BYDAY[day.weekday()]}" if weekly else before.recurrence
        return Wanted(iso=said.iso, recurrence=rule)
    days, other = (before.iso, said) if _is_days(before.iso) else (said.iso, before)
    if days is None or not _is_days(days) or not other.iso or "T" not in other.iso:
        return None
    parts = rule_parts(other.recurrence or "FREQ=DAILY")
    by_the_day = parts["FREQ"] == "DAILY" and "INTERVAL" not in parts
    if not by_the_day or (other is said and said.day_said and not said.recurrence):
        return None
    first, last = days.split("/")
    if not by_day and other.recurrence is None:
        return Wanted(
            iso=f"{at_clock(first, other.iso).split('/')[0]}/{at_clock(last, other.iso).split('/')[-1]}"
        )
    hours = f";BYHOUR={parts['BYHOUR']}" if "BYHOUR" in parts else ""
    return Wanted(
        iso=at_clock(first, other.iso), recurrence=f"FREQ=DAILY{hours};UNTIL={last.replace('-', '')}"
    )


def starts_later(before: Wanted, said: WantedTime) -> bool:
    """«从下周一开始» … «每天中午»: the rhythm begins on the day that was said before it."""
    one_day = before.iso is not None and not before.recurrence and not _is_days(before.iso)
    ahead = said.recurrence is not None and said.iso is not None and "UNTIL" not in said.recurrence
    return one_day and ahead and (before.iso or "")[:DAY] > (said.iso or "")[:DAY]


def at_clock(day: str, iso: str | None) -> str:
    """That day at the hour, or from hour to hour, of `iso`."""
    if iso is None or "T" not in iso:
        return day
    begin, *end = iso.split("/")
    if end and end[0][DAY:] < begin[DAY:]:  # over night
        next_day = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
        return f"{day}{begin[DAY:]}/{next_day}{end[0][DAY:]}"
    return "/".join(day + part[DAY:] for part in (iso or "").split("/"))


def _is_days(iso: str | None) -> bool:
    """Whether it is a span of whole days («下周一到周五»)."""
    return iso is not None and "/" in iso and "T" not in iso


def whole(form: Form) -> Wanted:
    """The wanted time with its end: «订一个月的午饭» is every day of a month, «每周一次，先订两个月» ends after two."""
    wanted = form.wanted
    if form.hour and wanted.iso and "T" not in wanted.iso and "BYHOUR" not in (wanted.recurrence or ""):
        wanted = replace(wanted, iso="/".join(f"{day}T{form.hour}" for day in wanted.iso.split("/")))
    if form.lasting is None or wanted.iso is None or "UNTIL" in (wanted.recurrence or ""):
        return wanted
    if form.lasting == FOREVER:
        return replace(wanted, recurrence=wanted.recurrence or "FREQ=DAILY")
    if _is_days(wanted.iso):
        return wanted  # «周末照看两天»
    last = date.fromisoformat(wanted.iso[:DAY]) + timedelta(days=form.lasting - 1)
    return replace(wanted, recurrence=f"{wanted.recurrence or 'FREQ=DAILY'};UNTIL={last:%Y%m%d}")


def for_hours(wanted: Wanted) -> bool:
    """Whether it is from an hour to an hour of one day, as told («早上八点到下午六点»), or all day, and no part of it."""
    begin, _, end = (wanted.iso or "").partition("/")
    return "T" in begin and begin[:DAY] == end[:DAY] and part_told(wanted.iso) in (None, "daytime")


def weekly(form: Form) -> bool:
    """Whether it comes week after week: a day of the week said besides is one of every week."""
    rule = form.wanted.recurrence or ""
    return rule.startswith("FREQ=WEEKLY") and "INTERVAL" not in rule and "UNTIL" not in rule


def lacks_day(form: Form) -> bool:
    """«每个礼拜来一回»: how often is known, and not on which day."""
    return bool(form.wanted.recurrence) and form.wanted.iso is None


def past(wanted: Wanted, now: datetime) -> bool:
    """Whether a wanted time lies before the call."""
    end = wanted.ends
    if end is None:
        return False
    return datetime.fromisoformat(end) < now if "T" in end else date.fromisoformat(end) < now.date()


def as_wanted(said: WantedTime) -> dict[str, Any]:
    return asdict(Wanted(iso=said.iso, asap=said.asap, recurrence=said.recurrence))
