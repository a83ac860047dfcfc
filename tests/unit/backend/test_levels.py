"""Whose an order is that was reported: the region of each level, and the duty staff bound to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from backend.domain.deadlines import WARNING, Deadline
from backend.domain.order import Order, State, Wanted
from backend.domain.staff import Role, StaffUser
from backend.services.late_orders import Lateness, lateness
from backend.services.levels import on_duty_for, region_of_level

TOWN, COUNTY, CITY, PROVINCE = "64010601", "640106", "640100", "640000"
NOW = datetime(2026, 11, 24, 10, 0)


@pytest.mark.parametrize(
    ("region", "regions"),
    [
        (TOWN, [TOWN, TOWN, COUNTY, CITY]),  # villages are in no list: the town stands for them
        (COUNTY, [COUNTY, COUNTY, COUNTY, CITY]),
        (CITY, [CITY, CITY, CITY, CITY]),
        (PROVINCE, [PROVINCE] * 4),
        (None, [None] * 4),
    ],
)
def test_each_level_is_a_region_around_the_order(region: str | None, regions: list[str | None]) -> None:
    assert [region_of_level(region, level) for level in (1, 2, 3, 4)] == regions
    assert region_of_level(region, 9) == region_of_level(region, 5), (
        "no level above the last one falls off the list"
    )


def uow_with(**regions: str | None) -> Any:
    users = [StaffUser(login, login, Role.DUTY, "", region=region) for login, region in regions.items()]
    return SimpleNamespace(staff=SimpleNamespace(all=lambda: users))


@pytest.mark.parametrize(
    ("region", "staff"),
    [
        (TOWN, ["town"]),
        (COUNTY, ["county"]),
        (CITY, ["anywhere"]),  # nobody is bound to the city or the province
        ("640104", ["anywhere"]),
        (None, ["anywhere"]),
    ],
)
def test_a_level_without_staff_is_answered_for_by_the_next_one_around_it(
    region: str | None, staff: list[str]
) -> None:
    uow = uow_with(town=TOWN, county=COUNTY, anywhere=None, elsewhere="640402")
    assert on_duty_for(region, uow) == staff


def test_where_nobody_answers_for_a_region_all_are_told() -> None:
    assert on_duty_for(COUNTY, uow_with(elsewhere="640402")) == ["elsewhere"]
    assert on_duty_for(COUNTY, uow_with()) == []


def order(**changes: Any) -> Order:
    given: dict[str, Any] = {
        "number": "11240001", "item": "cleaning", "beneficiary": "self", "beneficiary_name": None, "elder_id": None,
        "caller": "1", "wanted": Wanted("2026-11-24"), "place": None, "phone": None, "details": (), "session": "s",
        "placed_at": NOW, "state": State.ROUTED,
    }  # fmt: skip
    return Order(**given | changes)


def clock(minutes: int, level: int, step: str = "accept", *, stopped: bool = False) -> Deadline:
    due = NOW + timedelta(minutes=minutes)
    return Deadline(step, level, due, None if stopped else due, 0 if stopped else None)


def spent(minutes: int, step: str = "accept") -> Deadline:
    """One that has told every level."""
    return replace(clock(minutes, 4, step), next_at=None)


@pytest.mark.parametrize(
    ("clocks", "late"),
    [
        ([clock(30, WARNING)], Lateness()),
        ([clock(30, 1)], Lateness(near=NOW + timedelta(minutes=30))),
        ([clock(30, 1), clock(20, 1, "finish")], Lateness(near=NOW + timedelta(minutes=20))),
        ([clock(0, 1)], Lateness(since=NOW)),
        ([clock(-12, 2), clock(-3, 2, "finish")], Lateness(since=NOW - timedelta(minutes=12))),
        ([clock(-12, 1, stopped=True)], Lateness()),  # waits for papers
        (
            [spent(-12), clock(30, 1, "finish")],
            Lateness(NOW - timedelta(minutes=12), NOW + timedelta(minutes=30)),
        ),
        ([clock(-12, 1, "answer")], Lateness()),  # an offer that ran out is no matter for people
    ],
)
def test_how_late_an_order_is(clocks: list[Deadline], late: Lateness) -> None:
    assert lateness(order(), clocks, NOW) == late


def test_an_order_that_was_reported_says_to_which_level_until_it_is_done() -> None:
    assert [lateness(order(escalation=level), [], NOW).level for level in (0, 1, 3, 4, 9)] == [
        None, "village", "county", "city", "city",
    ]  # fmt: skip
    assert lateness(order(escalation=3, state=State.DONE), [clock(-12, 2)], NOW) == Lateness()


def test_an_order_that_waits_for_papers_is_not_late_though_everybody_was_told() -> None:
    waiting = order(escalation=4, state=State.PAUSED)
    assert lateness(waiting, [spent(-12, "finish")], NOW) == Lateness(level="city")
    assert lateness(order(escalation=4), [spent(-12, "finish")], NOW).since == NOW - timedelta(minutes=12)
