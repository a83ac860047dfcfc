"""Working time by the Chinese calendar."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.working_time import FIRST, LAST, WorkingTime

HOURS = ((time(8, 30), time(12)), (time(14), time(18)))
CALENDAR = WorkingTime(HOURS)
DAY = timedelta(hours=7, minutes=30)


@pytest.mark.parametrize(
    ("start", "span", "end"),
    [
        (datetime(2026, 11, 23, 9), timedelta(hours=1), datetime(2026, 11, 23, 10)),
        (datetime(2026, 11, 23, 11), timedelta(hours=2), datetime(2026, 11, 23, 15)),  # over noon
        (datetime(2026, 11, 23, 12, 30), timedelta(hours=1), datetime(2026, 11, 23, 15)),
        (datetime(2026, 11, 23, 17, 30), timedelta(hours=1), datetime(2026, 11, 24, 9)),
        (datetime(2026, 11, 27, 17, 30), timedelta(hours=1), datetime(2026, 11, 30, 9)),  # over a weekend
        (datetime(2026, 11, 28, 3), timedelta(0), datetime(2026, 11, 28, 3)),
        # National Day 2026: off from 1 to 7 October; Saturday 10 October is worked.
        (datetime(2026, 9, 30, 17), timedelta(hours=2), datetime(2026, 10, 8, 9, 30)),
        (datetime(2026, 10, 9, 17), timedelta(hours=2), datetime(2026, 10, 10, 9, 30)),
        (datetime(2026, 12, 31, 17), timedelta(hours=2), datetime(2027, 1, 4, 9, 30)),  # not announced yet
    ],
)
def test_time_passes_in_working_hours_only(start: datetime, span: timedelta, end: datetime) -> None:
    assert CALENDAR.add(start, span) == end
    assert CALENDAR.between(start, end) == span
    if span:
        assert CALENDAR.subtract(end, span) <= end


def test_a_working_day_is_as_long_as_its_hours() -> None:
    assert CALENDAR.add(datetime(2026, 11, 23, 9), 31 * DAY) == datetime(2027, 1, 6, 9)


def test_what_an_operator_writes_comes_before_the_calendar() -> None:
    calendar = WorkingTime(HOURS, frozenset({date(2027, 1, 4)}), frozenset({date(2027, 1, 2)}))
    assert not calendar.is_workday(date(2027, 1, 4))
    assert calendar.is_workday(date(2027, 1, 2))
    assert not calendar.is_workday(date(2027, 1, 1))


MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 6, 1))


@given(MOMENTS, st.integers(1, 500 * 60))
def test_adding_and_measuring_agree(start: datetime, minutes: int) -> None:
    span = timedelta(minutes=minutes)
    end = CALENDAR.add(start, span)
    assert CALENDAR.between(start, end) == span
    assert CALENDAR.add(CALENDAR.subtract(end, span), span) == end


@pytest.mark.parametrize("minutes", [1, 60 * 24 * 31])
def test_at_the_ends_of_the_calendar_time_stands_still(minutes: int) -> None:
    span = timedelta(minutes=minutes)
    assert CALENDAR.add(datetime(9999, 12, 31, 23), span) == LAST
    assert CALENDAR.subtract(datetime(1, 1, 1, 1), span) == FIRST
    assert CALENDAR.between(datetime(9999, 12, 30), LAST) >= timedelta()


@given(MOMENTS, MOMENTS)
def test_nothing_passes_backwards(a: datetime, b: datetime) -> None:
    assert (CALENDAR.between(a, b) == timedelta()) or a < b
