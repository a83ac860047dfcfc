"""Clocks of orders on both databases: they speak once, whoever dies, and whatever the local time does."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from backend.domain.deadlines import Deadline
from backend.domain.order import Move, Order, State
from backend.domain.payload import PayloadError
from backend.jobs.runner import Job, Runner
from backend.services.clocks import load_clocks
from backend.services.commands import MoveOrder
from backend.services.fire_deadlines import AT_ONCE, MOST_FAILURES, fire_due, fire_next
from backend.services.move_order import move_order
from backend.services.place_order import place_order
from backend.services.ports import StaleError
from backend.store.open import Store, open_store
from backend.store.verify import verify
from config.settings import Settings, load_settings

from .examples import NOW, place

WORKER = Path(__file__).with_name("clockwork.py")


def order(store: Store, key: str = "1", **changes: object) -> str:
    with store.unit_of_work() as uow:
        number = place_order(place(key, **changes), uow).number
        uow.commit()
    return number


def move(store: Store, number: str, move: Move, at: datetime, reason: str = "", **payload: object) -> None:
    with store.unit_of_work() as uow:
        move_order(MoveOrder(number, move, at, "desk", reason, payload=payload), uow)
        uow.commit()


def fire_all(store: Store, now: datetime) -> int:
    count = 0
    while fire_next(store, now):
        count += 1
    return count


def read(store: Store, number: str) -> Order:
    with store.reading() as uow:
        return uow.orders.get(number)


def names(store: Store) -> list[str]:
    with store.reading() as uow:
        return [posted.event.name for posted in uow.outbox.after(0)]


def test_an_order_nobody_takes_is_warned_of_and_then_reported_up(store: Store) -> None:
    number = order(store)
    assert fire_all(store, NOW + timedelta(hours=3)) == 0
    assert fire_all(store, datetime(2026, 11, 23, 14, 10)) == 1
    assert names(store) == ["OrderPlaced", "DeadlineNear"]
    assert read(store, number).escalation == 0
    assert fire_all(store, datetime(2026, 11, 23, 15, 10)) == 1
    found = read(store, number)
    assert (found.state, found.escalation) == (State.ROUTED, 1)
    assert (found.history[-1].actor, found.history[-1].payload["step"]) == ("system", "accept")
    assert fire_all(store, datetime(2026, 11, 23, 15, 10)) == 0


def test_an_order_that_was_taken_is_not_reported(store: Store) -> None:
    number = order(store)
    move(store, number, Move.ACCEPT, NOW)
    assert fire_all(store, datetime(2026, 11, 23, 18, 0)) == 0


def test_while_papers_are_missing_only_the_papers_are_asked_for(store: Store) -> None:
    number = order(store, item="disability_certificate")
    move(store, number, Move.ACCEPT, NOW)
    move(store, number, Move.PAUSE, NOW, waiting_for=["户口本"])
    assert fire_all(store, NOW + timedelta(days=10)) == 1  # the warning: papers
    move(store, number, Move.RESUME, NOW + timedelta(days=10))
    with store.reading() as uow:
        clocks = {clock.step: clock for clock in uow.deadlines.of(number)}
    assert "papers" not in clocks
    assert clocks["finish"].due_at > NOW + timedelta(days=45)


def test_what_is_done_is_filed_by_itself(store: Store) -> None:
    number = order(store)
    move(store, number, Move.ACCEPT, NOW)
    move(store, number, Move.FINISH, NOW)
    move(store, number, Move.FOLLOW_UP, NOW, satisfaction=5)
    assert fire_all(store, NOW + timedelta(days=7)) == 1
    assert read(store, number).state is State.CLOSED
    with store.reading() as uow:
        assert uow.deadlines.of(number) == []


def test_after_an_outage_everything_is_made_up_for_once(store: Store) -> None:
    number = order(store)
    late = datetime(2026, 11, 30, 9, 0)
    fire_all(store, late)
    found = read(store, number)
    told = [(row.payload["step"], row.payload["level"]) for row in found.history if row.move == Move.ESCALATE]
    assert sorted(told) == [("accept", 1), ("finish", 1)]
    assert fire_all(store, late) == 0


def test_a_clock_that_fails_waits_and_does_not_hold_up_the_others(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = order(store, "1"), order(store, "2")
    from backend.services import fire_deadlines

    real = fire_deadlines._act

    def broken(does: str, order: Order, *rest: object) -> None:
        if order.number == bad:
            raise RuntimeError("out of order")
        real(does, order, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(fire_deadlines, "_act", broken)
    fire_all(store, datetime(2026, 11, 23, 14, 10))
    now = datetime(2026, 11, 23, 15, 10)
    assert fire_all(store, now) == 2
    assert (read(store, bad).escalation, read(store, good).escalation) == (0, 1)
    assert "deadline_failed" in caplog.text
    monkeypatch.undo()
    assert fire_all(store, now + timedelta(seconds=10)) == 1
    assert read(store, bad).escalation == 1


def test_a_clock_that_failed_here_and_speaks_elsewhere_is_not_set_back(store: Store) -> None:
    from backend.services.fire_deadlines import _postpone

    number, now = order(store), datetime(2026, 11, 23, 15, 10)
    fire_all(store, datetime(2026, 11, 23, 14, 10))
    with store.unit_of_work() as elsewhere:
        ((_, due),) = elsewhere.deadlines.take_due(now)
        spoken = replace(due, level=2, next_at=now + timedelta(hours=4))
        elsewhere.deadlines.put(number, [due], [spoken])
        here = threading.Thread(target=_postpone, args=(store, number, due, now))
        here.start()
        time.sleep(0.3)  # it waits, or has seen what stood before
        elsewhere.commit()
    here.join(20)
    with store.reading() as uow:
        assert spoken in uow.deadlines.of(number)


WARNED, REPORTED = datetime(2026, 11, 23, 14, 10), datetime(2026, 11, 23, 15, 10)


def clocks_of(store: Store, number: str) -> dict[str, Deadline]:
    with store.reading() as uow:
        return {clock.step: clock for clock in uow.deadlines.of(number)}


def test_clocks_that_are_due_together_are_acted_on_together_and_each_once(store: Store) -> None:
    numbers = [order(store, str(count)) for count in range(5)]
    before = [clocks_of(store, number)["accept"] for number in numbers]
    assert fire_due(store, WARNED)
    assert names(store).count("DeadlineNear") == 5
    for number, clock in zip(numbers, before, strict=True):
        expected = load_clocks().after_firing(read(store, number), clock, WARNED)
        assert clocks_of(store, number)["accept"] == expected
    assert not fire_due(store, WARNED)
    assert fire_due(store, REPORTED)
    assert not fire_due(store, REPORTED)
    for number in numbers:
        found = read(store, number)
        assert (found.escalation, found.version) == (1, 3)
        assert clocks_of(store, number)["accept"].level == 2
    assert verify(store).broken is None


def test_no_more_clocks_than_agreed_are_taken_at_once(store: Store) -> None:
    for count in range(AT_ONCE + 1):
        order(store, str(count))
    assert fire_due(store, WARNED)
    assert names(store).count("DeadlineNear") == AT_ONCE
    assert fire_due(store, WARNED)
    assert not fire_due(store, WARNED)


def test_of_two_clocks_of_one_order_the_second_waits_for_what_the_first_does(store: Store) -> None:
    number = order(store)
    late = datetime(2026, 11, 30, 9, 0)
    while fire_due(store, late):
        pass
    told = [row.payload["step"] for row in read(store, number).history if row.move == Move.ESCALATE]
    assert sorted(told) == ["accept", "finish"]


def test_one_clock_that_fails_does_not_hold_up_those_taken_with_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = [order(store, str(count)) for count in range(4)]
    fire_due(store, WARNED)
    break_clocks_of(numbers[1], monkeypatch)
    fire_due(store, REPORTED)
    assert [read(store, number).escalation for number in numbers] == [1, 0, 1, 1]
    assert clocks_of(store, numbers[1])["accept"].failures == 1


def break_clocks_of(number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from backend.services import fire_deadlines

    real = fire_deadlines._act

    def broken(does: str, order: Order, *rest: object) -> None:
        if order.number == number:
            raise RuntimeError("out of order")
        real(does, order, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(fire_deadlines, "_act", broken)


def test_a_clock_that_can_not_be_acted_on_is_put_aside_and_staff_are_told_once(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    number, now = order(store), REPORTED
    fire_due(store, WARNED)
    break_clocks_of(number, monkeypatch)
    for _ in range(MOST_FAILURES + 3):
        while fire_due(store, now):
            pass
        now += timedelta(minutes=10)
    clock = clocks_of(store, number)["accept"]
    assert (clock.next_at, clock.failures) == (None, 0)
    assert caplog.text.count("deadline_put_aside") == 1
    with store.reading() as uow:
        (task,) = uow.tasks.open()
    assert (task.why, task.order_number, task.region) == ("clock", number, read(store, number).region)
    monkeypatch.undo()
    move(
        store, number, Move.ROUTE, now, department="home_service"
    )  # whoever looks after it sets it going again
    assert clocks_of(store, number)["accept"].next_at is not None


def test_however_far_up_people_report_an_order_its_clocks_go_on(store: Store) -> None:
    number = order(store)
    for _ in range(12):
        move(store, number, Move.ESCALATE, NOW)
    assert read(store, number).escalation == 4
    fire_due(store, WARNED)
    fire_due(store, REPORTED)
    found = read(store, number)
    assert (found.escalation, found.history[-1].actor, found.history[-1].payload["level"]) == (4, "system", 4)
    assert clocks_of(store, number)["accept"].failures == 0


def test_an_order_reported_beyond_the_last_level_long_ago_is_reported_to_the_last(store: Store) -> None:
    number = order(store)
    with store.engine.begin() as connection:
        connection.execute(update(store.tables.orders).values(escalation=12))
    fire_due(store, WARNED)
    fire_due(store, REPORTED)
    assert read(store, number).escalation == 4


def test_only_the_system_says_how_far_up(store: Store) -> None:
    number = order(store)
    with pytest.raises(PayloadError) as refused:
        move(store, number, Move.ESCALATE, NOW, level=9, step="accept")
    assert set(refused.value.problems) == {"level", "step"}


def test_clocks_go_on_while_their_orders_are_moved(store: Store) -> None:
    """Whoever moves an order and whoever acts on its clocks never wait for each other in a circle."""
    numbers = [order(store, str(count)) for count in range(60)]
    failed: list[Exception] = []

    def work(one: Callable[[], object]) -> None:
        try:
            one()
        except StaleError:
            pass
        except Exception as problem:
            failed.append(problem)

    def move_all() -> None:
        for number in numbers:
            work(lambda number=number: move(store, number, Move.RESCHEDULE, NOW, iso="2026-11-26"))  # type: ignore[misc]

    threads = [threading.Thread(target=move_all)]
    threads += [threading.Thread(target=lambda: work(lambda: fire_all_due(store, WARNED))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    fire_all_due(store, WARNED)
    assert all(clocks_of(store, number)["accept"].level == 1 for number in numbers)


def fire_all_due(store: Store, now: datetime) -> None:
    while fire_due(store, now):
        pass


def test_the_oldest_clock_is_known(store: Store) -> None:
    with store.reading() as uow:
        assert uow.deadlines.oldest() is None
    order(store)
    with store.reading() as uow:
        assert uow.deadlines.oldest() == WARNED


def eventually(true: Callable[[], bool], within_s: float = 10.0) -> float:
    """Seconds until it was true."""
    begun = time.monotonic()
    while not true():
        assert time.monotonic() - begun < within_s
        time.sleep(0.02)
    return time.monotonic() - begun


def test_the_runner_speaks_within_a_second_of_the_moment_and_once(store: Store) -> None:
    number = order(store)
    shift = datetime(2026, 11, 23, 15, 9, 59) - datetime.now()  # noqa: DTZ005
    fire_all(store, datetime(2026, 11, 23, 14, 10))
    job = Job("deadlines", 0.2, lambda now: fire_next(store, now))
    runners = [Runner([job], clock=lambda: datetime.now() + shift) for _ in range(2)]  # noqa: DTZ005
    for runner in runners:
        runner.start()
    try:
        assert eventually(lambda: read(store, number).escalation == 1) < 5
    finally:
        for runner in runners:
            runner.stop()
    assert [row.move for row in read(store, number).history].count(Move.ESCALATE) == 1


@pytest.mark.parametrize("hours", [1, -1])
def test_a_local_time_that_jumps_loses_and_doubles_nothing(
    store: Store, hours: int, caplog: pytest.LogCaptureFixture
) -> None:
    number = order(store)
    fire_all(store, datetime(2026, 11, 23, 14, 10))
    local = [datetime(2026, 11, 23, 14, 30)]
    runner = Runner([Job("deadlines", 0.05, lambda now: fire_next(store, now))], clock=lambda: local[0])
    runner.start()
    try:
        time.sleep(0.2)
        local[0] += timedelta(hours=hours)
        eventually(lambda: "clock_jumped" in caplog.text)
        local[0] = datetime(2026, 11, 23, 15, 10)
        eventually(lambda: read(store, number).escalation == 1)
        time.sleep(0.2)
    finally:
        runner.stop()
    assert [row.move for row in read(store, number).history].count(Move.ESCALATE) == 1


@pytest.mark.slow
def test_a_process_that_is_killed_at_any_moment_leaves_no_clock_undone_or_done_twice(
    url: str, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    store = open_store(load_settings(db=url, keys=keys))
    numbers = [order(store, str(count)) for count in range(120)]
    fire_all(store, datetime(2026, 11, 23, 14, 10))
    for pause in (0.0, 0.02, 0.05):
        worker = subprocess.Popen(
            [sys.executable, str(WORKER), url, str(keys)], stdout=subprocess.PIPE, text=True
        )
        assert worker.stdout is not None
        assert worker.stdout.readline() == "working\n"
        time.sleep(pause)
        worker.kill()
        worker.communicate()
    fire_all(store, datetime(2026, 11, 23, 15, 10))
    found = [read(store, number) for number in numbers]
    assert {one.escalation for one in found} == {1}
    assert {[row.move for row in one.history].count(Move.ESCALATE) for one in found} == {1}
    store.close()


def test_deadlines_are_found_by_their_index(store: Store, settings: Settings) -> None:
    from sqlalchemy import text

    plan = "EXPLAIN QUERY PLAN" if store.engine.dialect.name == "sqlite" else "EXPLAIN"
    with store.engine.connect() as connection:
        if store.engine.dialect.name == "postgresql":
            connection.execute(text("SET enable_seqscan = off"))  # on an empty table it would be cheaper
        rows = connection.execute(
            text(
                f"{plan} SELECT * FROM deadlines WHERE next_at <= '2026-11-23 15:10' ORDER BY next_at LIMIT 1"
            )
        )
        assert "ix_deadlines_next_at" in str(rows.all())
