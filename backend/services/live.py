"""Events for the screens that are open right now: handed out after commit, replayed to a screen that was away for a moment.

The ids are those of the outbox: they grow for ever, over restarts and in all processes alike, so a screen may come back to any
process with the last id it saw; when that is too long ago, it is told to load everything anew.
"""

from __future__ import annotations

import asyncio
import threading
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

    def __init__(self, *, first_id: int = 1) -> None:
        """`first_id` is that of the next event; what is older counts as told."""
        self._lock = threading.Lock()
        self._last_id = first_id - 1
        self._older = first_id - 1  # id of the newest event that is no longer kept
        self._kept: deque[LiveEvent] = deque(maxlen=KEPT)
        self._subscriptions: set[Subscription] = set()

    @property
    def last_id(self) -> int:
        return self._last_id

    def stand_at(self, last_id: int) -> None:
        """Begin here: what is older counts as told."""
        with self._lock:
            self._last_id = self._older = last_id

    def publish(self, event: Event, event_id: int | None = None) -> LiveEvent:
        """Hand an event out. Ids must grow; without one it is the next number."""
        with self._lock:
            self._last_id = self._last_id + 1 if event_id is None else event_id
            live = LiveEvent(self._last_id, event)
            if len(self._kept) == KEPT:
                self._older = self._kept[0].id
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
        complete = self._older <= last_id <= self._last_id
        if complete and len(missed) < QUEUE_SIZE:
            return missed
        return [LiveEvent(self._last_id, Event(RELOAD, "", {}))]
