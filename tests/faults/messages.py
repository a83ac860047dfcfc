"""People who write to WeChat while something breaks, and the count of their answers afterwards: each message exactly one.

`Town` is a local WeChat with people, and the whole line in a process of its own. A fault of FAULTS happens while they write.
WeChat brings a message up to three times, a pause apart, until it is taken; what was never taken is told apart from what was lost.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import httpx
import uvicorn
from fastapi import FastAPI

from bot.sandbox.wechat import WeChatApiError, WeChatPlatform, wechat_platform_router
from config.wording import load_wording
from tests.faults.scene import Server

ROOT = Path(__file__).parents[2]
SAID, ANSWER = "我要订饭", "时候"
DELIVERIES = 3
STARTS_WITHIN_S, ENDS_WITHIN_S = 120.0, 30.0
ANSWERED_WITHIN_S = 300.0
AGAIN_S = 2.0  # a second answer would have come by then
HANGS_S = 9.0  # longer than the line waits for WeChat
WRITERS = 600  # most of them wait for the next delivery


@dataclass
class Weak(WeChatPlatform):
    """A WeChat whose interfaces fail for a while: half of the calls get a 500, the others no answer in time."""

    failing: bool = False
    failed: Counter[str] = field(default_factory=Counter)
    _calls: Iterator[int] = field(default_factory=count)

    def fault(self, path: str) -> WeChatApiError | int | None:
        if not self.failing:
            return super().fault(path)
        if next(self._calls) % 2:
            self.failed["500"] += 1
            return 500
        self.failed["no answer"] += 1
        time.sleep(HANGS_S)
        return 504


@dataclass(frozen=True, slots=True)
class Counted:
    """What became of the messages."""

    written: int
    taken: int  # acknowledged at one of three deliveries
    answers: Mapping[int, int]  # taken messages by the number of their answers
    not_taken_answers: Mapping[int, int]
    failed: Mapping[str, int]  # calls to WeChat that failed, by how
    longest_s: float  # until one was acknowledged, from when it was brought
    all_answered_s: float  # after the last one was written

    @property
    def each_once(self) -> bool:
        """Whether every message that was taken has its one answer, and none of the others more than one."""
        return set(self.answers) == {1} and set(self.not_taken_answers) <= {0, 1}

    def __str__(self) -> str:
        return (
            f"{self.written} messages, {self.taken} taken (the slowest delivery {self.longest_s:.1f} s); "
            f"answers a message: {dict(self.answers)}, of those never taken: {dict(self.not_taken_answers)}; "
            f"failed calls: {dict(self.failed)}; all answered {self.all_answered_s:.0f} s after the last"
        )


class Town:
    """One account, its people, and the line."""

    def __init__(self, folder: Path, *, rate: float, pause_s: float, url: str | None = None) -> None:
        """`rate`: messages a second; `pause_s`: between deliveries of the same; `url`: a database, else SQLite."""
        self.wechat = Weak("wx0123456789abcdef", "secret", "token")
        self._folder, self._rate, self._pause_s, self._url = folder, rate, pause_s, url
        self._taken: set[str] = set()
        self._longest_s = 0.0
        self._written: list[str] = []
        self.replies_get_lost = False
        app = FastAPI()
        app.include_router(wechat_platform_router(self.wechat))
        listener = socket.create_server(("127.0.0.1", 0))
        self._platform = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, ws="none"))
        self._thread = threading.Thread(
            target=self._platform.run, kwargs={"sockets": [listener]}, daemon=True
        )
        self._thread.start()
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self._port = probe.getsockname()[1]
        self.wechat.url = f"http://127.0.0.1:{self._port}/channels/wechat"
        self._environment = os.environ | {
            "NUANXIAN_HOME": str(folder), "NUANXIAN_PORT": str(self._port), "NUANXIAN_LOG_LEVEL": "critical",
            "NUANXIAN_TELEPHONE": "false", "NUANXIAN_WECHAT_APP_ID": self.wechat.app_id,
            "NUANXIAN_WECHAT_APP_SECRET": self.wechat.secret, "NUANXIAN_WECHAT_TOKEN": self.wechat.token,
            "NUANXIAN_WECHAT_API": f"http://127.0.0.1:{listener.getsockname()[1]}",
            **({"NUANXIAN_DB": url} if url else {}),
        }  # fmt: skip
        self.start()

    def start(self) -> None:
        code = "from bot.server import serve; serve()"
        self.line = subprocess.Popen(
            [sys.executable, "-c", code], cwd=ROOT, env=self._environment,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        until = time.monotonic() + STARTS_WITHIN_S
        while not self._listens():
            assert time.monotonic() < until, "the line did not start"
            time.sleep(0.05)

    def kill(self) -> None:
        self.line.kill()
        assert self.line.wait(ENDS_WITHIN_S) == -signal.SIGKILL

    def close(self) -> None:
        self.line.terminate()
        self.line.wait(ENDS_WITHIN_S)
        self._platform.should_exit = True
        self._thread.join(ENDS_WITHIN_S)

    def write(self, seconds: float, meanwhile: Callable[[], None] | None = None) -> None:
        """One person after another writes one message; `meanwhile` begins with the first. Returns when all were brought."""
        disturbing = threading.Thread(target=meanwhile or (lambda: None))
        with ThreadPoolExecutor(WRITERS) as writers:
            began = time.monotonic()
            disturbing.start()
            for number in range(round(seconds * self._rate)):
                time.sleep(max(0.0, began + number / self._rate - time.monotonic()))
                openid = f"oPerson-{len(self._written):020d}"
                self._written.append(openid)
                writers.submit(self._bring, openid)
            disturbing.join()

    def count(self) -> Counted:
        """Wait until all that was taken is answered, and a moment longer."""
        began = time.monotonic()
        while not all(map(self._answers, self._taken)) and time.monotonic() < began + ANSWERED_WITHIN_S:
            time.sleep(0.1)
        took_s = time.monotonic() - began
        time.sleep(AGAIN_S)
        left = set(self._written) - self._taken
        return Counted(
            len(self._written), len(self._taken), Counter(map(self._answers, self._taken)),
            Counter(map(self._answers, left)), self.wechat.failed, self._longest_s, took_s,
        )  # fmt: skip

    def strange_words(self) -> set[str]:
        """Everything that people were shown besides the answer."""
        shown = {text for openid in self._written for text in self.wechat.texts(openid)}
        return {text for text in shown if ANSWER not in text}

    def _answers(self, openid: str) -> int:
        return sum(ANSWER in text for text in self.wechat.texts(openid))

    def _bring(self, openid: str) -> None:
        self.wechat.followers.add(openid)
        self.wechat._spoke_at[openid] = time.time()
        xml = self.wechat.message(openid, "text", Content=SAID)
        for delivery in range(DELIVERIES):
            began = time.monotonic()
            try:
                status, body = self.wechat.bring(xml)
            except httpx.TransportError:
                status, body = None, ""
            if status == 200:
                self._taken.add(openid)
                self._longest_s = max(self._longest_s, time.monotonic() - began)
                if not self.replies_get_lost or delivery == DELIVERIES - 1:
                    self.wechat._passive(body, openid)
                    return
            time.sleep(self._pause_s)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            # While nobody listens there, the port may be given to the probe itself, which then reaches itself.
            reached = probe.connect_ex(("127.0.0.1", self._port)) == 0
            return reached and probe.getsockname() != probe.getpeername()


def three_deliveries(town: Town, seconds: float) -> None:
    """WeChat hears nothing of our first two answers, whatever they are, and brings everything three times."""
    town.replies_get_lost = True
    town.write(seconds)


def kill(town: Town, seconds: float) -> None:
    """kill -9 of the whole line in the middle, and a start."""

    def meanwhile() -> None:
        time.sleep(seconds / 2)
        town.kill()
        town.start()

    town.write(seconds, meanwhile)


def platform_fails(town: Town, seconds: float) -> None:
    """WeChat brings messages, but takes nothing for so long."""

    def meanwhile() -> None:
        town.wechat.failing = True
        time.sleep(seconds)
        town.wechat.failing = False

    town.write(seconds, meanwhile)


def no_database(town: Town, seconds: float, database: Server) -> None:
    """The database is gone for so long, as after a crash."""

    def meanwhile() -> None:
        time.sleep(1)
        database.stop("immediate")
        time.sleep(seconds)
        database.start()

    town.write(seconds + 2, meanwhile)


FAULTS = ("three deliveries", "kill", "no database", "platform fails")
FULL_S: Mapping[str, float] = {
    "three deliveries": 20, "kill": 20, "no database": 20, "platform fails": 60,
}  # fmt: skip


@contextmanager
def town_of(fault: str, *, rate: float, pause_s: float) -> Iterator[tuple[Town, Server | None]]:
    """A town for this fault; only that of the database has a PostgreSQL server, which can be stopped."""
    folder = Path(tempfile.mkdtemp(prefix="nxtown"))
    database: Server | None = None
    try:
        if fault == "no database":
            (folder / "postgres").mkdir()
            database = Server(folder / "postgres")
        town = Town(folder, rate=rate, pause_s=pause_s, url=database.url if database else None)
        try:
            yield town, database
        finally:
            town.close()
    finally:
        if database is not None:
            database.stop("immediate")
            shutil.rmtree(database._socket)
        shutil.rmtree(folder)


def count_under(fault: str, seconds: float, *, rate: float, pause_s: float) -> tuple[Counted, set[str]]:
    """People write while this fault lasts `seconds`; the count, and what they were shown besides answers."""
    with town_of(fault, rate=rate, pause_s=pause_s) as (town, database):
        if fault == "no database":
            assert database is not None
            no_database(town, seconds, database)
        else:
            {"three deliveries": three_deliveries, "kill": kill, "platform fails": platform_fails}[fault](
                town, seconds
            )
        return town.count(), town.strange_words()


def held_words() -> str:
    """What a person is told while the database is away."""
    return "".join(load_wording().say("channel.held"))
