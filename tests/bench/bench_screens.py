"""Order placed by the API → visible on the staff screens of every process, with many screens open.

A real `nuanxian run --workers 2` on PostgreSQL; each screen is a login of its own with the live stream of the queue page open.
Timed from sending the order until the list that holds it has arrived at a screen. Goal: p95 below 300 ms with 200 screens.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import secrets
import tempfile
import time
from datetime import datetime
from pathlib import Path

from backend.domain.staff import Role, StaffUser
from backend.store.open import Store, open_store
from backend.web.cookie import NAME
from config.settings import load_settings
from tests.bench.bench_api import ORDER, Client, make_tokens, server
from tests.bench.bench_queue_page import cookie_of
from tests.bench.build_orders import build
from tests.bench.machine import describe_load, percentile
from tests.bench.postgres import postgres_server

SCREENS, ORDERS, EVERY_S = 200, 30, 1.5
GOAL_MS = 300.0
MESSAGE = b"event: orders"


class Screen:
    """One open staff page: it reads its stream and shows the list that comes along it."""

    def __init__(self, port: int, cookie: str) -> None:
        self._port, self._cookie = port, cookie
        self.seen: dict[str, float] = {}  # order number → when its row was there
        self.waited_for: set[str] = set()

    async def show(self, ready: asyncio.Semaphore) -> None:
        """Follow the stream until cancelled; `ready` is released once it is open."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=2**20)
        request = f"GET /staff/events?list=1 HTTP/1.1\r\nHost: x\r\nCookie: {self._cookie}\r\n\r\n"
        writer.write(request.encode())
        assert b" 200 " in await reader.readuntil(b"\r\n\r\n")
        ready.release()
        heard = b""
        try:
            while more := await reader.read(2**20):
                heard += more
                self._look(heard)
                heard = heard[heard.rfind(MESSAGE) :] if MESSAGE in heard else heard
        finally:
            writer.close()

    def _look(self, heard: bytes) -> None:
        for number in self.waited_for - self.seen.keys():
            if f"order-{number}".encode() in heard:
                self.seen[number] = time.monotonic()


async def watch(port: int, token: str, cookies: list[str], orders: int) -> tuple[list[float], int]:
    """Seconds until each screen showed each order, and how many never did."""
    screens = [Screen(port, cookie) for cookie in cookies]
    ready = asyncio.Semaphore(0)
    shown = [asyncio.create_task(screen.show(ready)) for screen in screens]
    for _ in screens:
        await ready.acquire()
    await asyncio.sleep(2)
    client, sent = Client(port, token), {}
    for turn in range(orders + 3):
        begun = time.monotonic()
        order = ORDER | {"caller": f"137{turn:08d}"}
        number = (await client.expect(201, "POST", "/orders", order))["number"]
        for screen in screens:
            screen.waited_for.add(number)
        if turn >= 3:  # the first ones find everything cold
            sent[number] = begun
        await asyncio.sleep(max(0.0, begun + EVERY_S - time.monotonic()))
    await asyncio.sleep(3)
    for task in shown:
        task.cancel()
    await asyncio.gather(*shown, return_exceptions=True)
    found = [
        screen.seen[number] - begun
        for screen in screens
        for number, begun in sent.items()
        if number in screen.seen
    ]
    return found, len(sent) * len(screens) - len(found)


def make_logins(store: Store, count: int) -> list[StaffUser]:
    users = [StaffUser(f"screen{turn}", f"screen{turn}", Role.OPERATOR, "") for turn in range(count)]
    with store.unit_of_work() as uow:
        for user in users:
            uow.staff.save(user)
        uow.commit()
        return [found for user in users if (found := uow.staff.get(user.login))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--screens", type=int, default=SCREENS)
    parser.add_argument("--orders", type=int, default=ORDERS, help="placed one after the other")
    parser.add_argument("--stored", type=int, default=10_000, help="orders in the database")
    given = parser.parse_args()
    key, secret = base64.b64encode(secrets.token_bytes(32)).decode(), secrets.token_hex(32)
    with (
        postgres_server("shared_buffers=1GB", "max_wal_size=4GB", "max_connections=200") as url,
        tempfile.TemporaryDirectory() as keys,
    ):
        settings = load_settings(db=url, keys=Path(keys), data_key=key, secret=secret)
        store = open_store(settings)
        build(
            store,
            people=max(1_000, given.stored),
            orders=given.stored,
            now=datetime(2026, 11, 24, 10, 0),
        )
        token = make_tokens(store)[0]
        cookies = [f"{NAME}={cookie_of(settings, user)}" for user in make_logins(store, given.screens)]
        environment = {"NUANXIAN_DATA_KEY": key, "NUANXIAN_SECRET": secret, "NUANXIAN_DEMO": "false"}
        with server(url, environment) as (port, _):
            print(describe_load())
            taken, missing = asyncio.run(watch(port, token, cookies, given.orders))
        store.close()
    p50, p95, worst = (percentile(taken, share) for share in (0.5, 0.95, 1.0))
    print(
        f"  {given.screens} screens, {given.orders} orders: p50 {p50:.0f}, p95 {p95:.0f} (goal {GOAL_MS:.0f}), "
        f"longest {worst:.0f} ms; never shown: {missing}"
    )


if __name__ == "__main__":
    main()
