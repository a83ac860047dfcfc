"""Working time by the Chinese calendar: holidays, and the weekends that are worked in exchange for them. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

import chinese_calendar

ONE_DAY = timedelta(days=1)
SATURDAY = 5
FIRST, LAST = datetime.combine(date.min, time.min), datetime.combine(date.max, time.max)


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """The working hours of working days. `holidays` and `make_up_days` come before what the calendar package knows."""

    hours: tuple[tuple[time, time], ...]
    holidays: frozenset[date] = frozenset()
    make_up_days: frozenset[date] = frozenset()

    def is_workday(self, day: date) -> bool:
        """In a year that is not announced yet (the State Council names the days each November): Monday to Friday, New Year off."""
        if day in self.holidays:
            return False
        if day in self.make_up_days:
            return True
        return _is_worked(day)

    def add(self, start: datetime, span: timedelta) -> datetime:
        """The moment at which `span` of working time has passed since `start`; the last one there is, when the calendar ends before."""
        if span <= timedelta():
            return start
        left = span
        for begin, end in self._shifts(start):
            if left <= end - begin:
                return begin + left
            left -= end - begin
        return LAST

    def subtract(self, end: datetime, span: timedelta) -> datetime:
        """The moment from which `span` of working time passes until `end`; the first one there is, when the calendar begins later."""
        left, day = span, end.date()
        if span <= timedelta():
            return end
        while day > date.min:
            for begin, finish in reversed(self._of(day)):
                until = min(finish, end)
                if until > begin:
                    if left <= until - begin:
                        return until - left
                    left -= until - begin
            day -= ONE_DAY
        return FIRST

    def between(self, start: datetime, end: datetime) -> timedelta:
        """The working time between two moments; nothing when the second comes first."""
        passed = timedelta()
        for begin, finish in self._shifts(start):
            if begin >= end:
                return passed
            passed += min(finish, end) - begin
        return passed

    def _shifts(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """What is left of the shift that runs at `start`, and all that follow."""
        day = start.date()
        while day < date.max:
            for begin, end in self._of(day):
                if end > start:
                    yield max(begin, start), end
            day += ONE_DAY

    def _of(self, day: date) -> list[tuple[datetime, datetime]]:
        if not self.is_workday(day):
            return []
        return [(datetime.combine(day, begin), datetime.combine(day, end)) for begin, end in self.hours]


@lru_cache(1_000)
def _is_worked(day: date) -> bool:
    try:
        return bool(chinese_calendar.is_workday(day))
    except NotImplementedError:
        return day.weekday() < SATURDAY and (day.month, day.day) != (1, 1)
