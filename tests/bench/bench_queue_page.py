"""How long the server takes for the staff queue with 100,000 orders on SQLite. Target: p95 at most 30 ms.

`--served`: the whole page over HTTP instead, from a real `nuanxian run --workers 2` on PostgreSQL with 1,000,000 orders and
1.2 million people, for logins of every scope.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import secrets
import tempfile
import time
from dataclasses import replace
from datetime import datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path

from fastapi import FastAPI
from sqlalchemy import Connection, func, insert, literal, select
from starlette.requests import Request
from starlette.responses import Response

from backend.domain.order import Order, State, Wanted
from backend.domain.queue import TaskKind
from backend.domain.staff import Role, StaffUser
from backend.services.commands import OpenTask, PlaceOrder
from backend.services.open_task import open_task
from backend.services.place_order import place_order
from backend.store.open import Store, open_store
from backend.web.app import create_app
from backend.web.cookie import NAME, Cookie
from config.catalogue import load_catalogue
from config.settings import Settings, load_settings
from tests.bench.bench_api import server, server_cpu_s
from tests.bench.build_orders import build
from tests.bench.machine import describe_load, percentile, tree_cpu_s
from tests.bench.postgres import postgres_server
from tests.bench.queue_cases import scopes

ORDERS = 100_000
REAL = 1_000  # placed one by one; the rest are copies of these with numbers of their own
TARGET_MS = 30.0
NOW = datetime(2026, 11, 24, 10, 0)
# Of a year's orders nearly all are done.
STATES = [State.DONE] * 90 + [State.CANCELLED] * 5 + [State.ROUTED] * 3 + [State.ACCEPTED] * 2


def fill(store: Store, orders: int) -> None:
    """Orders of one year, and what waits on a busy morning: one emergency, six people who want a person."""
    items = list(load_catalogue())
    with store.unit_of_work() as uow:
        uow.staff.save(StaffUser("operator", "李静", Role.OPERATOR, ""))
        uow.staff.save(StaffUser("home", "马晓燕", Role.DEPARTMENT, "", department="home_service"))
        for count in range(REAL):
            place_order(_order(count, items[count % len(items)]), uow)
        for count in range(7):
            open_task(_task(count), uow)
        uow.commit()
    with store.engine.begin() as connection:
        _copy(connection, store, orders)


def _copy(connection: Connection, store: Store, orders: int) -> None:
    table = store.tables.orders
    for state_of, state in enumerate(STATES):
        connection.execute(
            table.update().where(table.c.id % len(STATES) == state_of).values(state=state.value)
        )
    others = [column for column in table.c if column.name not in ("id", "number")]
    for copy in range(1, orders // REAL):
        number = func.substr(literal(f"{copy + 100:04d}"), 1, 4).op("||")(func.substr(table.c.number, 5, 4))
        rows = select(number, *others).where(table.c.id <= REAL)
        connection.execute(insert(table).from_select(["number", *(column.name for column in others)], rows))
    history = store.tables.order_history
    rest = [column for column in history.c if column.name != "order_id"]
    same = history.c.order_id == (table.c.id - 1) % REAL + 1
    copies = select(table.c.id, *rest).join(history, same).where(table.c.id > REAL)
    connection.execute(insert(history).from_select(["order_id", *(column.name for column in rest)], copies))


def _order(count: int, item: str) -> PlaceOrder:
    return PlaceOrder(
        key=f"order-{count}", item=item, beneficiary="self", caller=f"139{count:08d}", session=f"session-{count}",
        at=NOW - timedelta(seconds=REAL - count), wanted=Wanted(iso="2026-11-25T14:00/2026-11-25T18:00"),
        beneficiary_name=f"马秀兰{count}", place="银川市金凤区长城花园3号楼2单元501", phone=f"139{count:08d}",
    )  # fmt: skip


def _task(count: int) -> OpenTask:
    kind = TaskKind.EMERGENCY if count == 0 else TaskKind.HANDOFF
    return OpenTask(
        key=f"task-{count}", kind=kind, session=f"call-{count}", sender="13909510012", at=NOW, text="我摔倒了起不来",
        why="fall: 摔倒", who="马秀兰", phone="13909510012", told=("马丽 女儿 13909510013",),
    )  # fmt: skip


def cookie_of(settings: Settings, user: StaffUser) -> str:
    """What a browser of this person sends, without the time that checking a password takes."""
    cookie, response = Cookie(settings.cookie_secret()), Response()
    request = Request(
        {
            "type": "http",
            "headers": [],
            "scheme": "http",
            "path": "/",
            "server": ("x", 80),
            "query_string": b"",
        }
    )
    cookie.write(request, response, cookie.new(user))
    return response.headers["set-cookie"].split(";")[0].removeprefix(f"{NAME}=")


async def measure(app: FastAPI, path: str, cookie: str, times: int) -> tuple[list[float], list[float], int]:
    """Seconds of each of some requests by the clock and of the processor, and the bytes of one answer.

    They go straight into the app: no network and no client in between. On a machine that does other things too, the
    processor's time tells what the page costs, the clock what the others left of it.
    """
    address, _, query = path.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http", "path": address,
        "raw_path": address.encode(), "query_string": query.encode(), "root_path": "", "server": ("bench", 80),
        "client": ("bench", 1), "headers": [(b"host", b"bench"), (b"cookie", f"{NAME}={cookie}".encode())],
    }  # fmt: skip
    size, status = 0, 0
    seconds: list[float] = []
    busy: list[float] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        nonlocal size, status
        if message["type"] == "http.response.start":
            status, size = int(str(message["status"])), 0
        else:
            size += len(bytes(message.get("body", b"")))  # type: ignore[call-overload]

    for _ in range(times + 5):
        begun, worked = time.perf_counter(), time.process_time()
        await app(dict(scope), receive, send)  # type: ignore[arg-type]
        seconds.append(time.perf_counter() - begun)
        busy.append(time.process_time() - worked)
        assert status == 200, (path, status)
    return seconds[5:], busy[5:], size


def some_order(store: Store) -> Order:
    with store.reading() as uow:
        return uow.orders.queue(limit=1)[0]


def ask(port: int, path: str, cookie: str, times: int) -> tuple[list[float], int]:
    """Seconds of each of some requests over one connection, and the bytes of one answer."""
    connection, seconds, size = HTTPConnection("127.0.0.1", port), [], 0
    for _ in range(times + 5):
        begun = time.perf_counter()
        connection.request("GET", path, headers={"Cookie": f"{NAME}={cookie}"})
        answer = connection.getresponse()
        size = len(answer.read())
        seconds.append(time.perf_counter() - begun)
        assert answer.status == 200, (path, answer.status)
    connection.close()
    return seconds[5:], size


def ask_all(settings: Settings, store: Store, port: int, process: int, orders: int, times: int) -> None:
    """The page as logins of every scope see it, one line each; processor time of the servers (`process`, PostgreSQL) is the mean."""
    with store.unit_of_work() as uow:
        for scope, user in scopes().items():
            uow.staff.save(replace(user, login=scope.replace(" ", "-").replace(",", "")))
        for count in range(7):
            open_task(_task(count), uow)
        uow.commit()
    for scope in scopes():
        with store.reading() as uow:
            login = uow.staff.get(scope.replace(" ", "-").replace(",", ""))
        assert login is not None
        for path in (
            "/staff", "/staff?state=late", "/staff?state=all", "/staff?state=closed", f"/staff?before=0000{orders // 100}",
            "/staff?q=13900000500", "/staff?q=%E9%A9%AC%E7%A7%80%E8%8B%B17",
        ):  # fmt: skip
            worked = tree_cpu_s(process) + server_cpu_s(store)
            seconds, size = ask(port, path, cookie_of(settings, login), times)
            busy = (tree_cpu_s(process) + server_cpu_s(store) - worked) / (times + 5) * 1000
            p50, p95 = percentile(seconds, 0.5), percentile(seconds, 0.95)
            print(
                f"  {scope:24} {path:34} p50 {p50:6.1f}  p95 {p95:6.1f}  processor {busy:5.1f}  {size / 1024:4.0f} kB",
                flush=True,
            )


def served(orders: int, people: int, times: int) -> None:
    """Build, start and ask."""
    key, secret = base64.b64encode(secrets.token_bytes(32)).decode(), secrets.token_hex(32)
    with (
        postgres_server("shared_buffers=1GB", "max_wal_size=4GB") as url,
        tempfile.TemporaryDirectory() as keys,
    ):
        settings = load_settings(db=url, keys=Path(keys), data_key=key, secret=secret)
        store = open_store(settings)
        build(store, people=people, orders=orders, now=NOW)
        environment = {"NUANXIAN_DATA_KEY": key, "NUANXIAN_SECRET": secret, "NUANXIAN_DEMO": "false"}
        with server(url, environment) as (port, process):
            print(f"{orders:,} orders on PostgreSQL over HTTP, {times} requests each (ms), {describe_load()}")
            ask_all(settings, store, port, process, orders, times)
        store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--served", action="store_true")
    arguments, _ = parser.parse_known_args()
    if arguments.served:
        served(arguments.orders or 1_000_000, 1_200_000, arguments.times)
    else:
        in_process(arguments.orders or ORDERS, arguments.times)


def in_process(orders: int, times: int) -> None:
    """Straight into the app, on SQLite."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(db=f"sqlite:///{folder}/bench.sqlite", keys=Path(folder) / "keys")
        store = open_store(settings)
        fill(store, orders)
        app = create_app(store, settings, store.live, lambda: NOW)
        number = some_order(store).number
        print(f"{orders:,} orders on SQLite, {times} requests each (ms)")
        for path, login in (
            ("/staff", "operator"), ("/staff/part/orders", "operator"), ("/staff/part/tasks", "operator"),
            ("/staff?state=all", "operator"), ("/staff?state=done", "operator"), ("/staff?department=town", "operator"),
            ("/staff", "home"), (f"/staff?before={number}", "operator"), ("/staff?q=13900000500", "operator"),
            (f"/staff/orders/{number}", "operator"),
        ):  # fmt: skip
            with store.reading() as uow:
                user = uow.staff.get(login)
            assert user is not None
            seconds, busy, size = asyncio.run(measure(app, path, cookie_of(settings, user), times))
            p50, p95 = percentile(seconds, 0.5), percentile(seconds, 0.95)
            verdict = "ok" if p95 <= TARGET_MS else f"OVER {TARGET_MS:.0f}"
            cpu = percentile(busy, 0.95)
            print(
                f"  {login:9} {path:28} p50 {p50:6.1f}  p95 {p95:6.1f}  processor p95 {cpu:5.1f}  {size / 1024:4.0f} kB  {verdict}"
            )
        store.close()


if __name__ == "__main__":
    main()
