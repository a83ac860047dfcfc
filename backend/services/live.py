"""Events for the screens that are open right now: handed out after commit, replayed to a screen that was away for a moment.

Works within one process. Ids grow for ever, also over restarts (they begin with the clock), so a screen may come back with
the last id it saw; when that is too long ago, it is told to load everything anew.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

from backend.services.ports import Event

KEPT = 500  # events
QUEUE_SIZE = (
    600  # events that a slow screen may be behind before it must load everything anew; more than KEPT
)
RELOAD = "Reload"


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """An event with its place in the stream."""

    id: int
    event: Event


class Subscription:
    """The stream of one screen: `async for live in subscription`. Close it when the screen is gone."""

    def __init__(self, source: Live, loop: asyncio.AbstractEventLoop) -> None:
        self._source, self._loop = source, loop
        self._queue: asyncio.Queue[LiveEvent | None] = asyncio.Queue(QUEUE_SIZE)

    def __aiter__(self) -> AsyncIterator[LiveEvent]:
        return self

    async def __anext__(self) -> LiveEvent:
        live = await self._queue.get()
        if live is None:
            raise StopAsyncIteration
        return live

    def close(self) -> None:
        """End the stream; may be called from any thread, more than once."""
        self._source.forget(self)
        self.offer(None)

    def offer(self, live: LiveEvent | None) -> None:
        """Hand over from any thread."""
        with suppress(RuntimeError):  # the screen's loop is closed: nobody listens any more
            self._loop.call_soon_threadsafe(self.put, live)

    def put(self, live: LiveEvent | None) -> None:
        """Queue it; only on the loop's own thread. A screen too far behind loses its backlog and is told to reload."""
        if self._queue.full():
            while not self._queue.empty():
                self._queue.get_nowait()
            if live is not None:
                live = LiveEvent(live.id, Event(RELOAD, "", {}))
        self._queue.put_nowait(live)


class Live:
    """All subscriptions and the last events. `publish` may be called from any thread."""

    def __init__(self, *, first_id: int | None = None) -> None:
        self._lock = threading.Lock()
        self._last_id = (time.time_ns() // 1_000_000 if first_id is None else first_id) - 1
        self._kept: deque[LiveEvent] = deque(maxlen=KEPT)
        self._subscriptions: set[Subscription] = set()

    @property
    def last_id(self) -> int:
        return self._last_id

    def publish(self, event: Event) -> LiveEvent:
        with self._lock:
            self._last_id += 1
            live = LiveEvent(self._last_id, event)
            self._kept.append(live)
            # Handed over inside the lock, so that every screen sees the same order.
            for subscription in self._subscriptions:
                subscription.offer(live)
        return live

    def subscribe(self, last_id: int | None = None) -> Subscription:
        """The stream from now on; with `last_id`, preceded by what happened since. Call it on the event loop's thread."""
        subscription = Subscription(self, asyncio.get_running_loop())
        with self._lock:
            for live in self._since(last_id):
                subscription.put(live)
            self._subscriptions.add(subscription)
        return subscription

    def forget(self, subscription: Subscription) -> None:
        with self._lock:
            self._subscriptions.discard(subscription)

    def _since(self, last_id: int | None) -> list[LiveEvent]:
        if last_id is None or last_id == self._last_id:
            return []
        missed = [live for live in self._kept if live.id > last_id]
        complete = bool(missed) and missed[0].id == last_id + 1
        if complete and len(missed) < QUEUE_SIZE:
            return missed
        return [LiveEvent(self._last_id, Event(RELOAD, "", {}))]
