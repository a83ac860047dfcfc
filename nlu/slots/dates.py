"""The calendar behind time words: weekdays, months, lunar days, festivals, working days. Pure: today comes in."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import chinese_calendar
from lunardate import LunarDate

DAY = timedelta(days=1)
EVE = "eve"


@dataclass(frozen=True, slots=True)
class Days:
    """A day, or several days in a row, and how they were said."""

    first: date
    last: date
    said: str  # the shape of the words: "day", "weekday", "date", "lunar", "week", ...
    weekday: int | None = None  # 1 Monday … 7 Sunday, when a weekday was said
    each: bool = False  # the first and the last of them, and no day between («周三和周五»)

    @property
    def single(self) -> bool:
        return self.first == self.last


def one(day: date, said: str, weekday: int | None = None) -> Days:
    return Days(day, day, said, weekday)


def weekday_of_week(today: date, weekday: int, weeks: int) -> date:
    """The weekday (1..7) of the week that lies `weeks` after this one; weeks begin on Monday."""
    return today + timedelta(days=weekday - today.isoweekday() + 7 * weeks)


def next_weekday(today: date, weekday: int) -> date:
    """The next such weekday, today included."""
    return today + timedelta(days=(weekday - today.isoweekday()) % 7)


def add_months(year: int, month: int, months: int) -> tuple[int, int]:
    count = year * 12 + month - 1 + months
    return count // 12, count % 12 + 1


def last_of(year: int, month: int) -> int:
    return monthrange(year, month)[1]


def day_in_month(year: int, month: int, day: int) -> date | None:
    """None: there is no such day. Negative days count from the end of the month."""
    if not 1 <= month <= 12:
        return None
    last = last_of(year, month)
    day = last + 1 + day if day < 0 else day
    return date(year, month, day) if 1 <= day <= last else None


def next_day_of_month(today: date, day: int) -> date | None:
    """The next day with this number, today included; months without it are passed over."""
    for months in range(4):
        found = day_in_month(*add_months(today.year, today.month, months), day)
        if found and found >= today:
            return found
    return None


def next_solar(today: date, month: int, day: int) -> date | None:
    """The next such date, today included; 29 February waits for its year."""
    for year in range(today.year, today.year + 9):
        found = day_in_month(year, month, day)
        if found and found >= today:
            return found
    return None


def lunar_day(year: int, month: int, day: int) -> date | None:
    """The solar date of a lunar one, or None when that month has no such day."""
    try:
        found: date = LunarDate(year, month, day).to_solar_date()
        back = LunarDate.from_solar_date(found.year, found.month, found.day)
    except (ValueError, IndexError):
        return None
    return found if (back.month, back.day) == (month, day) else None


def lunar_eve(year: int) -> date:
    """The last day of a lunar year, whether its twelfth month has 29 or 30 days."""
    first: date = LunarDate(year + 1, 1, 1).to_solar_date()
    return first - DAY


def next_lunar(today: date, month: int, day: int | str) -> date | None:
    """The next such lunar day, today included; `day` may be EVE."""
    this_year = LunarDate.from_solar_date(today.year, today.month, today.day).year
    for year in range(this_year, this_year + 3):
        found = lunar_eve(year) if day == EVE else lunar_day(year, month, int(day))
        if found is None and month == 12 and day == 30:
            found = lunar_eve(year)
        if found and found >= today:
            return found
    return None


def next_lunar_day_of_month(today: date, day: int) -> date | None:
    """The next lunar day with this number («初八») in whichever month."""
    for ahead in range(62):
        found = today + timedelta(days=ahead)
        if LunarDate.from_solar_date(found.year, found.month, found.day).day == day:
            return found
    return None


def solar_term(year: int, month: int, constant: float) -> date:
    """The day of a solar term in 2000–2099 by the usual formula [Y·0.2422 + C] − [(Y−1)/4] or, from March on, [Y/4]."""
    short = year % 100
    leap_days = (short - 1) // 4 if month < 3 else short // 4
    return date(year, month, int(short * 0.2422 + constant) - leap_days)


def next_festival(today: date, rule: dict[str, Any]) -> date | None:
    """The next day of a festival described in `lexicon/time.yaml`."""
    if "solar" in rule:
        return next_solar(today, *rule["solar"])
    if "term" in rule:
        month, constant = rule["term"]
        found = solar_term(today.year, month, constant)
        return found if found >= today else solar_term(today.year + 1, month, constant)
    lunar = rule["lunar"]
    return next_lunar(today, 12, EVE) if lunar == EVE else next_lunar(today, *lunar)


def is_workday(day: date) -> bool:
    """Working day by the published holiday calendar; Monday to Friday in years not yet published."""
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.isoweekday() <= 5


def next_workday(day: date) -> date:
    """The first working day after this one."""
    day += DAY
    while not is_workday(day):
        day += DAY
    return day
