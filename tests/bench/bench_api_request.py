"""What one request to the HTTP API costs, without sockets and load: processor time of this process and of PostgreSQL, statements.

The whole application with its middlewares, asked one request at a time, in rounds; of each kind the round counts that took the
least processor time. How much a millisecond of it gets done on a shared machine is told by the last column: a fixed sum, timed
before each kind.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import event
from starlette.types import ASGIApp, Message, Scope

from backend.store.open import Store, open_store
from backend.web.app import create_app
from config.settings import Settings, load_settings
from tests.bench.bench_api import ORDER, make_tokens, server_cpu_s
from tests.bench.build_orders import build
from tests.bench.postgres import postgres_server

KINDS = ("create", "assign", "resolve", "search")
WARM = 30


@dataclass
class Asked:
    """The application, asked as a server would ask it. It stays below the limit of each token."""

    app: ASGIApp
    tokens: list[str]
    count: int = 0

    async def ask(self, status: int, method: str, path: str, body: object = None) -> Any:
        self.count += 1
        content = b"" if body is None else orjson.dumps(body)
        path, _, query = path.partition("?")
        token = self.tokens[self.count % len(self.tokens)]
        headers = [(b"host", b"x"), (b"authorization", f"Bearer {token}".encode())]
        if content:
            headers += [
                (b"content-type", b"application/json"),
                (b"content-length", str(len(content)).encode()),
            ]
        scope: Scope = {
            "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": method,
            "scheme": "http", "path": f"/api/v1{path}", "raw_path": f"/api/v1{path}".encode(), "root_path": "",
            "query_string": query.encode(), "headers": headers, "client": ("127.0.0.1", 1), "server": ("x", 80), "state": {},
        }  # fmt: skip
        answers: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: Message) -> None:
            answers.append(message)

        await self.app(scope, receive, send)
        whole = b"".join(message.get("body", b"") for message in answers)
        if answers[0]["status"] != status:
            raise AssertionError(f"{method} {path}: {answers[0]['status']} {whole.decode()}")
        return orjson.loads(whole)


@dataclass
class Cost:
    """Sums over requests of one kind."""

    times: int = 0
    cpu_s: float = 0.0
    wall_s: float = 0.0
    statements: int = 0
    database_s: float = 0.0
    yardstick_s: float = 0.0

    @property
    def processor_ms(self) -> float:
        """Of one request, on both sides."""
        return (self.cpu_s + self.database_s) / self.times * 1000


async def requests(asked: Asked, times: int, around: Callable[[str, Awaitable[Any]], Awaitable[Any]]) -> None:
    """`times` requests of each kind; `around` carries each of them out."""
    phones = [f"138{(time.time_ns() // 1000 + turn) % 10**8:08d}" for turn in range(times)]
    numbers = [
        (await around("create", asked.ask(201, "POST", "/orders", ORDER | {"caller": phone})))["number"]
        for phone in phones
    ]
    for kind, move in (("assign", "accept"), ("resolve", "finish")):
        for number in numbers:
            await around(kind, asked.ask(200, "POST", f"/orders/{number}/moves", {"move": move}))
    for phone, number in zip(phones, numbers, strict=True):
        found = await around("search", asked.ask(200, "GET", f"/orders?q={phone}"))
        assert [order["number"] for order in found["items"]] == [number]


async def measure(asked: Asked, store: Store, times: int) -> dict[str, Cost]:
    """What requests cost, by kind."""
    costs = {kind: Cost() for kind in KINDS}
    count = 0

    def counted(*_: object) -> None:
        nonlocal count
        count += 1

    kind_before = ""

    async def around(kind: str, request: Awaitable[Any]) -> Any:
        nonlocal kind_before
        if kind != kind_before:
            await asyncio.sleep(0.5)  # what was left to do of the kind before
            kind_before = kind
            costs[kind].yardstick_s = yardstick_s()
            costs[kind].database_s -= server_cpu_s(store)
            costs[kind].cpu_s -= time.process_time()
        before, begun = count, time.perf_counter()
        answer = await request
        cost = costs[kind]
        cost.wall_s += time.perf_counter() - begun
        cost.statements += count - before
        cost.times += 1
        if cost.times == times:
            cost.cpu_s += time.process_time()
            cost.database_s += server_cpu_s(store)
        return answer

    engines = [store.engine, *([store.numbers._apart] if store.numbers._apart is not None else [])]
    for engine in engines:
        event.listen(engine, "before_cursor_execute", counted)
    await requests(asked, times, around)
    for engine in engines:
        event.remove(engine, "before_cursor_execute", counted)
    return costs


def yardstick_s() -> float:
    """Processor time of a fixed piece of work."""
    begun = time.process_time()
    for _ in range(10):
        sum(number * number for number in range(100_000))
    return (time.process_time() - begun) / 10


@contextmanager
def database(kind: str) -> Iterator[Settings]:
    with tempfile.TemporaryDirectory() as folder:
        keys = Path(folder) / "keys"
        if kind == "sqlite":
            yield load_settings(db=f"sqlite:///{folder}/x.sqlite", keys=keys)
        else:
            with postgres_server("shared_buffers=1GB", "max_wal_size=4GB") as url:
                yield load_settings(db=url, keys=keys)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("postgresql", "sqlite"), default="postgresql")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--times", type=int, default=50, help="requests of each kind in a round")
    parser.add_argument("--orders", type=int, default=0, help="that are there already (PostgreSQL)")
    given = parser.parse_args()
    with database(given.database) as settings:
        store = open_store(settings)
        if given.orders:
            build(store, people=int(given.orders * 1.2), orders=given.orders, now=datetime.now())  # noqa: DTZ005
        try:
            asked = Asked(create_app(store, settings, store.live), make_tokens(store))
            store.tail.follow()
            asyncio.run(_run(asked, store, given))
        finally:
            store.close()


async def _run(asked: Asked, store: Store, given: argparse.Namespace) -> None:
    await measure(asked, store, WARM)
    rounds = [await measure(asked, store, given.times) for _ in range(given.rounds)]
    costs = {kind: min((one[kind] for one in rounds), key=lambda cost: cost.processor_ms) for kind in KINDS}
    print(f"{'':10}{'CPU ms':>10}{'of PostgreSQL':>16}{'wall ms':>10}{'statements':>12}{'yardstick ms':>14}")
    for kind, cost in costs.items():
        print(
            f"{kind:10}{cost.cpu_s / cost.times * 1000:10.2f}{cost.database_s / cost.times * 1000:16.2f}"
            f"{cost.wall_s / cost.times * 1000:10.2f}{cost.statements / cost.times:12.1f}{cost.yardstick_s * 1000:14.2f}"
        )
    print(f"one cycle of the four: {sum(cost.processor_ms for cost in costs.values()):.1f} ms of processor")


if __name__ == "__main__":
    main()
