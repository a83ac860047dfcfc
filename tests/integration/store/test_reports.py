"""An order that runs late: its warning, its reports to one level after the other, the tasks and letters that follow, once each."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from backend.domain.access import Reach
from backend.domain.order import OPEN, Move, Order, Wanted
from backend.domain.queue import Task, TaskKind
from backend.domain.staff import Role, StaffUser
from backend.services.acknowledge_task import acknowledge_task
from backend.services.commands import AcknowledgeTask, MoveOrder
from backend.services.fire_deadlines import fire_due
from backend.services.late_orders import Lateness, lateness, steps_that_report
from backend.services.late_ports import LateFilter
from backend.services.levels import on_duty_for
from backend.services.move_order import move_order
from backend.services.news import WORK_BOX, read_events
from backend.services.place_order import place_order
from backend.store.open import Store

from .examples import NOW, PLACE

TOWN, COUNTY, CITY = "64010601", "640106", "640100"
URGENT = replace(PLACE, wanted=Wanted(asap=True), region=TOWN)


def begun(store: Store) -> Order:
    """An order that nobody has accepted, placed after the news began to be read."""
    read(store)
    with store.unit_of_work() as uow:
        order = place_order(URGENT, uow)
        uow.commit()
    return order


def read(store: Store) -> None:
    for _ in range(20):
        with store.unit_of_work() as uow:
            done = read_events(uow, NOW)
            uow.commit()
        if not done:
            return


def wait(store: Store, minutes: int) -> datetime:
    now = NOW + timedelta(minutes=minutes)
    for _ in range(20):
        if not fire_due(store, now):
            break
    read(store)
    return now


def reports(store: Store) -> list[Task]:
    with store.reading() as uow:
        return sorted(
            (one for one in uow.tasks.open() if one.kind is TaskKind.LATE), key=lambda one: one.id or 0
        )


def how_late(store: Store, number: str, now: datetime) -> Lateness:
    with store.reading() as uow:
        clocks = uow.late_orders.clocks([number, "nothing"])
        return lateness(uow.orders.get(number), clocks[number], now)


def listed(store: Store, now: datetime, reach: Reach | None = None) -> list[str]:
    wanted = LateFilter(reach or Reach(), tuple(OPEN), at=now, steps=steps_that_report())
    with store.reading() as uow:
        return [order.number for order in uow.late_orders.page(wanted, before=None, limit=50)]


def test_an_order_is_warned_of_then_late_then_reported_level_by_level(store: Store) -> None:
    order = begun(store)
    assert how_late(store, order.number, wait(store, 9)) == Lateness()
    warned = wait(store, 11)
    assert how_late(store, order.number, warned) == Lateness(near=NOW + timedelta(minutes=15))
    assert (listed(store, warned), reports(store)) == ([], [])
    for minutes, level in ((16, "village"), (32, "township"), (48, "county"), (64, "city")):
        late = wait(store, minutes)
        assert how_late(store, order.number, late).level == level
        assert listed(store, late) == [order.number]
    assert [task.region for task in reports(store)] == [TOWN, TOWN, COUNTY, CITY]
    assert how_late(store, order.number, wait(store, 85)).since == NOW + timedelta(
        minutes=15
    )  # nobody is left to tell
    assert {(task.order_number, task.why) for task in reports(store)} == {(order.number, "late_accept")}


def test_the_list_of_late_orders_keeps_to_what_somebody_reaches(store: Store) -> None:
    order = begun(store)
    late = wait(store, 16)
    assert listed(store, late, Reach(regions=frozenset({TOWN, COUNTY}))) == [order.number]
    assert listed(store, late, Reach(regions=frozenset({"640402"}))) == []
    assert listed(store, late, Reach(department="repair")) == []


def test_an_order_past_its_limit_is_listed_before_the_report_and_one_that_is_done_no_more(
    store: Store,
) -> None:
    order = begun(store)
    wait(store, 11)
    late = NOW + timedelta(minutes=15)
    assert listed(store, late) == [order.number]
    assert how_late(store, order.number, late).since == late
    wait(store, 16)
    with store.unit_of_work() as uow:
        move_order(MoveOrder(order.number, Move.CANCEL, late, "duty", "不要了"), uow)
        uow.commit()
    assert listed(store, late) == []


def test_a_report_becomes_one_task_and_one_letter_however_often_it_is_read(store: Store) -> None:
    begun(store)
    wait(store, 16)
    first = reports(store)
    wait(store, 17)
    with store.unit_of_work() as uow:  # as after a process that died before it could note what it had read
        uow.mail.advance("news", uow.mail.position("news"), 0)
        uow.commit()
    read(store)
    assert reports(store) == first
    assert len(first) == 1
    with store.unit_of_work() as uow:
        letters = uow.mail.take(WORK_BOX, NOW + timedelta(hours=1), most=10)
    assert [letter.body for letter in letters] == [{"kind": "late", "task": first[0].id}]


def test_whoever_takes_the_last_report_has_the_order_and_the_levels_below_are_done(store: Store) -> None:
    begun(store)
    for minutes in (16, 32, 48):
        wait(store, minutes)
    earlier, middle, last = reports(store)
    with store.unit_of_work() as uow:
        acknowledge_task(AcknowledgeTask(middle.id or 0, NOW, "county"), uow)
        uow.commit()
    assert reports(store) == [last]
    with store.reading() as uow:
        assert uow.tasks.get(earlier.id or 0).acknowledged_by == "county"


def test_a_report_by_hand_carries_the_reason_and_goes_up_one_level(store: Store) -> None:
    order = begun(store)
    with store.unit_of_work() as uow:
        for _ in range(3):
            move_order(MoveOrder(order.number, Move.ESCALATE, NOW, "duty", "派不出人"), uow)
        uow.commit()
    read(store)
    assert [(task.region, task.why) for task in reports(store)] == [
        (region, "late_by_hand: 派不出人") for region in (TOWN, TOWN, COUNTY)
    ]


def test_a_report_that_is_read_after_the_order_is_over_is_nobodys_task(store: Store) -> None:
    order = begun(store)
    with store.unit_of_work() as uow:
        move_order(MoveOrder(order.number, Move.ESCALATE, NOW, "duty", "派不出人"), uow)
        move_order(MoveOrder(order.number, Move.CANCEL, NOW, "duty", "不要了"), uow)
        uow.commit()
    read(store)
    assert reports(store) == []


def test_the_letter_goes_to_the_staff_of_the_level(store: Store) -> None:
    with store.unit_of_work() as uow:
        for login, region in (("town", TOWN), ("county", COUNTY), ("all", None)):
            uow.staff.save(StaffUser(login, login, Role.DUTY, "", region=region))
        uow.staff.save(StaffUser("closed", "closed", Role.DUTY, "", region=CITY, active=False))
        uow.commit()
    with store.reading() as uow:
        assert [on_duty_for(region, uow) for region in (TOWN, COUNTY, CITY)] == [
            ["town"],
            ["county"],
            ["all"],
        ]
