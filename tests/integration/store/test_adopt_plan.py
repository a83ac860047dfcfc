"""A plan that is taken over: who is asked, what stays, what is left alone and why, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from backend.domain.day_plan import PlanId
from backend.domain.order import Move, Order, State
from backend.services.adopt_plan import (
    AdoptPlan,
    PlanNotFoundError,
    PlanOverError,
    PlanSupersededError,
    adopt_plan,
)
from backend.services.commands import MoveOrder
from backend.services.dispatch_ports import Outcome, StoredPlan
from backend.services.move_order import move_order
from backend.services.plan_day import set_absent
from backend.services.ports import StaleError
from backend.store.open import Store
from config.dispatch import load_dispatch

from .examples import NOW
from .test_plan_day import DAY, made, numbers, replanned

__all__ = ["numbers"]


def adopted(store: Store, plan: StoredPlan, at: datetime = NOW) -> dict[str, Outcome]:
    """What became of each order."""
    with store.unit_of_work() as uow:
        found = adopt_plan(AdoptPlan(plan.id, at, "op", "api 10.1.*.*"), uow)
        uow.commit()
    assert found.adoption is not None
    return {one.key: one for one in found.adoption.outcomes}


def moved(store: Store, number: str, move: Move, reason: str = "", **payload: Any) -> None:
    with store.unit_of_work() as uow:
        move_order(MoveOrder(number, move, NOW, "desk", reason, payload=payload), uow)
        uow.commit()


def order(store: Store, number: str) -> Order:
    with store.reading() as uow:
        return uow.orders.get(number)


def test_what_nobody_has_is_offered_with_the_plan_as_the_reason_and_promises_stay(
    store: Store, numbers: dict[str, str]
) -> None:
    plan = made(store)
    outcomes = adopted(store, plan)
    assert {key: one.outcome for key, one in outcomes.items()} == {
        numbers["lunch"]: "kept",
        numbers["clean"]: "offered",
    }
    clean, lunch = order(store, numbers["clean"]), order(store, numbers["lunch"])
    assert (clean.state, clean.offered_to) == (State.OFFERED, outcomes[clean.number].worker)
    row = clean.history[-1]
    assert (row.actor, row.origin) == ("op", "api 10.1.*.*")
    assert (row.payload["why"]["plan"], row.payload["why"]["reason"]) == (str(plan.id), "route")
    assert row.payload["why"]["chosen"]["worker"] == clean.offered_to
    assert (lunch.state, lunch.assignee) == (State.ACCEPTED, "bob")
    with store.reading() as uow:
        kept = uow.day_plans.get("home_service", "640106", DAY)
    assert kept is not None
    assert kept.is_adopted
    assert kept.adoption is not None
    assert (kept.adoption.by, kept.adoption.at) == ("op", NOW)


def test_adopting_again_does_nothing_twice(store: Store, numbers: dict[str, str]) -> None:
    plan = made(store)
    first = adopted(store, plan)
    moved(store, numbers["clean"], Move.REFUSE, "去不了")
    before = order(store, numbers["clean"])
    assert adopted(store, plan, NOW + timedelta(minutes=5)) == first
    assert order(store, numbers["clean"]) == before


def test_an_order_that_was_changed_since_is_left_where_it_is(store: Store, numbers: dict[str, str]) -> None:
    plan = made(store)
    moved(store, numbers["clean"], Move.RESCHEDULE, iso="2026-11-24T15:00")
    found = adopted(store, plan)[numbers["clean"]]
    assert (found.outcome, found.because) == ("changed", ("reschedule",))
    assert order(store, numbers["clean"]).state is State.ROUTED


def test_who_was_asked_or_took_it_on_meanwhile_keeps_it(store: Store, numbers: dict[str, str]) -> None:
    plan = made(store)
    worker = next(stop.worker for stop in plan.plan.stops if stop.key == numbers["clean"])
    moved(store, numbers["clean"], Move.ACCEPT, assignee=worker)
    assert adopted(store, plan)[numbers["clean"]].outcome == "kept"


def test_a_report_up_the_chain_is_no_change(store: Store, numbers: dict[str, str]) -> None:
    plan = made(store)
    moved(store, numbers["clean"], Move.ESCALATE)
    assert adopted(store, plan)[numbers["clean"]].outcome == "offered"


def test_who_does_not_come_any_more_is_not_asked(store: Store, numbers: dict[str, str]) -> None:
    plan = made(store)
    worker = next(stop.worker for stop in plan.plan.stops if stop.key == numbers["clean"])
    with store.unit_of_work() as uow:
        set_absent(worker, DAY, uow, absent=True)
        uow.commit()
    found = adopted(store, plan)[numbers["clean"]]
    assert (found.outcome, found.because) == ("unfit", ("absent",))
    assert order(store, numbers["clean"]).state is State.ROUTED


def test_what_is_over_is_offered_to_nobody(store: Store, numbers: dict[str, str]) -> None:
    plan = made(store)
    assert adopted(store, plan, datetime(2026, 11, 24, 23))[numbers["clean"]].outcome == "over"


def test_after_a_no_show_the_changes_are_told_and_adopted_in_turn(
    store: Store, numbers: dict[str, str]
) -> None:
    replanned(store)
    first = made(store)
    adopted(store, first)
    with store.unit_of_work() as uow:
        set_absent("bob", DAY, uow, absent=True)
        uow.commit()
    second = replanned(store)
    assert second is not None
    assert not second.is_adopted
    assert second.adoption is not None
    lunch = next(one for one in second.changes if one.key == numbers["lunch"])
    assert lunch.before is not None
    assert lunch.after is not None
    assert (lunch.before.worker, lunch.after.worker) == ("bob", "ann")
    with store.unit_of_work() as uow, pytest.raises(PlanSupersededError) as refused:
        adopt_plan(AdoptPlan(first.id, NOW, "op"), uow)
    assert refused.value.plan.id == second.id
    assert adopted(store, second)[numbers["lunch"]].outcome == "offered"
    taken = order(store, numbers["lunch"])
    assert (taken.state, taken.offered_to, taken.assignee) == (State.OFFERED, "ann", None)
    assert taken.history[-1].payload["why"]["reason"] == "covered"


def test_the_changes_are_those_since_the_plan_that_was_adopted(store: Store, numbers: dict[str, str]) -> None:
    adopted(store, made(store))
    made(store, absent=frozenset({"bob"}))
    third = made(store, absent=frozenset({"bob"}))
    changed = {one.key: one.before.worker if one.before else None for one in third.changes}
    assert changed[numbers["lunch"]] == "bob"


def test_an_order_offered_by_an_older_plan_goes_to_whom_the_new_one_names(
    store: Store, numbers: dict[str, str]
) -> None:
    first = made(store)
    asked = adopted(store, first)[numbers["clean"]].worker
    other = ({"ann", "bob"} - {asked}).pop()
    second = made(store, absent=frozenset({asked}))
    outcomes = adopted(store, second)
    assert outcomes[numbers["clean"]] == Outcome(numbers["clean"], other, "offered")
    assert order(store, numbers["clean"]).offered_to == other


@pytest.mark.parametrize("adopts", [True, False])
def test_an_offer_of_an_adopted_plan_that_nobody_answers_makes_it_anew(
    store: Store, numbers: dict[str, str], adopts: bool
) -> None:
    replanned(store)
    plan = made(store)
    if adopts:
        asked = adopted(store, plan)[numbers["clean"]].worker
    else:
        asked = "ann"
        moved(store, numbers["clean"], Move.OFFER, worker=asked)
    moved(store, numbers["clean"], Move.LAPSE)
    anew = replanned(store)
    assert anew is not None
    assert anew.cause == (f"OfferLapsed {numbers['clean']}" if adopts else "asked")
    if adopts:
        worker = next(stop.worker for stop in anew.plan.stops if stop.key == numbers["clean"])
        assert worker != asked


def test_where_orders_go_to_providers_the_planned_workers_provider_is_asked(
    store: Store, numbers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = replace(load_dispatch(), to_providers=frozenset({"home_service"}))
    monkeypatch.setattr("backend.services.adopt_plan.load_dispatch", lambda: rules)
    outcomes = adopted(store, made(store))
    assert order(store, numbers["clean"]).offered_to == "p1"
    again = adopted(store, made(store))
    assert (outcomes[numbers["clean"]].outcome, again[numbers["clean"]].outcome) == ("offered", "kept")


def test_what_can_not_be_adopted(store: Store, numbers: dict[str, str]) -> None:
    plan = made(store)
    for wrong in (replace(plan.id, version=2), replace(plan.id, region="640402")):
        with store.unit_of_work() as uow, pytest.raises(PlanNotFoundError):
            adopt_plan(AdoptPlan(wrong, NOW, "op"), uow)
    with store.unit_of_work() as uow, pytest.raises(PlanOverError):
        adopt_plan(AdoptPlan(plan.id, NOW + timedelta(days=2), "op"), uow)
    made(store)
    with store.unit_of_work() as uow, pytest.raises(StaleError):
        uow.day_plans.adopt(plan)


def test_a_plan_is_named_by_what_it_is_for() -> None:
    name = PlanId("home_service", "640106", DAY, 3)
    assert (str(name), PlanId.read(str(name))) == ("home_service.640106.2026-11-24.3", name)
    for text in ("", "a.b.c", "a.b.2026-11-24.x", "a.b.2026-11-24.1.2", "a.b.20261124.1", "a.b.2026-11-24.٣"):
        with pytest.raises(ValueError, match=r"\S"):
            PlanId.read(text)
