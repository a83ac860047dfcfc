"""The four-step cycle of DIGIT's figures (create, assign, resolve, search) and the whole life of orders through the HTTP API,
and a burst.

A real `nuanxian run --workers 2` on a real PostgreSQL with its disk writes, the load generator on the same cores. Targets: 100
cycles/s and 30 lives/s at 1,000 orders, 0.9 of that at 1,000,000; 5,000 requests in 10 s: nothing lost that was acknowledged, no
refusal but 429 and 503 with Retry-After, back to normal within 30 s.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from socket import create_server
from statistics import mean
from typing import Any
from urllib.request import urlopen

import orjson

from backend.domain.order import State
from backend.domain.staff import Role, StaffUser
from backend.services.access import actor_of
from backend.services.tokens import add_token
from backend.store.open import Store, open_store
from config.settings import load_settings
from tests.bench.bench_orders import FULL
from tests.bench.build_orders import build
from tests.bench.machine import describe_load, percentile, tree_cpu_s
from tests.bench.postgres import postgres_server

CONNECTIONS = 24
BURST, BURST_S, BURST_CONNECTIONS = 5_000, 10.0, 400
PARTS = ("server", "PostgreSQL", "load generator")
TOKENS = 50  # systems that ask: each has its own limit
ORDER = {
    "item": "meal", "beneficiary": "我妈", "beneficiary_name": "马秀英", "place": "银川市金凤区长城花园3号楼2单元501",
    "wanted": {"iso": "2026-11-25T12:00"}, "details": ["一份"],
}  # fmt: skip


@dataclass
class Client:
    """One connection that is kept open; HTTP as plain as it gets, so that asking costs little beside answering."""

    port: int
    token: str
    _streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = field(default=None, repr=False)

    async def ask(
        self, method: str, path: str, body: object = None, key: str = ""
    ) -> tuple[int, dict[str, str], Any]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port)
        reader, writer = self._streams
        content = b"" if body is None else orjson.dumps(body)
        lines = [f"{method} /api/v1{path} HTTP/1.1", "Host: x", f"Authorization: Bearer {self.token}"]
        lines += [f"Content-Length: {len(content)}", "Content-Type: application/json"] if content else []
        lines += [f"Idempotency-Key: {key}"] if key else []
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + content)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
        answer = await reader.readexactly(int(headers.get("content-length", "0")))
        return int(head[0].split()[1]), headers, orjson.loads(answer) if answer else None

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()

    async def expect(self, status: int, method: str, path: str, body: object = None) -> Any:
        """Ask until it is let in; anything but `status`, 429 and 503 is a failure."""
        while True:
            found, headers, answer = await self.ask(method, path, body)
            if found == status:
                return answer
            if found not in (429, 503):
                raise AssertionError(f"{method} {path}: {found} {answer}")
            await asyncio.sleep(float(headers["retry-after"]))


async def cycle(client: Client, turn: int) -> None:
    """Create, assign, resolve, search."""
    phone = f"138{turn % 10**8:08d}"
    number = (await client.expect(201, "POST", "/orders", ORDER | {"caller": phone}))["number"]
    await client.expect(200, "POST", f"/orders/{number}/moves", {"move": "accept"})
    await client.expect(200, "POST", f"/orders/{number}/moves", {"move": "finish"})
    found = await client.expect(200, "GET", f"/orders?q={phone}")
    assert number in {order["number"] for order in found["items"]}


async def life(client: Client, turn: int) -> None:
    """From placed to closed."""
    order = ORDER | {"caller": f"138{turn % 10**8:08d}"}
    number = (await client.expect(201, "POST", "/orders", order))["number"]
    for move, payload in FULL:
        moved = await client.expect(
            200, "POST", f"/orders/{number}/moves", {"move": move, "payload": payload}
        )
    assert moved["state"] == State.CLOSED


async def cycles(
    port: int, tokens: list[str], seconds: float, one: Callable[[Client, int], Awaitable[None]] = cycle
) -> tuple[float, float]:
    """Cycles (or what `one` is) a second, and milliseconds of one at p95."""
    taken: list[float] = []
    first, begin = time.time_ns() // 1000, time.monotonic()

    async def live(way: int) -> None:
        client, turn = Client(port, tokens[way % len(tokens)]), 0
        while time.monotonic() < begin + seconds:
            begun = time.perf_counter()
            await one(client, first + turn * CONNECTIONS + way)
            taken.append(time.perf_counter() - begun)
            turn += 1
        client.close()

    await asyncio.gather(*(live(way) for way in range(CONNECTIONS)))
    await asyncio.sleep(0)  # the connections go
    return len(taken) / (time.monotonic() - begin), percentile(taken, 0.95)


async def burst(
    port: int,
    tokens: list[str],
    *,
    count: int = BURST,
    seconds: float = BURST_S,
    connections: int = BURST_CONNECTIONS,
) -> tuple[Counter[int], set[str], list[float]]:
    """`count` orders, sent when they are due whatever the server does. Statuses, acknowledged numbers, and the waits.

    Raises AssertionError for a refusal that is not 429 or 503 with Retry-After.
    """
    free: asyncio.Queue[Client] = asyncio.Queue()
    for way in range(connections):
        free.put_nowait(Client(port, tokens[way % len(tokens)]))
    statuses: Counter[int] = Counter()
    acknowledged: set[str] = set()
    waits: list[float] = []
    begin, mark = time.monotonic(), secrets.token_hex(4)

    async def send(turn: int) -> None:
        await asyncio.sleep(max(0.0, begin + turn * seconds / count - time.monotonic()))
        client, begun = await free.get(), time.monotonic()
        order = ORDER | {"caller": f"139{turn:08d}"}
        status, headers, answer = await client.ask("POST", "/orders", order, f"{mark}-{turn}")
        statuses[status] += 1
        waits.append(time.monotonic() - begun)
        if status == 201:
            acknowledged.add(answer["number"])
        else:
            assert status in (429, 503) and int(headers["retry-after"]) >= 1, (status, answer)
        free.put_nowait(client)

    await asyncio.gather(*(send(turn) for turn in range(count)))
    while not free.empty():
        free.get_nowait().close()
    await asyncio.sleep(0)  # the connections go
    return statuses, acknowledged, waits


@contextmanager
def server(url: str, environment: dict[str, str]) -> Iterator[tuple[int, int]]:
    """`nuanxian run --workers 2`, ready: its port and the id of its process."""
    with create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "bot.cli", "run", "--workers", "2", "--port", str(port), "--db", url]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    running = subprocess.Popen(command, env=os.environ | environment, **quiet)
    try:
        until = time.monotonic() + 120
        while time.monotonic() < until:
            try:
                with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                    break
            except OSError:
                time.sleep(0.5)
        time.sleep(5)  # the second process is begun when the first one answers
        yield port, running.pid
    finally:
        running.terminate()
        running.wait(60)


def make_tokens(store: Store) -> list[str]:
    found = []
    with store.unit_of_work() as uow:
        uow.staff.save(StaffUser("bench", "bench", Role.OPERATOR, ""))
        user = uow.staff.get("bench")
        assert user is not None
        for _ in range(TOKENS):
            now = datetime.now()  # noqa: DTZ005 (naive local time, and the bench lives for minutes)
            found.append(
                add_token(
                    uow, actor_of(user, uow), name="bench", scopes=["order.*", "people.*"], days=2, now=now
                )[1]
            )
        uow.commit()
    return found


@dataclass
class Site:
    """Running servers with so many orders, and what was measured of them till now."""

    orders: int
    store: Store
    tokens: list[str]
    port: int
    process: int
    cycles: list[float] = field(default_factory=list)  # a second, one round each
    cycle_p95_s: list[float] = field(default_factory=list)
    lives: list[float] = field(default_factory=list)
    spent_ms: list[tuple[float, ...]] = field(default_factory=list)  # of the PARTS, a cycle

    def run_cycles(self, seconds: float) -> None:
        before = _used(self.process, self.store)
        a_second, p95_s = asyncio.run(cycles(self.port, self.tokens, seconds))
        done = a_second * seconds / 1000
        after = _used(self.process, self.store)
        self.spent_ms.append(tuple((now - then) / done for then, now in zip(before, after, strict=True)))
        self.cycles.append(a_second)
        self.cycle_p95_s.append(p95_s)

    def run_lives(self, seconds: float) -> None:
        self.lives.append(asyncio.run(cycles(self.port, self.tokens, seconds, life))[0])

    def figures(self) -> dict[str, float]:
        found = {
            "cycles/s": mean(self.cycles),
            "cycles/s, slowest round": min(self.cycles),
            "cycle p95 ms": max(self.cycle_p95_s),
        }
        for part, spent in zip(PARTS, zip(*self.spent_ms, strict=True), strict=True):
            found[f"processor ms a cycle: {part}"] = mean(spent)
        return found | {"whole lives/s": mean(self.lives)}


@contextmanager
def site(orders: int) -> Iterator[Site]:
    """A PostgreSQL with so many orders and servers on it, warm."""
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    with (
        postgres_server("shared_buffers=1GB", "max_wal_size=4GB", "max_connections=200") as url,
        tempfile.TemporaryDirectory() as keys,
    ):
        environment = {
            "NUANXIAN_DATA_KEY": key,
            "NUANXIAN_SECRET": secrets.token_hex(32),
            "NUANXIAN_DEMO": "false",
        }
        store = open_store(load_settings(db=url, keys=Path(keys), data_key=key))
        try:
            build(
                store, people=max(1_000, int(orders * 1.2)), orders=orders, now=datetime(2026, 11, 24, 10, 0)
            )
            tokens = make_tokens(store)
            with server(url, environment) as (port, process):
                asyncio.run(cycles(port, tokens, 3))  # everything loaded, plans made
                yield Site(orders, store, tokens, port, process)
        finally:
            store.close()


def measure(
    sizes: list[int], seconds: float, rounds: int, *, with_burst: bool
) -> dict[int, dict[str, float]]:
    """All sizes in turns, a slice of the time each, so that what else the machine does falls on all of them."""
    with ExitStack() as opened:
        sites = [opened.enter_context(site(orders)) for orders in sizes]
        for _ in range(rounds):
            for one in sites:
                one.run_cycles(seconds / rounds)
        for _ in range(rounds):
            for one in sites:
                one.run_lives(seconds / rounds / 2)
        found = {one.orders: one.figures() for one in sites}
        if with_burst:
            last = sites[-1]
            found[last.orders] |= _burst_figures(last.port, last.tokens, last.store, mean(last.cycles))
    return found


def server_cpu_s(store: Store) -> float:
    """Processor time that the processes of the PostgreSQL server have used till now; 0 on SQLite."""
    if store.engine.dialect.name == "sqlite":
        return 0.0
    with store.engine.connect() as connection:
        folder = connection.exec_driver_sql("SHOW data_directory").scalar_one()
    return tree_cpu_s(int((Path(folder) / "postmaster.pid").read_text().split()[0]))


def _used(process: int, store: Store) -> tuple[float, float, float]:
    """Processor time used by the PARTS till now."""
    return tree_cpu_s(process), server_cpu_s(store), time.process_time()


def _burst_figures(port: int, tokens: list[str], store: Store, normal: float) -> dict[str, float]:
    statuses, acknowledged, waits = asyncio.run(burst(port, tokens))
    begun = time.monotonic()
    while asyncio.run(cycles(port, tokens, 2))[0] < 0.8 * normal and time.monotonic() - begun < 60:
        pass
    recovered_s = time.monotonic() - begun
    with store.engine.connect() as connection:
        stored = set(connection.exec_driver_sql("SELECT number FROM orders").scalars())
    assert len(acknowledged) == statuses[201] and acknowledged <= stored, "an acknowledged order is missing"
    return {
        "burst: acknowledged": statuses[201], "burst: 503": statuses[503], "burst: 429": statuses[429],
        "burst: other refusals": sum(count for status, count in statuses.items() if status not in (201, 429, 503)),
        "burst: lost": len(acknowledged - stored), "burst: answer p95 ms": percentile(waits, 0.95),
        "burst: normal again after s (2 is the least)": recovered_s,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, nargs="+", default=[1_000, 1_000_000])
    parser.add_argument("--seconds", type=float, default=20, help="of cycles, for each number of orders")
    parser.add_argument("--rounds", type=int, default=5, help="the sizes take turns so often")
    parser.add_argument("--no-burst", action="store_true")
    given = parser.parse_args()
    found = measure(given.orders, given.seconds, given.rounds, with_burst=not given.no_burst)
    print(describe_load())
    print(f"{'':48}" + "".join(f"{orders:>14,}" for orders in given.orders))
    for name in found[given.orders[-1]]:
        cells = "".join(
            f"{values[name]:14.1f}" if name in values else f"{'':14}" for values in found.values()
        )
        print(f"  {name:46}{cells}")


if __name__ == "__main__":
    main()
