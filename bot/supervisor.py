"""Several server processes on one port, and the one above them that keeps them running.

The one above loads next to nothing, so that it is there at once when it is started again. A process that ended is replaced, one
after the other: the first that answers ends the outage, and on a busy machine two that load at the same time would both be late.
Whoever serves sends a heartbeat from the loop that answers requests; a process that falls silent is replaced, too. Processes whose
supervisor is gone take no more requests, finish what they do and end: nobody serves unsupervised, and the port is free again.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import TYPE_CHECKING, Any

import structlog

from backend.store.open import open_store
from bot.greeting import say_where
from bot.logs import configure
from config.settings import SettingsError, load_settings
from config.telephone import load_telephone

if TYPE_CHECKING:
    from fastapi import FastAPI

log = structlog.get_logger()

BEATS_EVERY_S = 1.0
SILENT_FOR_S = 30.0  # a process that served and gives no sign for so long is replaced
STARTS_WITHIN_S = 300.0  # 3 s on a free machine; who is given up too early begins anew, over and over
LOOKS_EVERY_S = 0.5
AGAIN_AFTER_S = (0.5, 1.0, 2.0, 4.0)  # failed starts in a row
PORT_FREE_WITHIN_S = 30.0  # processes without their supervisor give the port back by then
WRONG_SETTINGS = 2  # exit code: trying again would not help
SERVED_WITHIN_S = 20  # requests that run when a server is stopped get so long
ENDS_WITHIN_S = 40.0  # all that is left of it after SIGTERM; the unit for systemd gives 45 s


@dataclass
class _Worker:
    process: SpawnProcess
    heart: Connection
    heard: float  # when it was begun, or heard last
    serves: bool = False
    closed: bool = False  # its end of the heart is: it is about to end

    @property
    def silent(self) -> bool:
        return time.monotonic() - self.heard > (SILENT_FOR_S if self.serves else STARTS_WITHIN_S)

    def listen(self) -> None:
        try:
            while not self.closed and self.heart.poll():
                self.heart.recv_bytes()
                self.heard, self.serves = time.monotonic(), True
        except (EOFError, OSError):
            self.closed = True

    def kill(self) -> int | None:
        self.process.kill()
        self.process.join()
        self.heart.close()
        return self.process.exitcode


class Supervisor:
    """Keeps `count` processes running, each of which does `work(heart)` and sends its heartbeats through it.

    `work` is called in a new process, so that it has to be found by its name.
    """

    def __init__(self, work: Callable[[Connection], None], count: int) -> None:
        self._work, self._count = work, count
        self._context = multiprocessing.get_context("spawn")  # a fork would inherit the locks of threads
        self._workers: list[_Worker] = []
        self._ending = False
        self._failed = 0  # starts in a row
        self._next_start = 0.0
        self._ever_served = False
        self._code = 0

    def run(self) -> int:
        """Until SIGTERM or SIGINT, or until settings turn out to be wrong; the exit code. For the main thread."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.end())
        while not self._ending:
            self._replace()
            self._start()
            self._listen()
        self._end_all()
        return self._code

    def end(self) -> None:
        self._ending = True

    def _replace(self) -> None:
        """Take away who ended or is silent."""
        for worker in list(self._workers):
            worker.listen()  # this process may have been the one that stood still
            alive = worker.process.is_alive()
            if alive and not worker.silent:
                continue
            self._workers.remove(worker)
            code = worker.kill()
            log.warning("server_process_replaced", pid=worker.process.pid, exit_code=code, silent=alive)
            if worker.serves:
                continue
            self._next_start = time.monotonic() + AGAIN_AFTER_S[min(self._failed, len(AGAIN_AFTER_S) - 1)]
            self._failed += 1
            if code == WRONG_SETTINGS and not self._ever_served:
                self._code, self._ending = WRONG_SETTINGS, True

    def _start(self) -> None:
        """One more, unless one is loading."""
        missing = len(self._workers) < self._count and all(worker.serves for worker in self._workers)
        if self._ending or not missing or time.monotonic() < self._next_start:
            return
        heart, sends = self._context.Pipe(duplex=False)
        process = self._context.Process(target=_supervised, args=(self._work, sends), name="server")
        process.start()
        sends.close()
        self._workers.append(_Worker(process, heart, time.monotonic()))

    def _listen(self) -> None:
        signs = {worker.heart: worker for worker in self._workers if not worker.closed}
        ends = [worker.process.sentinel for worker in self._workers]
        if not ends:
            time.sleep(0.1)
        for sign in wait([*signs, *ends], LOOKS_EVERY_S):
            if isinstance(sign, Connection):
                signs[sign].listen()
        if any(worker.serves for worker in self._workers):
            self._ever_served = True
        if self._workers and all(worker.serves for worker in self._workers):
            self._failed = 0

    def _end_all(self) -> None:
        until = time.monotonic() + ENDS_WITHIN_S
        for worker in self._workers:
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join(max(0.0, until - time.monotonic()))
            if worker.process.is_alive():
                log.error("server_process_did_not_end", pid=worker.process.pid)
            worker.kill()


