"""WeChat under load: `python -m tests.bench.bench_wechat`. Target: acknowledged in 1 s, p99, at 200 messages a second.

A server of its own takes messages of as many people at a steady rate (not waiting for answers), the local platform beside the
load generator takes what is answered later. Everything shares the cores of this machine. At the end every message must have
been answered exactly once. On SQLite and on a PostgreSQL server of its own; `--database`, `--mode`, `--rate` and `--seconds` choose.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import multiprocessing
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from urllib.parse import urlencode

import uvicorn
from fastapi import FastAPI

from bot.channels.wechat.envelope import aes_key
from bot.sandbox.wechat import WeChatPlatform, wechat_platform_router
from tests.bench.postgres import postgres_server

ROOT = Path(__file__).parents[2]

CONNECTIONS = 64
ANSWERED_WITHIN_S = 300
SECOND_ANSWER_S = 2  # one would have come by then
SERVER = "from bot.server import serve; serve()"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start_platform(wechat: WeChatPlatform) -> int:
    app, port = FastAPI(), free_port()
    app.include_router(wechat_platform_router(wechat))
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", access_log=False))
    threading.Thread(target=server.run, daemon=True).start()
    return port


def start_server(
    folder: str, url: str | None, wechat: WeChatPlatform, api: int, port: int, **given: str
) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "NUANXIAN_HOME": folder, "NUANXIAN_PORT": str(port), "NUANXIAN_LOG_LEVEL": "error",
        "NUANXIAN_TELEPHONE": "false",  # it would render its wording and load recognisers meanwhile
        "NUANXIAN_WECHAT_APP_ID": wechat.app_id, "NUANXIAN_WECHAT_APP_SECRET": wechat.secret,
        "NUANXIAN_WECHAT_TOKEN": wechat.token, "NUANXIAN_WECHAT_API": f"http://127.0.0.1:{api}",
        **({"NUANXIAN_WECHAT_AES_KEY": wechat.aes_key} if wechat.aes_key else {}),
        **({"NUANXIAN_DB": url} if url else {}), **given,
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-c", SERVER], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )


def request(wechat: WeChatPlatform, openid: str) -> bytes:
    query, body = wechat.sealed(wechat.message(openid, "text", Content="我要订饭"))
    data = body.encode()
    head = (
        f"POST /channels/wechat?{urlencode(query)} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


async def bring(requests: list[bytes], port: int, rate: float) -> tuple[list[float], list[str]]:
    """For each message: seconds until it was acknowledged, and the answer in the same connection, if there was one."""
    loop, idle = (
        asyncio.get_running_loop(),
        asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]](),
    )
    for _ in range(CONNECTIONS):
        idle.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    took, answers = [0.0] * len(requests), [""] * len(requests)
    started = loop.time()

    async def one(number: int) -> None:
        due = started + number / rate
        await asyncio.sleep(max(0.0, due - loop.time()))
        reader, writer = await idle.get()
        writer.write(requests[number])
        status = await reader.readline()
        length = 0
        while (line := await reader.readline()) != b"\r\n":
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        answer = await reader.readexactly(length)
        idle.put_nowait((reader, writer))
        # Counted from when it was due, so that a generator or server that falls behind shows.
        took[number], answers[number] = loop.time() - due, answer.decode()
        assert b" 200 " in status, status

    await asyncio.gather(*(one(number) for number in range(len(requests))))
    return took, answers


def bring_all(pipe: Connection, requests: list[bytes], port: int, rate: float) -> None:
    """In a process of its own, so that the local platform does not hold up the clock."""
    pipe.send(asyncio.run(bring(requests, port, rate)))


@dataclass(frozen=True, slots=True)
class Brought:
    """What became of the messages of as many people."""

    took: list[float]  # seconds until each was acknowledged
    passive: int  # answered in the same connection
    all_answered_s: float
    answers: dict[int, int]  # how many people saw so many answers


def brought(wechat: WeChatPlatform, port: int, rate: float, seconds: float, name: str) -> Brought:
    """Bring messages of people whose ids begin with `name`, and wait until all are answered."""
    # Made before the clock runs: WeChat's own work is not done on this machine.
    openids = [f"{name}-{number:020d}" for number in range(int(rate * seconds))]
    requests = [request(wechat, openid) for openid in openids]
    wechat.followers |= set(openids)
    wechat._spoke_at |= dict.fromkeys(openids, time.time())
    context = multiprocessing.get_context("spawn")
    near, far = context.Pipe()
    generator = context.Process(target=bring_all, args=(far, requests, port, rate))
    began = time.monotonic()
    generator.start()
    took, answers = near.recv()
    generator.join()
    for openid, answer in zip(openids, answers, strict=True):
        if answer:
            wechat.texts(openid).append(answer)
    while not all(map(wechat.texts, openids)) and time.monotonic() - began < ANSWERED_WITHIN_S:
        time.sleep(0.2)
    all_answered = time.monotonic() - began
    time.sleep(SECOND_ANSWER_S)
    counts = collections.Counter(len(wechat.texts(openid)) for openid in openids)
    return Brought(took, sum(map(bool, answers)), all_answered, dict(sorted(counts.items())))


def wait_for_port(port: int) -> None:
    for _ in range(6000):
        with socket.socket() as probe:
            reached = probe.connect_ex(("127.0.0.1", port)) == 0
            if reached and probe.getsockname() != probe.getpeername():  # not the probe itself
                return
        time.sleep(0.01)
    raise TimeoutError("the server did not start")


def wait_for_server(wechat: WeChatPlatform) -> None:
    for _ in range(600):
        if "menu/create" in wechat.calls:
            return
        time.sleep(0.1)
    raise TimeoutError("the server did not start")


def cpu_s(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def measure(rate: float, seconds: float, url: str | None, *, encrypted: bool) -> None:
    wechat = WeChatPlatform("wx0123456789abcdef", "secret", "token", aes_key=aes_key() if encrypted else None)
    used_before = cpu_s(resource.RUSAGE_CHILDREN)
    api, port = start_platform(wechat), free_port()
    with tempfile.TemporaryDirectory() as folder:
        server = start_server(folder, url, wechat, api, port)
        try:
            wait_for_port(port)
            first = brought(wechat, port, 20, 2, "oFirst").took
            brought(wechat, port, 100, 1, "oWarm")  # all its processes have answered something
            load = os.getloadavg()[0]
            measured = brought(wechat, port, rate, seconds, "oBench")
        finally:
            server.terminate()
            server.wait(30)
    count, cuts = len(measured.took), statistics.quantiles(measured.took, n=100)
    kind = f"{'PostgreSQL' if url else 'SQLite'}, {'encrypted' if encrypted else 'plain'}"
    print(f"{kind}: {count} messages at {rate:.0f}/s; acknowledged p50 {cuts[49] * 1000:.0f} ms, p95 {cuts[94] * 1000:.0f} ms, "
          f"p99 {cuts[98] * 1000:.0f} ms, longest {max(measured.took) * 1000:.0f} ms")  # fmt: skip
    print(
        f"  {measured.passive} answered in the same connection, the others later; all after {measured.all_answered_s:.0f} s"
    )
    print(f"  answers a message: {measured.answers}")
    print(f"  at 20/s in the first two seconds of the server: the first {first[0] * 1000:.0f} ms, "
          f"p50 {statistics.median(first) * 1000:.0f} ms, longest {max(first) * 1000:.0f} ms")  # fmt: skip
    used = cpu_s(resource.RUSAGE_CHILDREN) - used_before
    print(
        f"  processor time, start included, of the server's and the generator's processes {used:.1f} s; load before {load:.1f}"
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    arguments.add_argument("--mode", choices=["plain", "encrypted"], default="encrypted")
    arguments.add_argument("--rate", type=float, default=200.0, help="messages a second")
    arguments.add_argument("--seconds", type=float, default=15.0)
    given = arguments.parse_args()
    encrypted = given.mode == "encrypted"
    if given.database != "postgresql":
        measure(given.rate, given.seconds, None, encrypted=encrypted)
    if given.database != "sqlite":
        with postgres_server() as url:
            measure(given.rate, given.seconds, url, encrypted=encrypted)


if __name__ == "__main__":
    main()
