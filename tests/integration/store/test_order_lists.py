"""Lists of orders: whichever way a page is found, among the newest or by an index, it holds what was asked for, and only that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy import event

from backend.domain.access import Reach
from backend.domain.order import OPEN, Move, Order, State
from backend.services.access import load_matrix, thing_of
from backend.services.commands import MoveOrder
from backend.services.late_ports import LateFilter
from backend.services.move_order import move_order
from backend.services.order_filter import OrderFilter
from backend.services.place_order import place_order
from backend.store import order_lists
from backend.store.open import Store
from tests.bench.build_orders import build

from .examples import NOW, PLACE

TOWN, COUNTY, ELSEWHERE, EMPTY = "64010601", "640106", "640402", "640425"
WITHIN = load_matrix().within
ITEMS = ("meal", "errand", "meal", "two_subsidies")
LATE = NOW + timedelta(days=30)
WAYS = {"among the newest": 20_000, "by an index": 1}


@pytest.fixture(params=WAYS)
def asked(request: pytest.FixtureRequest, store: Store, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Orders of every kind, in a store that finds pages in one of the ways."""
    monkeypatch.setattr(order_lists, "LOOKED_AT", WAYS[request.param])
    monkeypatch.setattr(order_lists, "LOOKED_AT_BEFORE_KEYS", WAYS[request.param])
    with store.unit_of_work() as uow:
        for turn, (region, item) in enumerate(product((TOWN, COUNTY, ELSEWHERE, None), ITEMS)):
            command = replace(
                PLACE, key=str(turn), item=item, region=region, place="x", beneficiary_name=f"马秀英{turn % 3}", at=NOW + timedelta(days=turn)
            )  # fmt: skip
            order = place_order(command, uow)
            if turn % 4 == 1:
                move_order(MoveOrder(order.number, Move.CANCEL, NOW, "duty", "不要了"), uow)
            if turn % 4 == 2:
                move_order(MoveOrder(order.number, Move.ACCEPT, NOW, "jujia"), uow)
            if turn % 5 == 0 and turn % 4 != 1:
                move_order(MoveOrder(order.number, Move.ESCALATE, NOW, "system", payload={"level": 1}), uow)
        uow.commit()
    return store


def pages(store: Store, wanted: OrderFilter, limit: int = 3) -> list[str]:
    """All numbers, page by page."""
    numbers: list[str] = []
    while True:
        with store.reading() as uow:
            lists = uow.late_orders if isinstance(wanted, LateFilter) else uow.order_lists
            page = lists.page(wanted, before=numbers[-1] if numbers else None, limit=limit)  # type: ignore[arg-type]
        numbers += [order.number for order in page]
        if len(page) < limit:
            return numbers


REACHES = {
    "everywhere": Reach(),
    "a county": Reach(WITHIN[COUNTY]),
    "a county without any": Reach(WITHIN[EMPTY]),
    "a department": Reach(department="town"),
    "a department in a county": Reach(WITHIN[COUNTY], department="home_service"),
    "a worker": Reach(workers=frozenset({"jujia"})),
}
Wanted = tuple[dict[str, Any], Callable[[Order], bool]]
FILTERS: dict[str, Wanted] = {
    "all": ({}, lambda _: True),
    "open": ({"states": tuple(OPEN)}, lambda order: order.state in OPEN),
    "cancelled": ({"states": (State.CANCELLED,)}, lambda order: order.state is State.CANCELLED),
    "item": ({"item": "meal"}, lambda order: order.item == "meal"),
    "department": ({"department": "town"}, lambda order: order.department == "town"),
    "region": ({"regions": WITHIN[COUNTY]}, lambda order: order.region in WITHIN[COUNTY]),
    "name": ({"text": "马秀英1"}, lambda order: order.beneficiary_name == "马秀英1"),
    "number": ({"text": "11250001"}, lambda order: order.number == "11250001"),
    "days": (
        {"placed_from": NOW + timedelta(days=3), "placed_before": NOW + timedelta(days=9)},
        lambda order: NOW + timedelta(days=3) <= order.placed_at < NOW + timedelta(days=9),
    ),
}


@pytest.mark.parametrize("reach", REACHES)
def test_the_pages_of_a_list_hold_what_was_asked_for_and_only_that(asked: Store, reach: str) -> None:
    with asked.reading() as uow:
        everything: Sequence[Order] = uow.orders.queue(limit=100)
    for name, (values, fits) in FILTERS.items():
        wanted = OrderFilter(REACHES[reach], **values)
        expected = [
            order.number for order in everything if fits(order) and REACHES[reach].covers(thing_of(order))
        ]
        assert pages(asked, wanted) == expected, name


@pytest.mark.parametrize("reach", REACHES)
def test_the_late_list_holds_what_was_reported_and_what_is_about_to_be(asked: Store, reach: str) -> None:
    with asked.reading() as uow:
        everything = uow.orders.queue(states=tuple(OPEN), limit=100)
    reached = [order for order in everything if REACHES[reach].covers(thing_of(order))]
    reported = LateFilter(REACHES[reach], tuple(OPEN), at=NOW - timedelta(days=1), steps=("accept", "finish"))
    assert pages(asked, reported) == [order.number for order in reached if order.escalation]
    overdue = replace(reported, at=LATE)  # every clock is past its end, and none has spoken
    assert pages(asked, overdue) == [order.number for order in reached]


def test_a_clock_that_failed_to_speak_keeps_its_order_among_the_late_ones(store: Store) -> None:
    with store.unit_of_work() as uow:
        number = place_order(PLACE, uow).number
        uow.commit()
    with store.unit_of_work() as uow:
        clock = next(one for one in uow.deadlines.of(number) if one.step == "accept")
        later = replace(clock, next_at=LATE + timedelta(hours=1), failures=1)
        uow.deadlines.put(number, [clock], [later])
        uow.commit()
    late = LateFilter(Reach(), tuple(OPEN), at=LATE, steps=("accept",))
    assert pages(store, late) == [number]


def test_erasing_old_orders_does_not_read_the_history_of_all(store: Store) -> None:
    if store.engine.dialect.name == "postgresql":
        build(store, people=10, orders=2_000, now=NOW)
    statements: list[tuple[str, Any]] = []
    event.listen(store.engine, "before_cursor_execute", lambda *told: statements.append((told[2], told[3])))
    with store.unit_of_work() as uow:
        uow.erasure.erase_orders_before(NOW, limit=50)
    explain = "EXPLAIN QUERY PLAN" if store.engine.dialect.name == "sqlite" else "EXPLAIN"
    with store.engine.connect() as connection:
        plan = str(connection.exec_driver_sql(f"{explain} {statements[0][0]}", statements[0][1]).all())
    assert "Seq Scan on order_history" not in plan and "SCAN order_history" not in plan