def heartbeat(heart: Connection) -> Callable[[FastAPI], contextlib.AbstractAsyncContextManager[None]]:
    """A lifespan that sends a sign every BEATS_EVERY_S for as long as the loop goes round."""

    async def beat() -> None:
        while True:
            with contextlib.suppress(OSError):  # the supervisor is gone: this process is told otherwise
                heart.send_bytes(b"1")
            await asyncio.sleep(BEATS_EVERY_S)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        beating = asyncio.create_task(beat())
        yield
        beating.cancel()

    return lifespan


def _supervised(work: Callable[[Connection], None], heart: Connection) -> None:
    threading.Thread(target=_end_with_supervisor, name="supervisor watch", daemon=True).start()
    with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C reaches all processes of a terminal
        work(heart)


def _end_with_supervisor() -> None:
    """When the supervisor is gone, end as after SIGTERM; if that hangs, at once."""
    above = multiprocessing.parent_process()
    if above is not None:
        wait([above.sentinel])
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PORT_FREE_WITHIN_S - 5)
    os._exit(1)


@dataclass(frozen=True)
class _Serve:
    """The work of a server process; what it needs of `bot.server` it loads itself."""

    listener: socket.socket
    options: dict[str, Any]

    def __call__(self, heart: Connection) -> None:
        from bot.server import serve_under

        try:
            serve_under(self.listener, heartbeat(heart), self.options)
        except Exception as problem:
            if type(problem).__module__.partition(".")[0] not in {"bot", "nlu", "voice", "backend", "config"}:
                raise
            sys.stderr.write(f"{problem}\n")  # written for people: what is wrong, and what to do
            sys.exit(WRONG_SETTINGS)


def serve_many(
    workers: int, *, db: str | None = None, host: str | None = None, port: int | None = None
) -> int:
    """Serve with so many processes until SIGTERM; the exit code.

    Raises SettingsError for SQLite, and for a port that stays taken.
    """
    settings = load_settings(db=db)
    configure(settings.log_level)
    store = open_store(settings)
    if store.engine.dialect.name != "postgresql":
        raise SettingsError("several workers need PostgreSQL: NUANXIAN_DB=postgresql://…")
    if settings.demo:
        from backend.demo import load_demo

        load_demo(store)
    store.close()
    host, port = host or settings.host, port or settings.port
    with bound(host, port) as listener, tempfile.TemporaryDirectory(prefix="nuanxian-metrics") as folder:
        os.environ["NUANXIAN_DB"] = settings.db
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        say_where(settings, load_telephone(), host, port)
        # uvloop answers pages and the API with less processor time; the telephone stays with the loop it was built on.
        options = {"loop": "uvloop", "log_level": settings.log_level}
        return Supervisor(_Serve(listener, options), workers).run()


def bound(host: str, port: int) -> socket.socket:
    """A socket at this address, on which nobody listens yet. Raises SettingsError when it stays taken.

    Those who served under a supervisor that was killed may still have it for a moment.
    """
    until = time.monotonic() + PORT_FREE_WITHIN_S
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    while True:
        try:
            listener.bind((host, port))
        except OSError as problem:
            if problem.errno == errno.EADDRINUSE and time.monotonic() < until:
                time.sleep(0.1)
                continue
            listener.close()
            raise SettingsError(f"{host}, port {port}: {problem.strerror}") from None
        return listener
