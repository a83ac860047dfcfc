"""The plan of a day from the orders as they stand, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest

from backend.domain.geography import Position
from backend.domain.order import Move, Wanted
from backend.domain.providers import Provider, Worker
from backend.services.commands import MoveOrder
from backend.services.move_order import move_order
from backend.services.place_order import place_order
from backend.services.plan_day import PlanDay, plan_day
from backend.store.open import Store

from .examples import MOTHER, NOW, place

DAY = date(2026, 11, 24)
PLAN = PlanDay("home_service", "640106", NOW, DAY)


@pytest.fixture
def numbers(store: Store) -> dict[str, str]:
    """Two workers; a lunch promised by one of them at noon, a cleaning some time that day, one on another day."""
    with store.unit_of_work() as uow:
        uow.providers.save(
            [Provider("p1", "one", "home_service", "640106", ("meal", "cleaning"))],
            [
                Worker(code, code, "p1", "640106", ("meal", "cleaning"), position=Position(38.47, 106.22))
                for code in ("ann", "bob")
            ],
        )
        elder = uow.people.save(replace(MOTHER, position=Position(38.48, 106.23)))
        found = {
            name: place_order(
                place(name, item=item, wanted=Wanted(iso), elder_id=elder.id, region="64010603"), uow
            ).number
            for name, item, iso in (
                ("lunch", "meal", "2026-11-24T12:00"), ("clean", "cleaning", "2026-11-24"), ("later", "meal", "2026-11-25"),
            )
        }  # fmt: skip
        move_order(MoveOrder(found["lunch"], Move.ACCEPT, NOW, "desk", payload={"assignee": "bob"}), uow)
        uow.commit()
    return found


def test_a_day_is_planned_with_its_promises(store: Store, numbers: dict[str, str]) -> None:
    with store.reading() as uow:
        assert uow.people.find_caller("13909510001").elder.position == Position(38.48, 106.23)  # type: ignore[union-attr]
        plan = plan_day(PLAN, uow)
    stops = {stop.key: stop for stop in plan.stops}
    assert set(stops) == {numbers["lunch"], numbers["clean"]}
    assert stops[numbers["lunch"]].worker == "bob"
    assert datetime(2026, 11, 24, 12) <= stops[numbers["lunch"]].begins <= datetime(2026, 11, 24, 12, 30)


def test_when_somebody_does_not_come_the_promise_goes_to_another(
    store: Store, numbers: dict[str, str]
) -> None:
    with store.reading() as uow:
        plan = plan_day(replace(PLAN, absent=frozenset({"bob"})), uow)
    assert {stop.worker for stop in plan.stops} == {"ann"}
    assert {stop.key for stop in plan.stops} == {numbers["lunch"], numbers["clean"]}


def test_an_emergency_is_planned_into_the_rest_of_the_day(store: Store, numbers: dict[str, str]) -> None:
    now = datetime(2026, 11, 24, 11)
    with store.unit_of_work() as uow:
        urgent = place_order(
            place("urgent", item="cleaning", wanted=Wanted(asap=True), region="64010603", at=now), uow
        ).number
        uow.commit()
    with store.reading() as uow:
        plan = plan_day(replace(PLAN, now=now, at={"ann": Position(38.48, 106.23)}), uow)
    stops = {stop.key: stop for stop in plan.stops}
    assert set(stops) == {urgent, numbers["lunch"], numbers["clean"]}
    assert min(stop.begins for stop in plan.stops) >= now
