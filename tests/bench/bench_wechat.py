"""WeChat under load: `python tests/bench/bench_wechat.py [rate] [seconds] [database URL]`. Target: acknowledged in 1 s, p99.

A server of its own takes messages of as many people at a steady rate (not waiting for answers), the local platform beside the
load generator takes what is answered later. Everything shares the cores of this machine. At the end every message must have
been answered exactly once.
"""

from __future__ import annotations

import asyncio
import collections
import itertools
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlencode

import uvicorn
from fastapi import FastAPI

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from bot.sandbox.wechat import WeChatPlatform, wechat_platform_router  # noqa: E402

CONNECTIONS = 64
ANSWERED_WITHIN_S = 300
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
    folder: str, url: str | None, wechat: WeChatPlatform, api: int, port: int
) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "NUANXIAN_HOME": folder, "NUANXIAN_PORT": str(port), "NUANXIAN_LOG_LEVEL": "error",
        "NUANXIAN_WECHAT_APP_ID": wechat.app_id, "NUANXIAN_WECHAT_APP_SECRET": wechat.secret,
        "NUANXIAN_WECHAT_TOKEN": wechat.token, "NUANXIAN_WECHAT_API": f"http://127.0.0.1:{api}",
        **({"NUANXIAN_DB": url} if url else {}),
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-c", SERVER], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )


async def bring(wechat: WeChatPlatform, port: int, rate: float, seconds: float) -> tuple[list[float], int]:
    """Seconds until each message was acknowledged, and how many were answered in the same connection."""
    loop, idle = (
        asyncio.get_running_loop(),
        asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]](),
    )
    for _ in range(CONNECTIONS):
        idle.put_nowait(await asyncio.open_connection("127.0.0.1", port))
    took: list[float] = []
    passive = itertools.count()
    started = loop.time()

    async def one(number: int) -> None:
        due = started + number / rate
        await asyncio.sleep(max(0.0, due - loop.time()))
        openid = f"oBench-{number:020d}"
        wechat.followers.add(openid)
        wechat._spoke_at[openid] = time.time()
        query, body = wechat.sealed(wechat.message(openid, "text", Content="我要订饭"))
        data = body.encode()
        head = f"POST /channels/wechat?{urlencode(query)} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(data)}\r\n\r\n"
        reader, writer = await idle.get()
        writer.write(head.encode() + data)
        status = await reader.readline()
        length = 0
        while (line := await reader.readline()) != b"\r\n":
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        answer = await reader.readexactly(length)
        idle.put_nowait((reader, writer))
        # Counted from when it was due, so that a generator or server that falls behind shows.
        took.append(loop.time() - due)
        assert b" 200 " in status, status
        if answer:
            wechat.texts(openid).append(answer.decode())
            next(passive)

    await asyncio.gather(*(one(number) for number in range(int(rate * seconds))))
    return took, next(passive)


def wait_for_server(wechat: WeChatPlatform) -> None:
    for _ in range(600):
        if "menu/create" in wechat.calls:
            return
        time.sleep(0.1)
    raise TimeoutError("the server did not start")


def measure(rate: float, seconds: float, url: str | None) -> None:
    wechat = WeChatPlatform("wx0123456789abcdef", "secret", "token")
    api, port = start_platform(wechat), free_port()
    with tempfile.TemporaryDirectory() as folder:
        server = start_server(folder, url, wechat, api, port)
        try:
            wait_for_server(wechat)
            began = time.monotonic()
            took, passive = asyncio.run(bring(wechat, port, rate, seconds))
            count = len(took)
            while (
                sum(map(bool, wechat.shown.values())) < count and time.monotonic() - began < ANSWERED_WITHIN_S
            ):
                time.sleep(0.2)
            all_answered = time.monotonic() - began
            time.sleep(2)  # a second answer would come now
        finally:
            server.terminate()
            server.wait(20)
    answers = collections.Counter(
        len(wechat.shown.get(f"oBench-{number:020d}", ())) for number in range(count)
    )
    cuts = statistics.quantiles(took, n=100)
    kind = "PostgreSQL" if url and url.startswith("postgres") else "SQLite"
    print(f"{kind}: {count} messages at {rate:.0f}/s; acknowledged p50 {cuts[49] * 1000:.0f} ms, p95 {cuts[94] * 1000:.0f} ms, "
          f"p99 {cuts[98] * 1000:.0f} ms, longest {max(took) * 1000:.0f} ms")  # fmt: skip
    print(
        f"  {passive} answered in the same connection, {count - passive} later; all after {all_answered:.0f} s"
    )
    print(f"  answers a message: {dict(sorted(answers.items()))}")


def main() -> None:
    arguments = sys.argv[1:]
    rate = float(arguments[0]) if arguments else 200.0
    seconds = float(arguments[1]) if len(arguments) > 1 else 15.0
    measure(rate, seconds, arguments[2] if len(arguments) > 2 else None)


if __name__ == "__main__":
    main()
