"""Two processes do the same at the same time: nothing is doubled, nothing is lost, nobody fails because the other writes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from backend.domain.order import State
from backend.services.place_order import place_order
from backend.store.open import Store, open_store
from config.settings import load_settings

from .examples import place

RACER = Path(__file__).with_name("racer.py")
STEPS = 40


def race(url: str, keys: Path, what: str) -> list[list[str]]:
    """What became of each step, for each of the two."""
    command = [sys.executable, str(RACER), url, str(keys)]
    racers = [
        subprocess.Popen(
            [*command, name, what, str(STEPS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for name in ("ann", "bob")
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    results = [racer.communicate(timeout=60)[0] for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0]
    return [json.loads(result) for result in results]


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    return tmp_path / "keys"


@pytest.fixture
def shared(url: str, keys: Path) -> Store:
    return open_store(load_settings(db=url, keys=keys))


def test_the_same_keys_make_the_same_orders_in_both(url: str, keys: Path, shared: Store) -> None:
    ann, bob = race(url, keys, "place")
    assert ann == bob
    with shared.reading() as uow:
        assert sorted(order.number for order in uow.orders.queue(limit=1000)) == sorted(ann)
    assert ann == [f"1123{count:04d}" for count in range(1, STEPS + 1)]
    shared.close()


def test_an_order_is_accepted_by_one_of_two(url: str, keys: Path, shared: Store) -> None:
    with shared.unit_of_work() as uow:
        for count in range(STEPS):
            place_order(place(str(count)), uow)
        uow.commit()
    ann, bob = race(url, keys, "accept")
    for mine, theirs in zip(ann, bob, strict=True):
        assert {mine, theirs} & {"ann", "bob"}
        assert {mine, theirs} & {"IllegalMoveError", "StaleError"}
    with shared.reading() as uow:
        orders = uow.orders.queue(states=(State.ACCEPTED,), limit=1000)
    assert len(orders) == STEPS
    assert all([row.move for row in order.history] == ["place", "route", "accept"] for order in orders)
    shared.close()


def test_one_emergency_told_by_two_is_one_task_with_both_their_words(
    url: str, keys: Path, shared: Store
) -> None:
    ann, bob = race(url, keys, "task")
    assert ann == bob
    with shared.reading() as uow:
        tasks = uow.tasks.open(limit=1000)
    assert len(tasks) == STEPS
    assert all(sorted(task.text.splitlines()) == ["said by ann", "said by bob"] for task in tasks)
    shared.close()


def test_every_turn_of_one_conversation_is_stored_once_or_refused(
    url: str, keys: Path, shared: Store
) -> None:
    results = race(url, keys, "turn")
    saved = sum(result.count("saved") for result in results)
    with shared.reading() as uow:
        record, lines = uow.contacts.get("s"), uow.contacts.lines("s")
    assert record is not None
    assert record.version == saved == len(lines)
    assert sum(len(result) for result in results) == 2 * STEPS
    shared.close()
