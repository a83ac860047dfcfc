"""Which day a single time word means, seen from the day of the call."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime

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
    one,
    weekday_of_week,
)  # fmt: skip
from nlu.slots.time_words import Reading, Word, as_number, day_offsets, lexicon, weekday_numbers

FRIDAY, SATURDAY, SUNDAY = 5, 6, 7


def _day(word: Word, now: datetime) -> Reading:
    offset = day_offsets()[word.found["day"]]
    return Reading(days=one(now.date() + offset * DAY, "day"), past=offset < 0)


def _short_day(word: Word, now: datetime) -> Reading:
    words = lexicon()
    offset = int(words["short_days"][word.found["short_day"]])
    part = str(words["short_parts"][word.found["short_part"]])
    return Reading(days=one(now.date() + offset * DAY, "day"), part=part, past=offset < 0)


def _past(word: Word, now: datetime) -> Reading:
    return Reading(past=True)


def _weekday(word: Word, now: datetime) -> Reading:
    wanted = weekday_numbers(word.found["weekday"])[0]
    return Reading(days=one(next_weekday(now.date(), wanted), "weekday", wanted))


def _friday(word: Word, now: datetime) -> Reading:
    return Reading(days=one(next_weekday(now.date(), FRIDAY), "weekday", FRIDAY))


def _weekend(word: Word, now: datetime) -> Reading:
    sunday = next_weekday(now.date(), SUNDAY)
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
        saturday = weekday_of_week(today, SATURDAY, weeks)
        return Reading(days=Days(saturday, saturday + DAY, "weekend"), past=weeks < 0)
    first, last = (weekday_of_week(today, weekday, weeks) for weekday in (days[0], days[-1]))
    return Reading(
        days=Days(first, max(first, last), "this_week", days[0], each=len(days) == 2), past=weeks < 0
    )


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


def _near_date(word: Word, now: datetime) -> Reading:
    """«十月二十»: by whichever calendar it comes first, the old one or the new."""
    month, day = as_number(word.found["near_month"]), as_number(word.found["near_day"])
    found = [next_solar(now.date(), month, day)] + ([next_lunar(now.date(), month, day)] if day <= 30 else [])
    ahead = [each for each in found if each]
    return Reading(days=one(min(ahead), "date")) if ahead else Reading(no_such_day=f"{month:02d}-{day:02d}")


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
    return (
        Reading(days=one(wanted, "lunar")) if wanted else Reading(no_such_day=f"lunar:{month:02d}-{day:02d}")
    )


def _lunar_whole(word: Word, now: datetime) -> Reading | None:
    """«腊月里»: from the first of that month of the moon on, to the day before the next one begins."""
    month = int(lexicon()["lunar_months"][word.found["lone_month"]])
    today = now.date()
    running = next_lunar(today, month % 12 + 1, 1)
    first = next_lunar(today, month, 1)
    if running and first and running < first:
        first = today  # it has begun
    if first is None:
        return None
    after = next_lunar(first + DAY, month % 12 + 1, 1)
    return Reading(days=Days(first, after - DAY, "month")) if after else None


def _lunar_alone(word: Word, now: datetime) -> Reading | None:
    found = next_lunar_day_of_month(now.date(), as_number(word.found["lone_lunar"]))
    return Reading(days=one(found, "lunar")) if found else None


def _lunar_bare(word: Word, now: datetime) -> Reading | None:
    first = as_number(word.found["bare_lunar"])
    today = now.date()
    if word.found.get("bare_which", "").startswith("下"):  # not before the next new moon
        today = next_lunar_day_of_month(today + DAY, 1) or today
    found = next_lunar_day_of_month(today, first)
    if found is None:
        return None
    more = max(0, as_number(word.found.get("lunar_to", "").lstrip("初")) - first)
    return Reading(days=Days(found, found + more * DAY, "lunar"))


def _festival(word: Word, now: datetime) -> Reading | None:
    found = next_festival(now.date(), lexicon()["festivals"][word.text])
    return Reading(days=one(found, "festival")) if found else None


def _announced(word: Word, now: datetime) -> Reading:
    return Reading(open_day=True)


def _these_days(word: Word, now: datetime) -> Reading:
    said = word.found.get("these", "")
    ahead = {"几": 2, "半": 15}.get(said, as_number(said) - 1 if said else 1)
    return Reading(days=Days(now.date(), now.date() + max(1, ahead) * DAY, "week"))


def _two_days(word: Word, now: datetime) -> Reading:
    return Reading(days=Days(now.date() + DAY, now.date() + 2 * DAY, "week"))


DAY_READERS: dict[str, Callable[[Word, datetime], Reading | None]] = {
    "iso_date": _iso_date, "last": _past, "months_ago": _past, "short_day": _short_day, "day": _day,
    "these_days": _these_days, "two_days": _two_days, "week": _week, "weekday": _weekday, "friday": _friday,
    "weekend": _weekend, "solar": _solar, "short_solar": _short_solar, "lunar": _lunar, "festival": _festival,
    "announced": _announced, "lunar_bare": _lunar_bare, "month_word": _month_word, "only_month": _only_month,
    "month_days": _month_day, "near_date": _near_date, "lunar_alone": _lunar_alone,
    "lunar_whole": _lunar_whole,
}  # fmt: skip
