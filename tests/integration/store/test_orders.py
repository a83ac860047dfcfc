"""Orders on both databases: placed once, moved by the table, found again in every way staff and callers look for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event

from backend.domain.access import Reach
from backend.domain.order import FINAL, OPEN, IllegalMoveError, Move, Order, OrderNotFoundError, State, Wanted
from backend.domain.payload import PayloadError
from backend.services.accept_order import accept_order
from backend.services.access import load_matrix
from backend.services.cancel_order import cancel_order
from backend.services.commands import (
    AcceptOrder,
    CancelOrder,
    FinishOrder,
    MoveOrder,
    ReassignOrder,
    RescheduleOrder,
)
from backend.services.finish_order import finish_order
from backend.services.move_order import UnknownDepartmentError, UnknownWorkerError, move_order
from backend.services.order_filter import OrderFilter
from backend.services.place_order import place_order
from backend.services.ports import StaleError
from backend.services.reassign_order import reassign_order
from backend.services.reschedule_order import reschedule_order
from backend.store.open import Store
from tests.bench.build_orders import build

from .examples import MOTHER, NOW, PLACE, place


def placed(store: Store, **changes: object) -> str:
    with store.unit_of_work() as uow:
        order = place_order(replace(PLACE, **changes), uow)  # type: ignore[arg-type]
        uow.commit()
    return order.number


def _save(store: Store, order: Order) -> None:
    with store.unit_of_work() as uow:
        uow.orders.save(order)
        uow.commit()


def test_a_placed_order_comes_back_as_it_was_said_and_is_with_its_department(store: Store) -> None:
    number = placed(store)
    with store.reading() as uow:
        order = uow.orders.get(number)
    assert number == "11230001"
    assert (order.item, order.beneficiary, order.beneficiary_name) == ("meal", "我妈", "马秀英")
    assert (order.wanted, order.place, order.phone) == (PLACE.wanted, PLACE.place, PLACE.phone)
    assert (order.details, order.missing) == (("一份", "软和点"), ("phone",))
    assert (order.state, order.department, order.placed_at) == (State.ROUTED, "home_service", NOW)
    assert [(row.move, row.state, row.actor) for row in order.history] == [
        ("place", State.PLACED, "caller"),
        ("route", State.ROUTED, "system"),
    ]


def test_the_same_key_makes_one_order_however_often_it_comes(store: Store) -> None:
    numbers = {placed(store), placed(store), placed(store, place="elsewhere")}
    with store.reading() as uow:
        assert numbers == {"11230001"}
        assert len(uow.orders.queue()) == 1
        assert uow.orders.get("11230001").place == PLACE.place


def test_without_a_key_every_command_makes_an_order(store: Store) -> None:
    assert [placed(store, key=None), placed(store, key=None)] == ["11230001", "11230002"]


def test_an_order_is_found_in_the_transaction_that_places_it(store: Store) -> None:
    with store.unit_of_work() as uow:
        number = place_order(PLACE, uow).number
        accept_order(AcceptOrder(number, NOW, "jujia"), uow)
        assert uow.orders.get(number).state is State.ACCEPTED
    with store.reading() as uow, pytest.raises(OrderNotFoundError):
        uow.orders.get(number)


def test_numbers_count_within_a_day_and_start_anew_on_the_next(store: Store) -> None:
    tomorrow = NOW + timedelta(days=1)
    numbers = [
        placed(store, key="1"),
        placed(store, key="2"),
        placed(store, key="3", at=tomorrow),
        placed(store, key="4"),
    ]
    assert numbers == ["11230001", "11230002", "11240001", "11230003"]


def test_a_number_does_not_return_in_another_year(store: Store) -> None:
    first = placed(store, key="1")
    again = placed(store, key="2", at=NOW.replace(year=NOW.year + 1))
    assert (first, again) == ("11230001", "11230002")


def test_the_ten_thousandth_order_of_a_day_gets_a_longer_number(store: Store) -> None:
    with store.unit_of_work() as uow:
        for _ in range(9_999):
            last = uow.orders.next_number(NOW)
        assert last == "11239999"
        assert uow.orders.next_number(NOW) == "112310000"


def test_without_commit_nothing_of_an_order_remains(store: Store) -> None:
    with store.unit_of_work() as uow:
        number = place_order(PLACE, uow).number
    with store.reading() as uow, pytest.raises(OrderNotFoundError):
        uow.orders.get(number)
    # SQLite gives the number again; on PostgreSQL it leaves a hole, so that nobody waits for the counter.
    assert placed(store) == ("11230001" if store.engine.dialect.name == "sqlite" else "11230002")


def test_an_order_goes_through_its_life_with_one_history_row_a_change(store: Store) -> None:
    number = placed(store)
    with store.unit_of_work() as uow:
        assert accept_order(AcceptOrder(number, NOW, "jujia"), uow).assignee == "jujia"
        moved = reschedule_order(RescheduleOrder(number, NOW, "caller", Wanted("2026-11-25")), uow)
        assert (moved.state, moved.assignee, moved.wanted.iso) == (State.ROUTED, None, "2026-11-25")
        accept_order(AcceptOrder(number, NOW, "jujia", assignee="杨玲"), uow)
        finish_order(FinishOrder(number, NOW, "jujia", "送到了"), uow)
        uow.commit()
    with store.reading() as uow:
        order = uow.orders.get(number)
    assert (order.state, order.assignee, order.version) == (State.DONE, "杨玲", 6)
    assert [row.move for row in order.history] == [
        "place",
        "route",
        "accept",
        "reschedule",
        "accept",
        "finish",
    ]
    assert order.history[-1].reason == "送到了"


def test_a_reassigned_order_is_in_the_queue_of_the_new_department_only(store: Store) -> None:
    number = placed(store)
    with store.unit_of_work() as uow:
        order = reassign_order(ReassignOrder(number, NOW, "operator", "town", "不归我们管"), uow)
        uow.commit()
    assert order.history[-1].reason == "不归我们管"
    with store.reading() as uow:
        assert [found.number for found in uow.orders.queue(department="town")] == [number]
        assert uow.orders.queue(department="home_service") == []


def test_reassigning_to_a_department_that_does_not_exist_changes_nothing(store: Store) -> None:
    number = placed(store)
    with store.unit_of_work() as uow:
        with pytest.raises(UnknownDepartmentError):
            reassign_order(ReassignOrder(number, NOW, "operator", "nobody", ""), uow)
        assert uow.orders.get(number).version == 2


def test_a_finished_order_can_not_be_cancelled(store: Store) -> None:
    number = placed(store)
    with store.unit_of_work() as uow:
        accept_order(AcceptOrder(number, NOW, "jujia"), uow)
        finish_order(FinishOrder(number, NOW, "jujia"), uow)
        with pytest.raises(IllegalMoveError):
            cancel_order(CancelOrder(number, NOW, "caller", "不要了"), uow)
        assert uow.orders.get(number).state is State.DONE


def test_a_change_based_on_an_outdated_order_is_refused(store: Store) -> None:
    number = placed(store)
    with store.reading() as uow:
        outdated = uow.orders.get(number)
    with store.unit_of_work() as uow:
        cancel_order(CancelOrder(number, NOW, "caller", "不要了"), uow)
        uow.commit()
    with pytest.raises(StaleError):
        _save(store, outdated.moved(Move.ACCEPT, at=NOW, actor="jujia"))
    with store.reading() as uow:
        order = uow.orders.get(number)
    assert (order.state, len(order.history)) == (State.CANCELLED, 3)


def test_orders_of_people_are_open_ones_first_and_then_the_newest(store: Store) -> None:
    with store.unit_of_work() as uow:
        mother = uow.people.save(MOTHER)
        uow.commit()
    assert mother.id is not None
    done = placed(store, key="1", caller="13700000001", elder_id=mother.id)
    old = placed(store, key="2", caller="+86 138 0951 0001")
    new = placed(store, key="3", caller="13700000002", elder_id=mother.id)
    placed(store, key="4", caller="13700000002")
    with store.unit_of_work() as uow:
        cancel_order(CancelOrder(done, NOW, "caller", "不要了"), uow)
        found = uow.orders.of_people("13809510001", [mother.id])
        assert [order.number for order in found] == [new, old, done]
        assert [order.number for order in uow.orders.of_people("13809510001", [mother.id], limit=1)] == [new]
        assert [order.number for order in uow.orders.of_people("13809510001", [])] == [old]


def test_the_queue_comes_in_pages_without_gaps_or_repeats(store: Store) -> None:
    numbers = [placed(store, key=str(count)) for count in range(7)]
    with store.unit_of_work() as uow:
        cancel_order(CancelOrder(numbers[3], NOW, "caller", "不要了"), uow)
        uow.commit()
    seen: list[str] = []
    with store.reading() as uow:
        while page := uow.orders.queue(limit=3, before=seen[-1] if seen else None):
            seen += [order.number for order in page]
        assert seen == numbers[::-1]
        waiting = uow.orders.queue(states=(State.ROUTED,), department="home_service")
    assert [order.number for order in waiting] == [number for number in numbers[::-1] if number != numbers[3]]


@pytest.mark.parametrize(
    "text", ["11230001", "138 0951 0001", "+86-13909510001", "马秀", "马秀英", " 马 ".strip()]
)
def test_an_order_is_found_by_number_phone_and_the_beginning_of_a_name(store: Store, text: str) -> None:
    placed(store)
    placed(store, key="2", caller="web-visitor", phone=None, beneficiary_name="李四")
    with store.reading() as uow:
        assert [order.number for order in uow.orders.search(text)] == ["11230001"]
        assert uow.orders.search(text, department="repair") == []


@pytest.mark.parametrize("text", ["", "%", "秀英", "1123", "' OR 1=1"])
def test_a_search_for_something_else_finds_nothing(store: Store, text: str) -> None:
    placed(store)
    with store.reading() as uow:
        assert uow.orders.search(text) == []


def test_orders_are_counted_by_state(store: Store) -> None:
    placed(store, key="1")
    cancelled = placed(store, key="2", item="cleaning")
    placed(store, key="3", item="emergency_repair")
    with store.unit_of_work() as uow:
        cancel_order(CancelOrder(cancelled, NOW, "caller", "不要了"), uow)
        assert uow.orders.counts()[State.ROUTED] == 2
        found = uow.orders.counts("home_service")
    assert found == dict.fromkeys(set(State) - FINAL, 0) | {State.ROUTED: 1}


def test_text_that_no_database_likes_is_stored_all_the_same(store: Store) -> None:
    number = placed(
        store, beneficiary="a\0b\ud800", details=("\ud800\0",), place="x\0\ud800", session="\ud83d"
    )
    with store.reading() as uow:
        order = uow.orders.get(number)
    assert order.beneficiary == "a\ufffdb?"
    assert order.place == "x\0?"


def test_a_key_may_be_anything(store: Store) -> None:
    assert (
        placed(store, key="\0" * 5000) == placed(store, key="\0" * 5000) != placed(store, key=place("x").key)
    )


def test_a_move_with_a_key_is_made_once_however_often_it_comes(store: Store) -> None:
    number = placed(store)
    accept = MoveOrder(number, Move.ACCEPT, NOW, "jujia", key="k1")
    for _ in range(2):
        with store.unit_of_work() as uow:
            assert move_order(accept, uow).state is State.ACCEPTED
            uow.commit()
    with store.unit_of_work() as uow:
        assert len(uow.orders.get(number).history) == 3
        move_order(replace(accept, move=Move.FINISH), uow)  # the same key for another move is another thing
        uow.commit()


def test_a_move_decided_on_an_older_version_is_refused(store: Store) -> None:
    number = placed(store)
    with store.unit_of_work() as uow, pytest.raises(StaleError):
        move_order(MoveOrder(number, Move.ACCEPT, NOW, "jujia", expected_version=1), uow)
    with store.unit_of_work() as uow:
        assert move_order(MoveOrder(number, Move.ACCEPT, NOW, "jujia", expected_version=2), uow).version == 3


def test_a_move_without_what_it_needs_changes_nothing(store: Store) -> None:
    number = placed(store)
    with store.unit_of_work() as uow:
        with pytest.raises(PayloadError):
            move_order(MoveOrder(number, Move.CANCEL, NOW, "jujia"), uow)
        with pytest.raises(UnknownWorkerError):
            move_order(MoveOrder(number, Move.OFFER, NOW, "jujia", payload={"worker": "nobody"}), uow)
        assert uow.orders.get(number).version == 2


def test_what_a_move_came_with_and_from_where_is_kept(store: Store) -> None:
    number = placed(store, origin="phone ****0001")
    position = {"position": [38.47, 106.2], "minutes": 12}
    with store.unit_of_work() as uow:
        move_order(MoveOrder(number, Move.ACCEPT, NOW, "jujia"), uow)
        move_order(
            MoveOrder(number, Move.SET_OUT, NOW, "jujia", payload=position, origin="api 10.1.*.*"), uow
        )
        uow.commit()
    with store.reading() as uow:
        first, *_, last = uow.orders.get(number).history
    assert first.origin == "phone ****0001"
    assert (last.origin, last.payload) == ("api 10.1.*.*", position)


def test_an_order_knows_its_region_by_its_address_or_its_person(store: Store) -> None:
    with store.unit_of_work() as uow:
        mother = uow.people.save(replace(MOTHER, region="640402"))
        uow.commit()
    by_address = placed(store, key="1", place="银川市金凤区长城中路街道长城花园3号楼")
    by_person = placed(store, key="2", place=None, elder_id=mother.id)
    told = placed(store, key="3", region="640121")
    with store.reading() as uow:
        assert [uow.orders.get(number).region for number in (by_address, by_person, told)] == [
            "64010603",
            "640402",
            "640121",
        ]


def test_the_queue_of_a_county_is_found_by_its_index(store: Store) -> None:
    """However many orders other counties have: a county without any must not look at them all."""
    if store.engine.dialect.name == "postgresql":
        build(store, people=10, orders=4_000, now=NOW)
    asked: list[tuple[str, Any]] = []
    event.listen(store.engine, "before_cursor_execute", lambda *told: asked.append((told[2], told[3])))
    county = OrderFilter(Reach(load_matrix().within["640425"]), tuple(sorted(OPEN)))
    with store.reading() as uow:
        assert {order.region for order in uow.order_lists.page(county, before=None, limit=51)} <= {None}
    statement, values = [one for one in asked if "region" in one[0]][-1]  # the newest did not fill the page
    explain = "EXPLAIN QUERY PLAN" if store.engine.dialect.name == "sqlite" else "EXPLAIN"
    with store.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"{explain} {statement}", values).all()
    assert "ix_orders_region_state_id" in str(plan)
