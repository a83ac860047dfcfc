"""Life cycles a second on PostgreSQL with 1,000 and with 1,000,000 orders, and how long every list of orders takes that staff can
ask for (`queue_cases`), at the level of the services.

`short`: create, assign, resolve, search, each a transaction of its own: what DIGIT's published figures count.
`full`: placed, accepted, set out, started, done, confirmed, followed up, closed, with audit trail and deadlines.
Target: short at least 100/s and full at least 30/s, and at a million orders at least 0.9 of that at a thousand; a page of the queue
p95 30 ms, a search 50 ms, whoever asks. Takes about ten minutes.
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import text

from backend.domain.order import Move, Wanted
from backend.services.commands import MoveOrder, PlaceOrder
from backend.services.move_order import move_order
from backend.services.place_order import place_order
from backend.store.open import Store, open_store
from config.settings import load_settings
from tests.bench.build_orders import build
from tests.bench.machine import describe_load, percentile
from tests.bench.postgres import postgres_server
from tests.bench.queue_cases import Case, cases, people_cases

NOW = datetime(2026, 11, 24, 10, 0)
PROCESSES, THREADS = 2, 6
WAYS = PROCESSES * THREADS
Life = tuple[tuple[Move, dict[str, object]], ...]
FULL: Life = (
    (Move.ACCEPT, {}), (Move.SET_OUT, {}), (Move.START, {"place": "x"}), (Move.FINISH, {"photos": ["a.jpg"]}),
    (Move.CONFIRM, {"satisfaction": 5}), (Move.FOLLOW_UP, {"satisfaction": 5}), (Move.CLOSE, {}),
)  # fmt: skip
WARM = 3  # questions before it counts: the first ones make statements and plans
SHORT: Life = ((Move.ACCEPT, {}), (Move.FINISH, {}))


def cycles(store: Store, process: int, moves: Life, *, search: bool) -> Iterator[None]:
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


class Asked(NamedTuple):
    """Milliseconds that one question took: by the clock, and of the processor (PostgreSQL and ours together)."""

    p50: float
    p95: float
    processor_p95: float


def reads(store: Store, orders: int, times: int, most_s: float) -> dict[Case, Asked]:
    """Every question of staff, asked `times` times or for `most_s` seconds, whichever ends first."""
    with store.engine.connect() as connection:
        server = int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
    found = {}
    all_cases = [*cases(NOW, orders), *people_cases()]
    for done, case in enumerate(all_cases):
        if done % 50 == 0:
            say(f"  {done} of {len(all_cases)} questions")
        gc.collect()  # of the questions before: 33 to 48 ms that would fall on one of these
        taken: list[float] = []
        busy: list[float] = []
        for turn in range(times + WARM):
            with store.reading() as uow:
                begun, worked = time.perf_counter(), worked_s(server)
                case.ask(uow, turn)
                taken.append(time.perf_counter() - begun)
                busy.append(worked_s(server) - worked)
            if len(taken) > 2 * WARM and sum(taken) > most_s:
                break
        del taken[:WARM], busy[:WARM]
        found[case] = Asked(percentile(taken, 0.5), percentile(taken, 0.95), percentile(busy, 0.95))
    return found


def worked_s(server: int) -> float:
    """Processor time of this process and of the one of PostgreSQL that answers it."""
    return time.process_time() + int(Path(f"/proc/{server}/schedstat").read_text().split()[0]) / 1e9


def say(what: str) -> None:
    """How far it is, beside the table."""
    print(f"{time.strftime('%H:%M:%S')} {what} (load {os.getloadavg()[0]:.1f})", file=sys.stderr, flush=True)


def measured(given: argparse.Namespace, orders: int) -> tuple[dict[str, float], dict[Case, Asked]]:
    """Cycles a second, and how long each question takes, with so many orders."""
    with (
        postgres_server("shared_buffers=1GB", "max_wal_size=4GB") as url,
        tempfile.TemporaryDirectory() as keys,
    ):
        store = open_store(load_settings(db=url, keys=Path(keys)))
        say(f"{orders:,} orders: being built")
        build(store, people=min(given.people, max(1_000, orders * 2)), orders=orders, now=NOW)
        rates = {}
        for kind in ("short", "full") if given.seconds else ():
            say(f"{orders:,} orders: {kind} cycles")
            rates[kind] = rate(url, keys, kind, given.seconds)
        say(f"{orders:,} orders: questions")
        asked = reads(store, orders, given.times, given.most_s)
        store.close()
    return rates, asked


def show(sizes: Sequence[int], rates: Sequence[dict[str, float]], asked: Sequence[dict[Case, Asked]]) -> None:
    """One table, sizes side by side."""
    print(f"{'':56}" + "".join(f"{orders:>28,} orders" for orders in sizes))
    for kind in rates[0]:
        print(f"  {f'{kind} cycles/s':54}" + "".join(f"{values[kind]:35.1f}" for values in rates))
    print(f"{'':56}" + f"{'p50      p95  processor p95 ms':>35}" * len(sizes) + "    goal")
    short = 0
    names = [{(case.scope, case.name): value for case, value in values.items()} for values in asked]
    for case in asked[-1]:
        values = [found[case.scope, case.name] for found in names]
        met = values[-1].p95 <= case.goal_ms
        short += not met
        figures = "".join(f"{one.p50:13.1f}{one.p95:9.1f}{one.processor_p95:13.1f}" for one in values)
        print(f"  {case.scope:24}{case.name:30}{figures}{case.goal_ms:8.0f} {'' if met else 'OVER'}")
    print(f"{len(asked[-1]) - short} of {len(asked[-1])} questions within their goal at {sizes[-1]:,} orders")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, nargs="+", default=[1_000, 1_000_000])
    parser.add_argument("--people", type=int, default=1_200_000)
    parser.add_argument("--seconds", type=float, default=15, help="of each kind of cycle; 0: none")
    parser.add_argument("--times", type=int, default=40, help="that each question is asked, at most")
    parser.add_argument("--most-s", type=float, default=0.4, help="seconds for each question")
    given, _ = parser.parse_known_args()
    print(describe_load(), flush=True)
    rates, asked = zip(*(measured(given, orders) for orders in given.orders), strict=True)
    show(given.orders, rates, asked)


if __name__ == "__main__":
    main()
