"""What a single time word says, seen from the time of the call."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from nlu.slots.dates import (
    DAY,
    Days,
    add_months,
    day_in_month,
    last_of,
    next_day_of_month,
    next_festival,
    next_lunar,
    next_lunar_day_of_month,
    next_solar,
    next_weekday,
    next_workday,
    one,
    weekday_of_week,
)
from nlu.slots.numbers import number
from nlu.slots.time_words import Word, day_offsets, lexicon, part_names

Clock = tuple[int, int]  # hour and minute
BYDAY = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
WEEKEND = 6


@dataclass(frozen=True, slots=True)
class Reading:
    """One of these is set, or two that one word says together («明早»)."""

    days: Days | None = None
    part: str | None = None
    clock: Clock | None = None
    clock_to: Clock | None = None  # «三四点»
    moments: tuple[datetime, datetime] | None = None  # counted from now; equal ones are a point
    recurrence: str | None = None
    by_hours: tuple[int, ...] = ()
    asap: bool = False
    vague: bool = False
    past: bool = False  # in the past by its meaning («昨天», «上礼拜»)
    open_day: bool = False  # a day that has to be asked back («古尔邦节»)
    no_such_day: str | None = None
    shift: str | None = None  # an ISO 8601 duration by which an appointment is to move: "+P2D", "-PT30M"


def as_number(text: str | None) -> int:
    return number(text or "") or 0


def weekday_numbers(text: str) -> list[int]:
    values = lexicon()["weekdays"]
    return [int(values[letter]) for letter in text if letter in values]


def _day(word: Word, now: datetime) -> Reading:
    offset = day_offsets()[word.found["day"]]
    return Reading(days=one(now.date() + offset * DAY, "day"), past=offset < 0)


def _short_day(word: Word, now: datetime) -> Reading:
    words = lexicon()
    offset = int(words["short_days"][word.found["short_day"]])
    part = str(words["short_parts"][word.found["short_part"]])
    return Reading(days=one(now.date() + offset * DAY, "day"), part=part, past=offset < 0)


def _part(word: Word, now: datetime) -> Reading:
    return Reading(part=part_names()[word.found["part"]])


def _past(word: Word, now: datetime) -> Reading:
    return Reading(past=True)


def _clock(word: Word, now: datetime) -> Reading | None:
    found = word.found
    hour = as_number(found["hour"])
    minute = as_number(found.get("minutes") or found.get("bare_minutes"))
    if "half" in found:
        minute = 30
    elif "quarters" in found:
        minute = 15 * as_number(found["quarters"])
    return Reading(clock=(hour, minute)) if hour <= 24 and minute < 60 else None


def _colon(word: Word, now: datetime) -> Reading:
    return Reading(clock=(int(word.found["colon_h"]), int(word.found["colon_m"])))


def _short_of(word: Word, now: datetime) -> Reading | None:
    hour, minutes = as_number(word.found["short_hour"]), as_number(word.found["short_of"])
    return Reading(clock=(hour - 1, 60 - minutes)) if 0 < hour <= 24 and 0 < minutes < 60 else None


def _about_clock(word: Word, now: datetime) -> Reading | None:
    tens = as_number(word.found.get("about_tens"))
    first, second = as_number(word.found["about_a"]), as_number(word.found["about_b"])
    if first == 10 and not tens:  # «十二点» is twelve
        return Reading(clock=(10 + second, 0))
    if second != first + 1:
        return None
    return Reading(clock=(tens + first, 0), clock_to=(tens + second, 0))


def _weekday(word: Word, now: datetime) -> Reading:
    wanted = weekday_numbers(word.found["weekday"])[0]
    return Reading(days=one(next_weekday(now.date(), wanted), "weekday", wanted))


def _friday(word: Word, now: datetime) -> Reading:
    return Reading(days=one(next_weekday(now.date(), 5), "weekday", 5))


def _weekend(word: Word, now: datetime) -> Reading:
    sunday = next_weekday(now.date(), 7)
    return Reading(days=Days(max(now.date(), sunday - DAY), sunday, "weekend"))


def _week(word: Word, now: datetime) -> Reading:
    weeks = int(lexicon()["weeks"][word.found["week_which"]])
    today = now.date()
    said = word.found.get("week_day")
    if not said:
        first = weekday_of_week(today, 1, weeks)
        return Reading(days=Days(max(first, today), first + 6 * DAY, "week"), past=weeks < 0)
    days = weekday_numbers(said + word.found.get("week_list", ""))
    if not days:
        saturday = weekday_of_week(today, WEEKEND, weeks)
        return Reading(days=Days(saturday, saturday + DAY, "weekend"), past=weeks < 0)
    first, last = (weekday_of_week(today, weekday, weeks) for weekday in (days[0], days[-1]))
    return Reading(days=Days(first, max(first, last), "this_week", days[0]), past=weeks < 0)


def _date(month: int, day: int, now: datetime) -> Reading:
    found = next_solar(now.date(), month, day)
    return Reading(days=one(found, "date")) if found else Reading(no_such_day=f"{month:02d}-{day:02d}")


def _solar(word: Word, now: datetime) -> Reading:
    return _date(as_number(word.found["month"]), as_number(word.found["month_day"]), now)


def _short_solar(word: Word, now: datetime) -> Reading:
    return _date(int(word.found["dot_month"]), int(word.found["dot_day"]), now)


def _iso_date(word: Word, now: datetime) -> Reading:
    year, month, day = int(word.text[:4]), int(word.found["iso_month"]), int(word.found["iso_day"])
    found = day_in_month(year, month, day)
    if found is None:
        return Reading(no_such_day=f"{year}-{month:02d}-{day:02d}")
    return Reading(days=one(found, "date"), past=found < now.date())


def _month_day(word: Word, now: datetime) -> Reading:
    day = as_number(word.found["day_of_month"])
    found = next_day_of_month(now.date(), day) if day else None
    if found is None:
        return Reading(no_such_day=f"{day:02d}")
    more = word.found.get("more_days")
    last = next_day_of_month(now.date(), as_number(re.sub(r"\D", "", more) or more[1:-1])) if more else None
    return Reading(days=Days(found, max(found, last or found), "date"))


def _month_word(word: Word, now: datetime) -> Reading:
    found, words = word.found, lexicon()
    which = found.get("month_which") or found.get("plain_month") or found.get("whole_month")
    ahead = int(words["months"][which]) if which else 0
    year, month = add_months(now.year, now.month, ahead)
    if "plain_month_day" in found:
        number_said = as_number(found["plain_month_day"])
        day = day_in_month(year, month, number_said)
        missing = f"{year}-{month:02d}-{number_said:02d}"
        return Reading(days=one(day, "date"), past=ahead < 0) if day else Reading(no_such_day=missing)
    begin, end = words["month_parts"][found["month_part"]] if "month_part" in found else (1, -1)
    days = _part_of_month(year, month, begin, end)
    if days.last < now.date() and not which:
        days = _part_of_month(*add_months(year, month, 1), begin, end)
    return Reading(days=Days(max(days.first, now.date()), days.last, "month"), past=ahead < 0)


def _part_of_month(year: int, month: int, begin: int, end: int) -> Days:
    last = last_of(year, month)
    first_day, last_day = (day if day > 0 else last + 1 + day for day in (begin, end))
    return Days(date(year, month, first_day), date(year, month, last_day), "month")


def _only_month(word: Word, now: datetime) -> Reading | None:
    month = as_number(word.found["only_month"])
    if not 1 <= month <= 12:
        return None
    year = now.year + (month < now.month)
    words = lexicon()["month_parts"]
    part = word.found.get("only_month_part")
    begin, end = next((words[name] for name in words if part and name.endswith(part)), (1, -1))
    days = _part_of_month(year, month, begin, end)
    return Reading(days=Days(max(days.first, now.date()), max(days.last, now.date()), "month"))


def _lunar(word: Word, now: datetime) -> Reading | None:
    found = word.found
    said_month = found.get("said_month") or found.get("lunar_month") or found.get("old_month") or ""
    said_day = (found.get("said_day") or found.get("lunar_day") or found.get("old_day") or "").lstrip("初")
    months = lexicon()["lunar_months"]
    month = int(months[said_month]) if said_month in months else as_number(said_month.rstrip("月"))
    day = as_number(said_day) or 30
    if not (1 <= month <= 12 and 1 <= day <= 30):
        return None
    wanted = next_lunar(now.date(), month, day)
    return Reading(days=one(wanted, "lunar")) if wanted else Reading(no_such_day=f"lunar:{month:02d}-{day:02d}")


def _lunar_bare(word: Word, now: datetime) -> Reading | None:
    first = as_number(word.found["bare_lunar"])
    found = next_lunar_day_of_month(now.date(), first)
    if found is None:
        return None
    more = max(0, as_number(word.found.get("lunar_to", "").lstrip("初")) - first)
    return Reading(days=Days(found, found + more * DAY, "lunar"))


def _festival(word: Word, now: datetime) -> Reading | None:
    found = next_festival(now.date(), lexicon()["festivals"][word.text])
    return Reading(days=one(found, "festival")) if found else None


def _announced(word: Word, now: datetime) -> Reading:
    return Reading(open_day=True)


def _span_of(amount: str, unit: str) -> timedelta:
    """«半个小时», «两天», «一刻钟» as a length; «几» is taken for three."""
    size = str(lexicon()["units"][unit])
    length = timedelta(days=int(size[:-1])) if size[-1] == "d" else timedelta(minutes=int(size[:-1]))
    known = {"半": 0.5, "几": 3.0}.get(amount)
    return length * (known if known is not None else as_number(amount))


def _counted(amount: str, unit: str, half: bool, now: datetime) -> Reading | None:
    length = _span_of(amount, unit) + (_span_of("半", unit) if half else timedelta())
    if not timedelta() < length <= timedelta(days=400):
        return None
    if length >= DAY and not length % DAY:
        return Reading(days=one(now.date() + length, "day"))
    return Reading(moments=(now + length, now + length))


def _in_time(word: Word, now: datetime) -> Reading | None:
    return _counted(word.found["in_n"], word.found["in_u"], "in_half" in word.found, now)


def _past_week(word: Word, now: datetime) -> Reading | None:
    return _counted(word.found["over_n"], word.found["over_u"], False, now)


def _within(word: Word, now: datetime) -> Reading | None:
    if "within_n" not in word.found:
        return Reading(days=one(now.date(), "day"))
    length = _span_of(word.found["within_n"], word.found["within_u"])
    if not timedelta() < length <= timedelta(days=400):
        return None
    if length >= DAY:
        return Reading(days=Days(now.date(), now.date() + length, "week"))
    return Reading(moments=(now, now + length))


def _these_days(word: Word, now: datetime) -> Reading:
    said = word.found.get("these", "")
    ahead = {"几": 2, "半": 15}.get(said, as_number(said) - 1 if said else 1)
    return Reading(days=Days(now.date(), now.date() + max(1, ahead) * DAY, "week"))


def _two_days(word: Word, now: datetime) -> Reading:
    return Reading(days=Days(now.date() + DAY, now.date() + 2 * DAY, "week"))


def _every_other(word: Word, now: datetime) -> Reading:
    return Reading(recurrence=f"FREQ=DAILY;INTERVAL={1 + (as_number(word.found.get('every_gap')) or 1)}")


def _shift(word: Word, now: datetime) -> Reading | None:
    """«推迟两天»: counted from an appointment that is not known here, so only how long is told."""
    length = _span_of(word.found["shift_n"], word.found["shift_u"])
    minutes = int(length.total_seconds()) // 60
    if not minutes:
        return None
    size = f"P{minutes // 1440}D" if minutes % 1440 == 0 else f"PT{minutes}M"
    return Reading(vague=True, shift=("-" if "sooner" in word.found else "+") + size)


def _soon(word: Word, now: datetime) -> Reading:
    first, last = lexicon()["soon_minutes"]
    return Reading(moments=(now + timedelta(minutes=first), now + timedelta(minutes=last)))


def _workdays(word: Word, now: datetime) -> Reading:
    if any(which in word.text for which in lexicon()["months"] if which):
        return Reading(days=one(next_workday(now.date()), "date"))
    return Reading(recurrence="FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR")


def _repeated(rule: str) -> Callable[[Word, datetime], Reading]:
    return lambda word, now: Reading(recurrence=rule)


def _every_part(word: Word, now: datetime) -> Reading:
    return Reading(recurrence="FREQ=DAILY", part=str(lexicon()["short_parts"][word.found["every_part"]]))


def _early_clock(word: Word, now: datetime) -> Reading:
    return Reading(part=str(lexicon()["short_parts"][word.found["early_part"]]))


def _early_late(word: Word, now: datetime) -> Reading:
    return Reading(by_hours=(7, 12, 18) if "中" in word.text else (7, 18))


def _by_days(numbers: list[int]) -> Reading:
    return Reading(recurrence="FREQ=WEEKLY;BYDAY=" + ",".join(BYDAY[day - 1] for day in sorted(set(numbers))))


def _every_weekdays(word: Word, now: datetime) -> Reading:
    found = word.found
    return _by_days(weekday_numbers(found.get("each_days") or found.get("bare_days") or found.get("two_days") or found["list_days"]))


def _every_weekday_to(word: Word, now: datetime) -> Reading:
    first, last = weekday_numbers(word.text)[0], weekday_numbers(word.text)[-1]
    return _by_days(list(range(first, max(first, last) + 1)))


def _per_week(word: Word, now: datetime) -> Reading:
    days = lexicon()["per_week_days"].get(as_number(word.found["week_times"])) or []
    if as_number(word.found["week_times"]) == 7:
        return Reading(recurrence="FREQ=DAILY", vague=True)
    return Reading(recurrence=";BYDAY=".join(filter(None, ("FREQ=WEEKLY", ",".join(days)))), vague=True)


def _every_month_days(word: Word, now: datetime) -> Reading:
    days = [as_number(said) for said in re.findall(r"[0-9]+|[一二两三四五六七八九十廿卅]+", word.found["every_days"])]
    return Reading(recurrence="FREQ=MONTHLY;BYMONTHDAY=" + ",".join(str(day) for day in days if 1 <= day <= 31))


def _asap(word: Word, now: datetime) -> Reading:
    return Reading(asap=True)


def _vague(word: Word, now: datetime) -> Reading:
    return Reading(vague=True)


READERS: dict[str, Callable[[Word, datetime], Reading | None]] = {
    "iso_date": _iso_date, "last": _past, "months_ago": _past, "per_day": _repeated("FREQ=DAILY"), "early_late": _early_late,
    "every_month_days": _every_month_days, "every_month": _repeated("FREQ=MONTHLY"),
    "every_two_weeks": _repeated("FREQ=WEEKLY;INTERVAL=2"), "every_weekday_to": _every_weekday_to,
    "every_weekdays": _every_weekdays, "per_week": _per_week, "every_week": _repeated("FREQ=WEEKLY"),
    "every_other": _every_other, "two_days": _two_days, "shift": _shift, "workdays": _workdays, "short_day": _short_day, "day": _day,
    "these_days": _these_days, "within": _within, "past_week": _past_week, "in_time": _in_time, "soon": _soon,
    "week": _week, "weekday": _weekday, "friday": _friday, "weekend": _weekend, "solar": _solar,
    "short_solar": _short_solar, "lunar": _lunar, "festival": _festival, "announced": _announced,
    "lunar_bare": _lunar_bare, "month_word": _month_word, "only_month": _only_month, "month_days": _month_day,
    "clock_word": _short_of, "colon": _colon, "about_clock": _about_clock, "clock": _clock, "part": _part,
    "asap": _asap, "asap_asked": _asap, "vague": _vague, "every_part": _every_part, "early_clock": _early_clock,
}  # fmt: skip


def read(word: Word, now: datetime) -> Reading | None:
    """What the word says; None when it turns out to be no time («二十七点»)."""
    reader = READERS.get(word.shape)
    return reader(word, now) if reader else None
