"""Life cycles a second on PostgreSQL with 1,000 and with 1,000,000 orders, at the level of the services.

`short`: create, assign, resolve, search, each a transaction of its own: what DIGIT's published figures count.
`full`: placed, accepted, set out, started, done, confirmed, followed up, closed, with audit trail and deadlines.
Target: short at least 100/s and full at least 30/s, and at a million orders at least 0.9 of that at a thousand.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import count
from pathlib import Path

from backend.domain.access import Reach
from backend.domain.order import OPEN, Move, State, Wanted
from backend.services.access import load_matrix
from backend.services.commands import MoveOrder, PlaceOrder
from backend.services.move_order import move_order
from backend.services.order_filter import OrderFilter
from backend.services.place_order import place_order
from backend.services.ports import UnitOfWork
from backend.store.open import Store, open_store
from config.settings import load_settings
from tests.bench.build_orders import build
from tests.bench.machine import percentile
from tests.bench.postgres import postgres_server

NOW = datetime(2026, 11, 24, 10, 0)
PROCESSES, THREADS = 2, 6
WAYS = PROCESSES * THREADS
FULL = (
    (Move.ACCEPT, {}), (Move.SET_OUT, {}), (Move.START, {"place": "x"}), (Move.FINISH, {"photos": ["a.jpg"]}),
    (Move.CONFIRM, {"satisfaction": 5}), (Move.FOLLOW_UP, {"satisfaction": 5}), (Move.CLOSE, {}),
)  # fmt: skip
OPEN_STATES = tuple(state for state in State if state in OPEN)
SHORT = ((Move.ACCEPT, {}), (Move.FINISH, {}))


def cycles(
    store: Store, process: int, moves: tuple[tuple[Move, dict[str, object]], ...], *, search: bool
) -> Iterator[None]:
    """One life after the other."""
    for turn in count(time.time_ns()):
        phone = f"138{(turn * WAYS + process) % 10**8:08d}"
        with store.unit_of_work() as uow:
            command = PlaceOrder(
                key=f"bench-{process}-{turn}", item="meal", beneficiary="self", caller=phone, session=f"s-{process}-{turn}",
                at=NOW, wanted=Wanted("2026-11-25T12:00"), beneficiary_name="马秀英", elder_id=1 + turn % 500,
                place="银川市金凤区长城花园3号楼2单元501", phone=phone,
            )  # fmt: skip
            number = place_order(command, uow).number
            uow.commit()
        for move, payload in moves:
            with store.unit_of_work() as uow:
                move_order(MoveOrder(number, move, NOW, "jujia", payload=payload), uow)
                uow.commit()
        if search:
            with store.reading() as uow:
                assert number in {order.number for order in uow.orders.search(phone)}
        yield


def work(
    url: str, keys: str, process: int, kind: str, seconds: float, results: multiprocessing.Queue[int]
) -> None:
    """One process: THREADS at a time, as a server has."""
    store = open_store(load_settings(db=url, keys=Path(keys)))
    store.tail.follow()
    begin = threading.Barrier(THREADS)

    def live(thread: int) -> int:
        moves = SHORT if kind == "short" else FULL
        lives = cycles(store, process * THREADS + thread, moves, search=kind == "short")
        for _ in range(5):
            next(lives)
        begin.wait()
        until, done = time.monotonic() + seconds, 0
        while time.monotonic() < until:
            next(lives)
            done += 1
        return done

    with ThreadPoolExecutor(THREADS) as pool:
        results.put(sum(pool.map(live, range(THREADS))))
    store.close()


def rate(url: str, keys: str, kind: str, seconds: float) -> float:
    """Cycles a second of all processes together."""
    context = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[int] = context.Queue()
    workers = [
        context.Process(target=work, args=(url, keys, process, kind, seconds, results))
        for process in range(PROCESSES)
    ]
    for worker in workers:
        worker.start()
    done = sum(results.get() for _ in workers)
    for worker in workers:
        worker.join()
    return done / seconds


def county(uow: UnitOfWork, region: str) -> object:
    """The queue as the duty staff of a county see it."""
    reach = Reach(load_matrix().within[region])
    return uow.order_lists.page(OrderFilter(reach, OPEN_STATES), before=None, limit=51)


def reads(store: Store, times: int) -> dict[str, float]:
    """Milliseconds at p95 of what staff wait for."""
    asked: dict[str, Callable[[int], object]] = {
        "queue page": lambda _: uow.orders.queue(states=OPEN_STATES, limit=50),
        "queue page of a department": lambda _: uow.orders.queue(
            states=OPEN_STATES, department="town", limit=50
        ),
        "queue page of a county with half of all": lambda _: county(uow, "640106"),
        "queue page of a small county": lambda _: county(uow, "640424"),
        "queue page of a county with none": lambda _: county(uow, "640425"),
        "by phone": lambda turn: uow.orders.search(f"138{turn:08d}"),
        "by name": lambda turn: uow.orders.search(f"马秀英{turn % 100}"),
        "people by name": lambda turn: uow.people_lists.page(
            f"马秀英{turn % 100}", Reach(), after=None, limit=50
        ),
    }
    found = {}
    for name, ask in asked.items():
        taken = []
        for turn in range(times):
            begun = time.perf_counter()
            with store.reading() as uow:
                ask(turn)
            taken.append(time.perf_counter() - begun)
        found[name] = percentile(taken, 0.95)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, nargs="+", default=[1_000, 1_000_000])
    parser.add_argument("--people", type=int, default=1_200_000)
    parser.add_argument("--seconds", type=float, default=20)
    given = parser.parse_args()
    rows: dict[str, list[float]] = {}
    for orders in given.orders:
        with (
            postgres_server("shared_buffers=1GB", "max_wal_size=4GB") as url,
            tempfile.TemporaryDirectory() as keys,
        ):
            store = open_store(load_settings(db=url, keys=Path(keys)))
            begun = time.monotonic()
            build(store, people=min(given.people, max(1_000, orders * 2)), orders=orders, now=NOW)
            print(f"{orders:,} orders built in {time.monotonic() - begun:.0f} s", flush=True)
            measured = {
                f"{kind} cycles/s": rate(url, keys, kind, given.seconds) for kind in ("short", "full")
            } | {f"{name} p95 ms": taken for name, taken in reads(store, 200).items()}
            store.close()
        for name, value in measured.items():
            rows.setdefault(name, []).append(value)
    print(f"{'':36}" + "".join(f"{orders:>14,}" for orders in given.orders))
    for name, values in rows.items():
        last = f"{values[-1] / values[0]:9.2f}×" if len(values) > 1 else ""
        print(f"  {name:34}" + "".join(f"{value:14.1f}" for value in values) + last)


if __name__ == "__main__":
    main()
