"""The plan of a day from the orders as they stand, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest

from backend.domain.geography import Position
from backend.domain.order import Move, Wanted
from backend.domain.providers import Provider, Worker
from backend.jobs.standard import standard_jobs
from backend.services.commands import MoveOrder
from backend.services.dispatch_ports import StoredPlan
from backend.services.move_order import move_order
from backend.services.offer_order import rank_candidates
from backend.services.place_order import place_order
from backend.services.plan_day import PlanDay, make_plan, plan_day, set_absent
from backend.services.ports import StaleError
from backend.services.replan import replan_next
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


def made(store: Store, **changes: object) -> StoredPlan:
    with store.unit_of_work() as uow:
        plan = make_plan(replace(PLAN, **changes), uow)
        uow.commit()
    return plan


def replanned(store: Store, now: datetime = NOW) -> StoredPlan | None:
    """The plan as the job leaves it."""
    with store.unit_of_work() as uow:
        while replan_next(uow, now):
            pass
        uow.commit()
    with store.reading() as uow:
        return uow.day_plans.get("home_service", "640106", DAY)


def test_a_plan_is_kept_with_its_reasons(store: Store, numbers: dict[str, str]) -> None:
    plan = made(store)
    assert plan.reasons == {numbers["lunch"]: "promised", numbers["clean"]: "route"}
    with store.reading() as uow:
        assert uow.day_plans.get("home_service", "640106", DAY) == plan
        assert uow.day_plans.of_day(DAY) == [plan]
    assert (plan.version, plan.changes) == (1, ())


def test_who_is_absent_is_planned_around_by_itself_and_gets_no_offers(
    store: Store, numbers: dict[str, str]
) -> None:
    replanned(store)  # the place in the outbox begins here
    made(store)
    with store.unit_of_work() as uow:
        assert set_absent("bob", DAY, uow, absent=True)
        assert not set_absent("bob", DAY, uow, absent=True)
        uow.commit()
    plan = replanned(store)
    assert plan is not None
    assert (plan.version, plan.cause) == (2, "WorkerAbsent bob")
    assert {stop.worker for stop in plan.plan.stops} == {"ann"}
    assert plan.reasons[numbers["lunch"]] == "covered"
    lunch = next(one for one in plan.changes if one.key == numbers["lunch"])
    assert lunch.before is not None
    assert lunch.after is not None
    assert (lunch.before.worker, lunch.after.worker) == ("bob", "ann")
    assert lunch.after.begins <= datetime(2026, 11, 24, 12, 30)
    with store.reading() as uow:
        ranked = rank_candidates(uow, uow.orders.get(numbers["clean"]), NOW)
    assert {one.worker.code: one.ruled_out for one in ranked} == {"ann": (), "bob": ("absent",)}


def test_an_emergency_is_planned_in_by_itself_once_and_promises_stay(
    store: Store, numbers: dict[str, str]
) -> None:
    replanned(store)
    now = datetime(2026, 11, 24, 9)
    made(store, now=now)
    with store.unit_of_work() as uow:
        urgent = place_order(
            place("urgent", item="cleaning", wanted=Wanted(asap=True), region="64010603", at=now), uow
        ).number
        place_order(place("routine", item="cleaning", wanted=Wanted("2026-11-24"), region="64010603"), uow)
        uow.commit()
    plan = replanned(store, now)
    assert plan is not None
    assert (plan.version, plan.cause) == (2, f"OrderPlaced {urgent}")
    stops = {stop.key: stop for stop in plan.plan.stops}
    assert urgent in stops
    assert stops[numbers["lunch"]].worker == "bob"
    assert stops[numbers["lunch"]].begins <= datetime(2026, 11, 24, 12, 30)
    assert replanned(store, now) == plan


def test_what_fits_nowhere_is_left_over_with_the_reason(store: Store, numbers: dict[str, str]) -> None:
    with store.unit_of_work() as uow:
        bath = place_order(
            place("bath", item="bath", wanted=Wanted("2026-11-24"), region="64010603"), uow
        ).number
        uow.commit()
    plan = made(store)
    assert plan.plan.left_over == (bath,)
    assert plan.reasons[bath] == "nobody"


def test_two_who_plan_at_the_same_moment_do_not_overwrite_each_other(
    store: Store, numbers: dict[str, str]
) -> None:
    plan = made(store)
    with store.unit_of_work() as uow, pytest.raises(StaleError):
        uow.day_plans.save(plan)


def test_whoever_is_at_a_door_sets_out_from_there_when_done(store: Store, numbers: dict[str, str]) -> None:
    now = datetime(2026, 11, 24, 12, 5)
    with store.unit_of_work() as uow:
        move_order(MoveOrder(numbers["lunch"], Move.START, now, "bob", payload={"place": "长城花园"}), uow)
        uow.commit()
    plan = made(store, now=now, absent=frozenset({"ann"}))
    (stop,) = plan.plan.stops
    assert (stop.key, stop.worker, stop.travel_minutes) == (numbers["clean"], "bob", 0)
    assert stop.begins >= datetime(2026, 11, 24, 12, 20)


def test_who_gives_a_visit_back_does_not_get_it_again(store: Store, numbers: dict[str, str]) -> None:
    replanned(store)
    made(store)
    with store.unit_of_work() as uow:
        move_order(MoveOrder(numbers["lunch"], Move.REFUSE, NOW, "bob", "车坏了"), uow)
        uow.commit()
    plan = replanned(store)
    assert plan is not None
    assert plan.cause == f"OrderRefused {numbers['lunch']}"
    assert {stop.worker for stop in plan.plan.stops if stop.key == numbers["lunch"]} == {"ann"}
    with store.reading() as uow:
        ranked = rank_candidates(uow, uow.orders.get(numbers["lunch"]), NOW)
    assert {one.worker.code: one.ruled_out for one in ranked} == {"ann": (), "bob": ("asked",)}


def test_the_jobs_of_every_installation_make_plans_anew(store: Store, numbers: dict[str, str]) -> None:
    replan = next(job for job in standard_jobs(store) if job.name == "plans")
    replan.run(NOW)
    made(store)
    with store.unit_of_work() as uow:
        set_absent("bob", DAY, uow, absent=True)
        uow.commit()
    while replan.run(NOW):
        pass
    with store.reading() as uow:
        plan = uow.day_plans.get("home_service", "640106", DAY)
    assert plan is not None
    assert plan.cause == "WorkerAbsent bob"
