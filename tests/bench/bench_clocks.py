"""Thousands of clocks that are due at the same moment, as with the noon meals: how late the last of them speaks, on both databases.

The orders were accepted for the same hour; all are warned of together, and reported up together when nobody has set out. The
processes run the job as a server does, two on PostgreSQL, one on SQLite.
Target: the last clock speaks within 5 s of its moment with 3,000 of them.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from multiprocessing.synchronize import Event, Semaphore
from pathlib import Path
from typing import Any

from sqlalchemy import text

from backend.domain.order import Move, Wanted
from backend.jobs.runner import Runner
from backend.jobs.standard import standard_jobs
from backend.services.commands import MoveOrder, PlaceOrder
from backend.services.move_order import move_order
from backend.services.place_order import place_order
from backend.store.open import Store, open_store
from config.settings import load_settings
from tests.bench.figure import Figure
from tests.bench.postgres import postgres_server

PLACED = datetime(2026, 11, 24, 10, 0)
NOON = datetime(2026, 11, 25, 12, 0)
WARNED, REPORTED = NOON - timedelta(minutes=15), NOON + timedelta(minutes=30)  # «arrive» in config/sla.yaml
AT_ONCE = 500  # orders placed in one transaction
AHEAD = timedelta(seconds=2)  # how long before the moment the processes begin
GOAL_S, GOAL_CLOCKS = 5.0, 3_000
LONGEST_S = 300.0


def place(store: Store, count: int) -> None:
    """Accepted orders, all wanted at noon."""
    for begun in range(0, count, AT_ONCE):
        with store.unit_of_work() as uow:
            for one in range(begun, min(count, begun + AT_ONCE)):
                command = PlaceOrder(
                    key=None, item="meal", beneficiary="self", caller=f"138{one:08d}", session=f"s-{one}", at=PLACED,
                    wanted=Wanted(NOON.isoformat(timespec="minutes")), beneficiary_name="马秀英", phone=f"138{one:08d}",
                    place="银川市金凤区长城花园3号楼2单元501",
                )  # fmt: skip
                number = place_order(command, uow).number
                move_order(MoveOrder(number, Move.ACCEPT, PLACED, "hs-yc-1"), uow)
            uow.commit()


def work(url: str, keys: str, opened: Semaphore, shift_s: Any, begin: Event, stop: Event) -> None:
    """One server process as far as clocks go, in a local time that is shifted."""
    store = open_store(load_settings(db=url, keys=Path(keys)))
    opened.release()
    begin.wait()
    shift = timedelta(seconds=shift_s.value)
    runner = Runner(standard_jobs(store)[:1], clock=lambda: datetime.now() + shift)  # noqa: DTZ005
    runner.start()
    stop.wait()
    runner.stop()
    store.close()


def longest_lateness_s(store: Store, url: str, keys: str, processes: int, moment: datetime) -> float:
    """Seconds from the moment until the last clock that was due then has spoken."""
    context = multiprocessing.get_context("spawn")
    opened, begin, stop = context.Semaphore(0), context.Event(), context.Event()
    shift_s = context.Value("d", 0.0)
    workers = [
        context.Process(target=work, args=(url, keys, opened, shift_s, begin, stop)) for _ in range(processes)
    ]
    for worker in workers:
        worker.start()
    for _ in workers:
        opened.acquire()
    shift = moment - AHEAD - datetime.now()  # noqa: DTZ005
    shift_s.value = shift.total_seconds()
    begin.set()
    late_s = 0.0
    while late_s < LONGEST_S:
        time.sleep(0.05)
        late_s = (datetime.now() + shift - moment).total_seconds()  # noqa: DTZ005
        if late_s > 0 and not still_due(store, moment):
            break
    stop.set()
    for worker in workers:
        worker.join()
    return late_s


def still_due(store: Store, moment: datetime) -> bool:
    with store.reading() as uow:
        oldest = uow.deadlines.oldest()
    return oldest is not None and oldest <= moment


@contextmanager
def sqlite_file() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/bench.sqlite"


def measure(kind: str, clocks: int) -> list[Figure]:
    processes = 1 if kind == "SQLite" else 2
    database = sqlite_file() if kind == "SQLite" else postgres_server()
    with database as url, tempfile.TemporaryDirectory() as keys:
        store = open_store(load_settings(db=url, keys=Path(keys)))
        place(store, clocks)
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("ANALYZE"))
        taken = {
            name: longest_lateness_s(store, url, keys, processes, moment)
            for name, moment in (("warnings", WARNED), ("reports", REPORTED))
        }
        store.close()
    promised = clocks <= GOAL_CLOCKS
    return [
        Figure(
            f"{kind}, {processes} process{'es' * (processes > 1)}, {clocks:,} {name} at once: the last one is late by",
            f"{late:.1f} s ({clocks / late:.0f}/s)",
            f"{GOAL_S:.0f} s" if promised else "",
            late < GOAL_S if promised else None,
        )
        for name, late in taken.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clocks", type=int, nargs="+", default=[GOAL_CLOCKS, 10_000])
    parser.add_argument(
        "--database", choices=["SQLite", "PostgreSQL"], nargs="+", default=["SQLite", "PostgreSQL"]
    )
    given = parser.parse_args()
    for kind in given.database:
        for clocks in given.clocks:
            for figure in measure(kind, clocks):
                print(f"  {figure}", flush=True)


if __name__ == "__main__":
    main()
