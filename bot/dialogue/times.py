"""A wanted time as it grows over several turns: the day, the hour and the rhythm are often said one after the other."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from typing import Any

from backend.domain.order import Wanted
from bot.dialogue.memory import Form
from nlu.understanding import WantedTime

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
DAY = 10  # characters of a date


def take_time(form: Form, said: WantedTime) -> bool:
    """Put a time into the form. A bare hour keeps the day that was given before, a bare day keeps the hour."""
    if form.time and said.vague and said.iso is None:
        return False  # «明天或者后天都行»: the days count
    if said.conflict:
        form.conflict = said.conflict
        return True
    wanted = merged(form.wanted if form.time else None, said)
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
    clock = (form.wanted.iso or "")[10:].split("/")[0]
    form.time = (form.time or {}) | {"iso": said.iso[:10] + (said.iso[10:] or clock)}
    return True


def two_days(form: Form, said: WantedTime) -> bool:
    """«明天和后天中午», «周三和周五上午九点»: two days, at the same time."""
    first = form.wanted.iso
    if not first or not said.iso or form.wanted.recurrence or said.recurrence or not said.day_said:
        return False
    day, last = date.fromisoformat(first[:DAY]), date.fromisoformat(said.iso[:DAY])
    if not 0 < (last - day).days < len(WEEKDAYS):
        return False
    by_day = f";BYDAY={WEEKDAYS[day.weekday()]},{WEEKDAYS[last.weekday()]}"
    rule = "FREQ=DAILY" if (last - day).days == 1 else "FREQ=WEEKLY" + by_day
    form.time = asdict(Wanted(iso=at_clock(first[:DAY], said.iso), recurrence=f"{rule};UNTIL={last:%Y%m%d}"))
    return True


def merged(before: Wanted | None, said: WantedTime) -> Wanted:
    """A corrected time: what was said now over what was wanted before."""
    if before and (kept := _rhythm_kept(before, said)):
        return kept
    iso = said.iso
    if before and before.iso and iso and "/" not in before.iso[:10]:
        day, clock = before.iso[:DAY], before.iso[DAY:]
        if not said.day_said and said.clock_said and not before.recurrence:
            iso = at_clock(day, iso)
        elif said.day_said and not said.clock_said and clock.startswith("T") and len(iso) == DAY:
            iso = at_clock(iso, before.iso)
    return Wanted(iso=iso, asap=said.asap and iso is None, recurrence=said.recurrence)


def _rhythm_kept(before: Wanted, said: WantedTime) -> Wanted | None:
    """A rhythm and its day or hour, or a span of days and its hour, said one after the other belong together."""
    only_hour = said.iso and said.clock_said and not said.day_said and not said.recurrence
    if before.recurrence and before.iso and only_hour:
        return Wanted(iso=at_clock(before.iso[:DAY], said.iso), recurrence=before.recurrence)
    if before.recurrence and not before.iso and said.iso and not said.recurrence:
        day = date.fromisoformat(said.iso[:10])
        weekly = before.recurrence == "FREQ=WEEKLY" and said.day_said
        rule = f"FREQ=WEEKLY;BYDAY={WEEKDAYS[day.weekday()]}" if weekly else before.recurrence
        return Wanted(iso=said.iso, recurrence=rule)
    days, other = (before.iso, said) if _is_days(before.iso) else (said.iso, before)
    if days is None or not _is_days(days) or not other.iso or "T" not in other.iso:
        return None
    by_the_day = other.recurrence in (None, "FREQ=DAILY")
    if not by_the_day or (other is said and said.day_said and not said.recurrence):
        return None
    first, last = days.split("/")
    return Wanted(iso=at_clock(first, other.iso), recurrence=f"FREQ=DAILY;UNTIL={last.replace('-', '')}")


def at_clock(day: str, iso: str | None) -> str:
    """That day at the hour, or from hour to hour, of `iso`."""
    return "/".join(day + part[DAY:] for part in (iso or "").split("/"))


def _is_days(iso: str | None) -> bool:
    """Whether it is a span of whole days («下周一到周五»)."""
    return iso is not None and "/" in iso and "T" not in iso


def whole(form: Form) -> Wanted:
    """The wanted time with its end: «订一个月的午饭» is every day of a month, «每周一次，先订两个月» ends after two."""
    wanted = form.wanted
    if form.lasting is None or wanted.iso is None or "UNTIL" in (wanted.recurrence or ""):
        return wanted
    last = date.fromisoformat(wanted.iso[:DAY]) + timedelta(days=form.lasting - 1)
    return replace(wanted, recurrence=f"{wanted.recurrence or 'FREQ=DAILY'};UNTIL={last:%Y%m%d}")


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
