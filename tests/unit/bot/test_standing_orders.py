"""The words by which an order that stands is changed, and what another time makes of its own."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

import config
from backend.domain.order import Order, Wanted
from bot.dialogue import cues
from bot.dialogue.flows import move, orders

MORNING = datetime(2026, 11, 26, 10, 0)


@pytest.mark.parametrize(
    ("text", "by"),
    [
        ("推迟一小时", timedelta(hours=1)),
        ("往后推半个小时", timedelta(minutes=30)),
        ("延后两天", timedelta(days=2)),
        ("提前一个钟头", timedelta(hours=-1)),
        ("早上八点", None),
        ("九点吧", None),
    ],
)
def test_by_how_much_something_is_put_off(text: str, by: timedelta | None) -> None:
    assert cues.shift(text) == by


@pytest.mark.parametrize(
    ("iso", "text", "later"),
    [
        ("2026-11-25T09:00", "推迟一小时", "2026-11-25T10:00"),
        ("2026-11-25T08:00/2026-11-25T12:00", "延后两天", "2026-11-27T08:00/2026-11-27T12:00"),
        ("2026-11-25", "提前一天", "2026-11-24"),
        ("2026-11-25", "推迟一小时", None),
        ("2026-11-25T09:00", "改天再说", None),
    ],
)
def test_a_wanted_time_is_put_off(iso: str, text: str, later: str | None) -> None:
    moved = move.shifted(Wanted(iso=iso), text)
    assert (moved and moved.iso) == later


@pytest.mark.parametrize(
    ("clock", "rule", "first"),
    [
        ("11:30", "FREQ=DAILY", "2026-11-26T11:30"),
        ("09:00", "FREQ=DAILY", "2026-11-27T09:00"),
        ("09:00", "FREQ=WEEKLY;BYDAY=TU", None),
    ],
)
def test_what_runs_every_day_has_its_new_hour_from_the_next_visit_on(
    clock: str, rule: str, first: str | None
) -> None:
    later = move.from_now(Wanted(iso=f"2026-11-24T{clock}", recurrence=rule), MORNING)
    assert (later and later.iso) == first


def test_no_cue_stands_twice_in_the_lexicon() -> None:
    text = (Path(config.__file__).parent / "lexicon" / "replies.yaml").read_text("utf-8")
    names = [line.split(":")[0] for line in text.splitlines() if line[:1].isalpha() and ":" in line]
    assert [name for name, count in Counter(names).items() if count > 1] == []


@pytest.mark.parametrize(
    ("wanted", "due"),
    [
        (Wanted("2026-11-26T09:00"), True),
        (Wanted("2026-11-26T08:00/2026-11-26T12:00"), False),
        (Wanted("2026-11-25"), True),
        (Wanted("2026-11-26"), False),
        (Wanted("2026-11-24T09:30", recurrence="FREQ=DAILY"), True),
        (Wanted("2026-11-24T12:00", recurrence="FREQ=DAILY"), False),
        (Wanted("2026-11-27T09:00", recurrence="FREQ=DAILY"), False),
        (Wanted(), False),
    ],
)
def test_somebody_should_have_come_by_now(wanted: Wanted, due: bool) -> None:
    order = SimpleNamespace(wanted=wanted)
    assert orders.was_due(cast(Order, order), MORNING) is due
