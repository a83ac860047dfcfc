"""The stream of events (server-sent events). It is read from the outbox, so that it goes on where a listener stopped,
whichever process answers; events carry no personal data."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from typing import Annotated

import orjson
from fastapi import APIRouter, Header, Query
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from backend.domain.access import Reach, Thing
from backend.services.ports import Posted
from backend.web.api.caller import Caller
from backend.web.api.desk import Desk, refusals
from backend.web.api.problem import ProblemError

BATCH = 200
PING_S = 20
RETRY_MS = 2000
MOST_STREAMS = 300  # in one process
POLL_S = 1.0  # events of other processes are seen after this at the latest
EventId = Annotated[
    str | None, Header(alias="Last-Event-ID", pattern=r"^\d{1,18}$", description="Go on after this event.")
]


def in_reach(entry: Posted, reach: Reach, *, tasks: Reach | None) -> bool:
    """Whether a listener with this reach is told of an event; `tasks` is what of the tasks they see (None: nothing)."""
    data = entry.event.data
    if "department" in data:
        return reach.covers(Thing(data.get("region"), data["department"]))
    return (
        tasks is not None and entry.event.name.startswith("Task") and tasks.covers(Thing(data.get("region")))
    )


def message(entry: Posted) -> ServerSentEvent:
    """The event as it is sent; the same content as a webhook gets."""
    content = {
        "id": str(entry.id), "name": entry.event.name, "key": entry.event.key, "at": entry.at, "data": entry.event.data,
    }  # fmt: skip
    return ServerSentEvent(event=entry.event.name, data=orjson.dumps(content).decode(), id=str(entry.id))


def events_router(desk: Desk) -> APIRouter:
    """`/events`."""
    router = APIRouter(tags=["events"])
    streams = Streams(desk)

    @router.get(
        "/events",
        responses=refusals() | {200: {"content": {"text/event-stream": {}}}},
        response_class=EventSourceResponse,
        summary="Listen to events",
    )
    async def listen(
        last_event_id: EventId = None,
        after: Annotated[
            int | None, Query(ge=0, le=10**17, description="Last-Event-ID, for the first time")
        ] = None,
        caller: Caller = desk.caller,
    ) -> EventSourceResponse:
        """Without a place to go on after: from now on. When what followed that place is no longer kept, the first message
        is `reset`: read everything anew."""
        reach = caller.reach("event.view")
        start = int(last_event_id) if last_event_id else after
        tasks = caller.reach("task.view") if caller.may("task.view", Thing()) else None
        return EventSourceResponse(
            streams.open(start, lambda entry: in_reach(entry, reach, tasks=tasks)), ping=PING_S
        )

    return router


class Streams:
    """The open streams of this process."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._open = desk, 0

    def open(self, start: int | None, told: Callable[[Posted], bool]) -> AsyncIterator[ServerSentEvent]:
        """A stream that begins after `start` (None: now). Raises ProblemError 503 when there are too many."""
        if self._open >= MOST_STREAMS:
            raise ProblemError(503, "overloaded", "Too many listeners.", headers={"Retry-After": "30"})
        return self._stream(start, told)

    async def _stream(
        self, start: int | None, told: Callable[[Posted], bool]
    ) -> AsyncIterator[ServerSentEvent]:
        self._open += 1
        subscription = self._desk.live.subscribe()
        try:
            last, complete = await run_in_threadpool(self._begin, start)
            reset = {} if complete else {"event": "reset", "data": "{}"}
            yield ServerSentEvent(comment="connected", id=str(last), retry=RETRY_MS, **reset)
            while True:
                found = await run_in_threadpool(self._read, last)
                for entry in found:
                    last = entry.id
                    if told(entry):
                        yield message(entry)
                if len(found) < BATCH:
                    with suppress(TimeoutError):
                        await asyncio.wait_for(anext(subscription), POLL_S)
        finally:
            self._open -= 1
            subscription.close()

    def _begin(self, start: int | None) -> tuple[int, bool]:
        """Where the stream begins, and whether everything after `start` is still there."""
        with self._desk.store.reading() as uow:
            last = uow.outbox.last_id()
            if start is None:
                return last, True
            # The place a listener names is an event it has seen: while that is still kept, so is all that followed.
            kept = uow.outbox.after(start - 1, limit=1) if start else []
        known = start in (0, last) or (bool(kept) and kept[0].id == start)
        return (start, True) if known else (last, False)

    def _read(self, last: int) -> Sequence[Posted]:
        with self._desk.store.reading() as uow:
            return uow.outbox.after(last, limit=BATCH)
