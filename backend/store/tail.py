"""Follows the outbox, whichever process writes to it, and hands committed events in order to the live screens of this one.

PostgreSQL: woken by NOTIFY (sent after the commit, so that nobody's commit waits for it). SQLite: `PRAGMA data_version` tells
within POLL_S that some process wrote. A lost connection is made again and the tail goes on where it stood.
"""

from __future__ import annotations

import logging
import os
import select as io_select
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import DBAPIError

from backend.services.ports import EventSink, Posted
from backend.store.engine import READ_ONLY
from backend.store.outbox import read
from backend.store.settled import next_transaction, oldest_transaction
from backend.store.tables import Tables

log = logging.getLogger(__name__)

CHANNEL = "nuanxian_outbox"
POLL_S = 0.1  # SQLite: how often it is asked whether anybody wrote
IDLE_S = 1.0  # PostgreSQL: a notification that got lost with its process is made up for within this
GAP_S = 0.04  # how soon a gap is looked at again
BREATH_S = 0.04  # PostgreSQL: between two looks, so that a busy moment is read in one
AGAIN_S = 0.5  # between two attempts to reach the database
BATCH = 500
RECENT = 1_000  # events looked through for gaps at the start


@dataclass(frozen=True, slots=True)
class Gap:
    """A number that is missing below a later one: its transaction may still be committing.

    It is dead once every transaction that had begun when the gap was seen has ended.
    """

    after: int
    began_before: int  # the first transaction id that had not begun


class Tail:
    """Where this process stands in the outbox. `nudge` after a commit; `follow` to hear of other processes, too."""

    def __init__(self, engine: Engine, tables: Tables, sink: EventSink) -> None:
        self.sink = sink
        self._engine, self._tables, self._t = engine, tables, tables.work.outbox
        self._postgresql = engine.dialect.name == "postgresql"
        self._lock = threading.Lock()
        self._gap: Gap | None = None
        self._position = 0
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()
        self._waker, self._wakes = os.pipe()
        os.set_blocking(self._waker, False)
        os.set_blocking(self._wakes, False)
        self._begin()

    @property
    def position(self) -> int:
        """The id up to which everything has been handed on, and before which no event can appear any more."""
        return self._position

    def settled(self) -> int:
        """The position after a look at what is new."""
        if self._thread is None:
            self.catch_up()
        return self._position

    def nudge(self) -> None:
        """This process has committed events."""
        if self._thread is None:
            self.catch_up()
        else:
            self._wake()

    def catch_up(self) -> None:
        """Hand on what was committed since the last look."""
        with self._reading() as connection:
            self._catch_up(connection)

    def _catch_up(self, connection: Connection) -> None:
        with self._lock:
            more = True
            while more:
                posted = self._next(connection)
                for one in posted:
                    self._position = one.id
                    self.sink.publish(one.event, one.id)
                more = len(posted) == BATCH

    def follow(self) -> None:
        """Go on in a thread of its own until `close`."""
        target = self._follow_postgresql if self._postgresql else self._follow_sqlite
        self._thread = threading.Thread(target=self._supervise, args=(target,), name="outbox", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stopped.set()
        self._wake()
        if self._thread is not None:
            self._thread.join(5)
            self._thread = None
        for end in (self._waker, self._wakes):
            os.close(end)

    def _begin(self) -> None:
        """Stand at the newest event, or before the first of the recent numbers that may still appear."""
        with self._reading() as connection:
            newest = connection.execute(select(func.max(self._t.c.id))).scalar() or 0
            recent = self._t.c.id > newest - RECENT
            first = connection.execute(select(func.min(self._t.c.id)).where(recent)).scalar()
            self._position = (first or 1) - 1
            while posted := self._next(connection):
                self._position = posted[-1].id

    def _reading(self) -> Connection:
        return self._engine.connect().execution_options(
            **{READ_ONLY: True}, **({"isolation_level": "AUTOCOMMIT"} if self._postgresql else {})
        )

    def _next(self, connection: Connection) -> list[Posted]:
        # Asked before reading: what ended before this question is seen by the read that follows.
        dead = self._gap is not None and oldest_transaction(connection) >= self._gap.began_before
        posted = read(connection, self._tables, self._position, None, BATCH)
        if not self._postgresql:  # one writer at a time: numbers appear in their order
            return posted
        whole: list[Posted] = []
        last = self._position
        for one in posted:
            if one.id != last + 1 and not (dead and self._gap is not None and last <= self._gap.after):
                if self._gap is None or self._gap.after != last:
                    self._gap = Gap(last, next_transaction(connection))
                return whole
            whole.append(one)
            last = one.id
        if whole:
            self._gap = None
        return whole

    def _wake(self) -> None:
        with suppress(OSError):  # it is full: the thread wakes anyway; or closed: nobody listens
            os.write(self._wakes, b"!")

    def _supervise(self, target: Any) -> None:
        while not self._stopped.is_set():
            try:
                target()
            except (DBAPIError, OSError) as problem:
                log.warning("outbox_lost: %s", type(problem).__name__)
                self._stopped.wait(AGAIN_S)
            except Exception:
                log.exception("outbox_failed")
                self._stopped.wait(AGAIN_S)

    def _follow_sqlite(self) -> None:
        with self._engine.connect() as watcher:
            watch = watcher.connection.cursor()
            seen = None
            while not self._stopped.is_set():
                watch.execute("PRAGMA data_version")
                version = watch.fetchone()
                if self._woken(POLL_S if version == seen else 0) or version != seen:
                    seen = version
                    self.catch_up()

    def _follow_postgresql(self) -> None:
        with self._reading() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None  # noqa: S101 (a connection that is open has one)
            driver.execute(f"LISTEN {CHANNEL}")
            self._catch_up(connection)
            while not self._stopped.is_set():
                wait = IDLE_S if self._gap is None else GAP_S
                if self._woken(wait, driver.fileno()):
                    driver.execute(f"NOTIFY {CHANNEL}")  # for the other processes: this one looks at once
                for _ in driver.notifies(timeout=0):
                    pass
                self._catch_up(connection)
                self._stopped.wait(BREATH_S)

    def _woken(self, wait_s: float, *more: int) -> bool:
        """Sleep until somebody nudges, `more` has something to read, or the time is up. True: it was a nudge."""
        ready, _, _ = io_select.select([self._waker, *more], [], [], wait_s)
        if self._waker not in ready:
            return False
        os.read(self._waker, 4096)
        return True
