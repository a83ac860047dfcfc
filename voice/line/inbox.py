"""What arrives on a connection, waiting for its one reader."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import structlog

from voice.line.line import FRAME_MS, Ended, Hangup, LineEvent, Sound

log = structlog.get_logger(__name__)

# A reader that stands still this long has lost the thread anyway; more would only fill the memory.
MAX_BACKLOG_MS = 30_000


class Inbox:
    """The events of one connection in order, `Ended` last. Sound beyond the backlog is dropped, the rest never."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[LineEvent] = asyncio.Queue()
        self._dropping = False
        self.ended: Ended | None = None

    def put(self, event: LineEvent) -> None:
        """Nothing is taken after the end."""
        if self.ended:
            return
        full = self._queue.qsize() * FRAME_MS >= MAX_BACKLOG_MS
        if full and isinstance(event, Sound):
            if not self._dropping:
                log.warning("line.sound_dropped", why="nobody reads the events", at_ms=event.at_ms)
            self._dropping = True
            return
        self._dropping = False
        self._queue.put_nowait(event)

    def end(self, reason: Hangup, at_ms: int) -> None:
        """The first reason counts."""
        if not self.ended:
            event = Ended(reason, at_ms)
            self.put(event)
            self.ended = event

    async def events(self) -> AsyncIterator[LineEvent]:
        while True:
            event = await self._queue.get()
            try:
                yield event
            finally:
                self._queue.task_done()
            if isinstance(event, Ended):
                return

    async def all_read(self) -> None:
        """Wait until the reader has dealt with everything and asks for more."""
        await self._queue.join()
