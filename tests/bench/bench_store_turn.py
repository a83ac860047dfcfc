"""What a turn of the line costs in the store: `python tests/bench/bench_store_turn.py [elders]`. Target: 4 ms p95 on SQLite.

A turn reads who calls, their orders and the conversation, and writes the conversation, two lines and the reply.
"""

from __future__ import annotations

import os
import platform
import random
import sys
import tempfile
import time
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

from backend.domain.order import Wanted
from backend.services.commands import PlaceOrder
from backend.services.import_people import import_people
from backend.services.place_order import place_order
from backend.services.ports import ContactRecord, Line
from backend.store.open import Store, open_store
from config.settings import load_settings

sys.path.insert(0, str(Path(__file__).parent))
from bench_import import write_list

CONTACTS, ORDERS, TURNS = 10_000, 20_000, 2_000
NOW = datetime(2026, 11, 23, 9, 10)
# About as much as a conversation with one open request remembers.
MEMORY = {
    "forms": [{"item": "meal", "place": "银川市金凤区长城花园3号楼2单元501", "details": ["软和点"]}],
    "said": ["好的。"] * 3,
}


def fill(store: Store, folder: Path, elders: int) -> None:
    write_list(folder / "people.csv", elders)
    import_people(folder / "people.csv", store, today=date(2026, 11, 23))
    for start in range(0, CONTACTS, 1000):
        with store.unit_of_work() as uow:
            for count in range(start, start + 1000):
                said = [
                    Line(NOW, "caller", "订饭"),
                    Line(NOW, "line", "好的。给您订明天中午的饭，对吗？"),
                ] * 4
                uow.contacts.save(
                    ContactRecord(f"s{count}", f"139{count * 7:08d}", "spoken", MEMORY, NOW, 1), said
                )
            uow.commit()
    for start in range(0, ORDERS, 1000):
        with store.unit_of_work() as uow:
            for count in range(start, start + 1000):
                at, number = NOW - timedelta(days=count % 60), f"139{count % 5000 * 7:08d}"
                command = PlaceOrder(
                    f"k{count}",
                    "meal",
                    "self",
                    number,
                    f"s{count}",
                    at,
                    Wanted("2026-11-24"),
                    place="长城花园",
                )
                place_order(command, uow)
            uow.commit()


def turn(store: Store, session: str, number: str, step: int, *, apart: bool) -> None:
    """One turn, reading and writing in transactions of their own (`apart`) or in one."""
    with store.reading() if apart else store.unit_of_work() as uow:
        assert uow.contacts.reply_to(session, f"m{step}") is None
        record = uow.contacts.get(session)
        caller = uow.people.find_caller(number)
        known = [caller.elder] if caller.elder else []
        ids = [elder.id for elder in (*known, *(ward.elder for ward in caller.wards)) if elder.id]
        uow.orders.of_people(number, ids)
        assert record is not None
        if not apart:
            write(uow, record, step)
    if apart:
        with store.unit_of_work() as uow:
            write(uow, record, step)


def write(uow: object, record: ContactRecord, step: int) -> None:
    said = [Line(NOW, "caller", "明天中午"), Line(NOW, "line", "好的。给您订明天中午的饭，对吗？")]
    uow.contacts.save(replace(record, version=record.version + 1), said)
    uow.contacts.remember_reply(record.session, f"m{step}", {"sentences": ["好的。"], "asks": "confirm"})
    uow.commit()


def main() -> None:
    elders = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    chance = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        url = os.environ.get("NUANXIAN_BENCH_DB") or f"sqlite:///{folder}/bench.sqlite"
        store = open_store(load_settings(db=url, keys=Path(folder) / "keys"))
        fill(store, Path(folder), elders)
        for apart in (True, False):
            took, computed = [], []
            for step in range(TURNS):
                count = chance.randrange(CONTACTS)
                begun, begun_cpu = time.perf_counter(), time.thread_time()
                turn(store, f"s{count}", f"139{count * 7:08d}", step + TURNS * apart, apart=apart)
                computed.append((time.thread_time() - begun_cpu) * 1000)
                took.append((time.perf_counter() - begun) * 1000)
            p50, p95, p99 = (sorted(took)[int(TURNS * share)] for share in (0.5, 0.95, 0.99))
            cpu95 = sorted(computed)[int(TURNS * 0.95)]  # what it takes when nothing else runs on the machine
            how = "one read and one write transaction" if apart else "one transaction"
            print(
                f"{how}: p50 {p50:.2f} ms, p95 {p95:.2f} ms, p99 {p99:.2f} ms; computing p95 {cpu95:.2f} ms ({TURNS} turns)"
            )
        for what, ask in (
            ("queue page of 50", lambda uow: uow.orders.queue(limit=50)),
            (
                "queue page of 50, one department, routed",
                lambda uow: uow.orders.queue(states=("routed",), department="home_service"),
            ),
            ("search of a name", lambda uow: uow.orders.search("马秀英")),
        ):
            begun = time.perf_counter()
            for _ in range(50):
                with store.reading() as uow:
                    ask(uow)
            print(f"{what}: {(time.perf_counter() - begun) * 20:.2f} ms")
        store.close()
    print(
        f"{store.engine.dialect.name}, {elders} elders, {CONTACTS} contacts, {ORDERS} orders; Python {platform.python_version()}, {os.cpu_count()} cores"
    )


if __name__ == "__main__":
    main()
