"""What may be written as a wanted time, and how far from now it may lie."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.order import Move, State, Wanted
from backend.domain.payload import PayloadError, check_payload
from backend.domain.wanted import is_rule, is_time, moments, out_of_reach

NOW = datetime(2026, 11, 24, 10, 0)


@pytest.mark.parametrize(
    "iso",
    [
        "2026-11-24", "2026-11-24T12:00", "2026-11-24T12:00:30", "2026-11-24T14:00/2026-11-24T18:00",
        "2026-11-24/2026-11-27",
    ],
)  # fmt: skip
def test_days_moments_and_ranges_are_times(iso: str) -> None:
    assert is_time(iso)


@pytest.mark.parametrize(
    "iso",
    [
        "2026-W48", "2026-W48T12:00", "20261124", "20261124T1200", "2026-11-24 12:00", "2026-11-24T12", "2026-11-24T24:00",
        "2026-11-24T12:00Z", "2026-11-24T12:00+08:00", "2026-11-24T12:00:00.5", "2026-13-01", "2026-02-30", "2026-11-24\n",
        "２０２６-11-24", "2026-11-27/2026-11-24", "2026-11-24/2026-11-25/2026-11-26", "/2026-11-24", "", "明天", None, 7,
    ],
)  # fmt: skip
def test_nothing_else_is_a_time(iso: object) -> None:
    assert not is_time(iso)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY", "FREQ=DAILY;INTERVAL=99", "FREQ=WEEKLY", "FREQ=WEEKLY;BYDAY=MO,WE,FR", "FREQ=WEEKLY;INTERVAL=2",
        "FREQ=MONTHLY", "FREQ=MONTHLY;BYMONTHDAY=1,15", "FREQ=DAILY;BYHOUR=7,12,18", "FREQ=DAILY;UNTIL=20261130",
    ],
)  # fmt: skip
def test_the_rhythms_that_are_understood_are_rules(rule: str) -> None:
    assert is_rule(rule)


@pytest.mark.parametrize(
    "rule",
    [
        "x", "", "DAILY", "FREQ=HOURLY", "FREQ=WEEKLY;INTERVAL=²", "FREQ=WEEKLY;INTERVAL=0", "FREQ=WEEKLY;BYDAY=", "INTERVAL=2",
        "FREQ=WEEKLY;BYDAY=XX", "FREQ=WEEKLY;FREQ=DAILY", "FREQ=MONTHLY;BYMONTHDAY=32", "FREQ=MONTHLY;BYMONTHDAY=",
        "FREQ=DAILY;BYHOUR=24", "FREQ=DAILY;UNTIL=20260230", "FREQ=DAILY;UNTIL=明天", "FREQ=DAILY;", "FREQ=DAILY;COUNT=3", None, 1,
    ],
)  # fmt: skip
def test_nothing_else_is_a_rule(rule: object) -> None:
    assert not is_rule(rule)


@pytest.mark.parametrize(
    "iso", ["2026-11-23", "2026-11-24T09:00", "2028-11-24T23:59", "2026-11-23/2028-11-24"]
)
def test_from_yesterday_to_two_years_ahead_can_be_wanted(iso: str) -> None:
    assert out_of_reach(iso, NOW) is None


@pytest.mark.parametrize(
    "iso", ["0001-01-01", "2026-11-22T23:59", "2028-11-25", "9999-12-31", "2026-11-24/9999-12-31"]
)
def test_what_lies_too_far_is_refused_with_what_is_possible(iso: str) -> None:
    assert out_of_reach(iso, NOW) == "must lie between 2026-11-23 and 2028-11-24"
    with pytest.raises(PayloadError, match="2026-11-23 and 2028-11-24"):
        check_payload(Move.RESCHEDULE, State.PLACED, {"iso": iso}, at=NOW)


@given(st.text(alphabet="0123456789-T:/W ²", max_size=40))
def test_whatever_is_written_it_is_a_time_or_has_none(text: str) -> None:
    wanted = Wanted(text)
    assert (wanted.begins is None) == (wanted.ends is None) == (not is_time(text))
    if is_time(text):
        first, last = moments(text)
        assert first <= last
