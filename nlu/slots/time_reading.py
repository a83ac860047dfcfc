"""What a single time word says, seen from the time of the call: clock times, lengths, rhythms; days are in `time_days`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from nlu.slots.dates import DAY, Days, next_workday, one
from nlu.slots.time_days import DAY_READERS
from nlu.slots.time_words import Reading, Word, as_number, lexicon, part_names, weekday_numbers

BYDAY = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MEALS = (7, 12, 18)  # hours of three a day
TWO_MEALS = (12, 18)
DAYS_OF_WEEK = 7
WORKDAYS = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
LONGEST_WAIT = timedelta(days=400)


def _part(word: Word, now: datetime) -> Reading:
    return Reading(part=part_names()[word.found["part"]])


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


def _span_of(amount: str, unit: str) -> timedelta:
    """«半个小时», «两天», «一刻钟» as a length; «几» is taken for three."""
    size = str(lexicon()["units"][unit])
    length = timedelta(days=int(size[:-1])) if size[-1] == "d" else timedelta(minutes=int(size[:-1]))
    known = {"半": 0.5, "几": 3.0}.get(amount)
    if len(amount) == 2 and all(0 < as_number(digit) < 10 for digit in amount) and not amount.isdigit():
        amount = amount[0]  # «五六天»
    return length * (known if known is not None else as_number(amount))


def _counted(amount: str, unit: str, half: bool, now: datetime) -> Reading | None:
    length = _span_of(amount, unit) + (_span_of("半", unit) if half else timedelta())
    if not timedelta() < length <= LONGEST_WAIT:
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
    if not timedelta() < length <= LONGEST_WAIT:
        return None
    if length >= DAY:
        return Reading(days=Days(now.date(), now.date() + length, "week"))
    return Reading(moments=(now, now + length))


def _every_other(word: Word, now: datetime) -> Reading:
    """«隔两天» leaves two days out, «每三天» and «三天一次» come every third day."""
    found = word.found
    days = as_number(found.get("every_n") or found.get("once_in")) or 1 + (
        as_number(found.get("every_gap")) or 1
    )
    return Reading(recurrence=f"FREQ=DAILY;INTERVAL={days}")


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
    return Reading(recurrence=WORKDAYS)


def _repeated(rule: str) -> Callable[[Word, datetime], Reading]:
    return lambda word, now: Reading(recurrence=rule)


def _every_part(word: Word, now: datetime) -> Reading:
    return Reading(recurrence="FREQ=DAILY", part=str(lexicon()["short_parts"][word.found["every_part"]]))


def _early_clock(word: Word, now: datetime) -> Reading:
    return Reading(part=str(lexicon()["short_parts"][word.found["early_part"]]))


def _this_hour(word: Word, now: datetime) -> Reading:
    """«明天这会儿»: the hour of the call."""
    return Reading(clock=(now.hour, now.minute))


def _early_late(word: Word, now: datetime) -> Reading:
    hours = {"早": 7, "[中晌]|午饭": 12, "晚|黑": 18}
    return Reading(by_hours=tuple(hour for said, hour in hours.items() if re.search(said, word.text)))


def weekly(days: Iterable[int]) -> str:
    """The rule of these days of the week (1..7)."""
    return "FREQ=WEEKLY;BYDAY=" + ",".join(BYDAY[day - 1] for day in sorted(set(days)))


def _meals_a_day(word: Word, now: datetime) -> Reading:
    hours = _early_late(word, now).by_hours or (TWO_MEALS if re.search("[两二]", word.text) else MEALS)
    return Reading(recurrence="FREQ=DAILY", by_hours=hours)


def _by_days(numbers: list[int]) -> Reading:
    return Reading(recurrence=weekly(numbers))


def _every_weekdays(word: Word, now: datetime) -> Reading:
    found = word.found
    return _by_days(
        weekday_numbers(
            found.get("each_days") or found.get("bare_days") or found.get("two_days") or found["list_days"]
        )
    )


def _every_weekday_to(word: Word, now: datetime) -> Reading:
    first, last = weekday_numbers(word.text)[0], weekday_numbers(word.text)[-1]
    return _by_days(list(range(first, max(first, last) + 1)))


def _per_week(word: Word, now: datetime) -> Reading:
    """«一周两次»: on which days is not told, and never guessed; «一周五天» are the working days."""
    every_day = as_number(word.found["week_times"]) == DAYS_OF_WEEK
    if "working_days" in word.found:
        return Reading(recurrence=WORKDAYS, vague=True)
    return Reading(recurrence="FREQ=DAILY" if every_day else "FREQ=WEEKLY", vague=True)


def _every_month_days(word: Word, now: datetime) -> Reading:
    days = [
        as_number(said)
        for said in re.findall(r"[0-9]+|[一二两三四五六七八九十廿卅]+", word.found["every_days"])
    ]
    return Reading(
        recurrence="FREQ=MONTHLY;BYMONTHDAY=" + ",".join(str(day) for day in days if 1 <= day <= 31)
    )


def _every_month_weekday(word: Word, now: datetime) -> Reading:
    """«每月第一个周六»: the Saturday among the first seven days."""
    first = 7 * (as_number(word.found.get("nth") or "一") - 1) + 1
    days = ",".join(str(day) for day in range(first, first + 7))
    weekday = BYDAY[weekday_numbers(word.found["nth_day"])[0] - 1]
    return Reading(recurrence=f"FREQ=MONTHLY;BYDAY={weekday};BYMONTHDAY={days}")


def _asap(word: Word, now: datetime) -> Reading:
    return Reading(asap=True)


def _vague(word: Word, now: datetime) -> Reading:
    return Reading(vague=True)


READERS: dict[str, Callable[[Word, datetime], Reading | None]] = DAY_READERS | {
    "per_day": _repeated("FREQ=DAILY"), "every_part": _every_part, "meals_a_day": _meals_a_day, "early_late": _early_late, "early_clock": _early_clock, "this_hour": _this_hour,
    "every_month_days": _every_month_days, "every_month_weekday": _every_month_weekday, "every_month": _repeated("FREQ=MONTHLY"),
    "every_quarter": _repeated("FREQ=MONTHLY;INTERVAL=3"), "regular": _repeated("FREQ=WEEKLY"),
    "every_two_weeks": _repeated("FREQ=WEEKLY;INTERVAL=2"), "every_weekday_to": _every_weekday_to,
    "every_weekdays": _every_weekdays, "per_week": _per_week, "every_week": _repeated("FREQ=WEEKLY"),
    "every_other": _every_other, "workdays": _workdays, "within": _within, "past_week": _past_week, "in_time": _in_time,
    "shift": _shift, "soon": _soon, "clock_word": _short_of, "colon": _colon, "about_clock": _about_clock, "clock": _clock,
    "part": _part, "asap_comes": _asap, "asap": _asap, "asap_asked": _asap, "vague": _vague,
}  # fmt: skip


def read(word: Word, now: datetime) -> Reading | None:
    """What the word says; None when it turns out to be no time («二十七点»)."""
    reader = READERS.get(word.shape)
    return reader(word, now) if reader else None
