"""What arrives on a connection, waiting for its one reader."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

import structlog

from voice.line.line import FRAME_MS, Ended, Hangup, LineEvent, Sound

log = structlog.get_logger(__name__)

# A reader that stands still this long has lost the thread anyway; more would only fill the memory.
MAX_BACKLOG_MS = 30_000


class Inbox:
    """The events of one connection in order, `Ended` last. Sound beyond the backlog is dropped, the rest never."""

    def __init__(self) -> None:
        # Not a queue of asyncio: a hundred calls bring five thousand frames a second, each to one reader.
        self._events: deque[LineEvent] = deque()
        self._arrived, self._read = asyncio.Event(), asyncio.Event()
        self._read.set()
        self._dropping = False
        self.ended: Ended | None = None

    def put(self, event: LineEvent) -> None:
        """Nothing is taken after the end."""
        if self.ended:
            return
        full = len(self._events) * FRAME_MS >= MAX_BACKLOG_MS
        if full and isinstance(event, Sound):
            if not self._dropping:
                log.warning("line.sound_dropped", why="nobody reads the events", at_ms=event.at_ms)
            self._dropping = True
            return
        self._dropping = False
        self._events.append(event)
        self._arrived.set()
        self._read.clear()

    def end(self, reason: Hangup, at_ms: int) -> None:
        """The first reason counts."""
        if not self.ended:
            event = Ended(reason, at_ms)
            self.put(event)
            self.ended = event

    async def events(self) -> AsyncIterator[LineEvent]:
        while True:
            if not self._events:
                self._read.set()
                self._arrived.clear()
                await self._arrived.wait()
            event = self._events.popleft()
            yield event
            if isinstance(event, Ended):
                self._read.set()
                return

    async def all_read(self) -> None:
        """Wait until the reader has dealt with everything and asks for more."""
        await self._read.wait()
