"""The stream of events (server-sent events). It is read from the outbox, so that it goes on where a listener stopped,
whichever process answers; events carry no personal data."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated

import orjson
from fastapi import APIRouter, Header, Query
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from backend.domain.access import AccessDeniedError, Reach, Thing
from backend.domain.queue import TaskKind
from backend.services.access_ports import TokenNotFoundError
from backend.services.events import STAFF_CHANGED, TOKEN_REVOKED
from backend.services.ports import Posted, UnitOfWork
from backend.services.tokens import InvalidTokenError, read_owner
from backend.web.api.caller import Caller
from backend.web.api.desk import Desk, refusals
from backend.web.api.problem import ProblemError

BATCH = 200
PING_S = 20
RETRY_MS = 2000
MOST_STREAMS = 300  # in one process
POLL_S = 1.0  # events of other processes are seen after this at the latest
EVERYWHERE = Reach()
EventId = Annotated[
    str | None, Header(alias="Last-Event-ID", pattern=r"^\d{1,18}$", description="Go on after this event.")
]


def in_reach(entry: Posted, reach: Reach, *, tasks: Reach | None, levels: Reach = EVERYWHERE) -> bool:
    """Whether a listener with this reach is told of an event; `tasks` is what of the tasks they see (None: nothing), `levels`
    to which regions the orders were reported that they are told are late."""
    data = entry.event.data
    if "department" in data:
        return reach.covers(Thing(data.get("region"), data["department"]))
    if tasks is None or not entry.event.name.startswith("Task"):
        return False
    thing = Thing(data.get("region"))
    return tasks.covers(thing) and (data.get("kind") != TaskKind.LATE or levels.covers(thing))


def ends(entry: Posted, caller: Caller) -> bool:
    """Whether this event ends what the caller listens to."""
    event = entry.event
    return (event.name, event.key) in ((STAFF_CHANGED, caller.login), (TOKEN_REVOKED, caller.token.id))


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
        caller.require("event.view")
        start = int(last_event_id) if last_event_id else after
        return EventSourceResponse(streams.open(start, caller), ping=PING_S)

    return router


@dataclass(frozen=True, slots=True)
class Begin:
    """How a stream begins: after which event, and with what it may tell as of the event `newest`."""

    after: int
    newest: int
    complete: bool  # whether everything that followed the place asked for is still kept
    told: Callable[[Posted], bool]


class Streams:
    """The open streams of this process."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._open = desk, 0

    def open(self, start: int | None, caller: Caller) -> AsyncIterator[ServerSentEvent]:
        """A stream that begins after `start` (None: now). Raises ProblemError 503 when there are too many.

        It ends by itself when its token is revoked or over, or its login is closed or changed: what it may tell is asked anew.
        """
        if self._open >= MOST_STREAMS:
            raise ProblemError(503, "overloaded", "Too many listeners.", headers={"Retry-After": "30"})
        return self._stream(start, caller)

    async def _stream(self, start: int | None, caller: Caller) -> AsyncIterator[ServerSentEvent]:
        self._open += 1
        subscription = self._desk.live.subscribe()
        try:
            begin = await run_in_threadpool(self._begin, start, caller)
            if begin is None:
                return
            last, reset = begin.after, {} if begin.complete else {"event": "reset", "data": "{}"}
            yield ServerSentEvent(comment="connected", id=str(last), retry=RETRY_MS, **reset)
            while self._desk.door.clock() < caller.token.expires_at:
                found = await run_in_threadpool(self._read, last)
                for entry in found:
                    last = entry.id
                    if last > begin.newest and ends(entry, caller):
                        return
                    if begin.told(entry):
                        yield message(entry)
                if len(found) < BATCH:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(POLL_S):
                            await anext(subscription)
        finally:
            self._open -= 1
            subscription.close()

    def _begin(self, start: int | None, caller: Caller) -> Begin | None:
        """How the stream begins; None: not at all, for the door may still remember what was revoked a moment ago."""
        with self._desk.store.reading() as uow:
            newest = uow.outbox.last_id()
            told = self._told(uow, caller)
            # The place a listener names is an event it has seen: while that is still kept, so is all that followed.
            kept = uow.outbox.after(start - 1, limit=1) if start else []
        if told is None:
            return None
        if start is None:
            return Begin(newest, newest, True, told)
        known = start in (0, newest) or (bool(kept) and kept[0].id == start)
        return Begin(start if known else newest, newest, known, told)

    def _told(self, uow: UnitOfWork, caller: Caller) -> Callable[[Posted], bool] | None:
        """Which events this caller is told, as their login and token stand now."""
        matrix = caller.matrix
        try:
            token = uow.tokens.get(caller.token.id)
            actor = read_owner(uow, token, now=self._desk.door.clock(), demo=self._desk.demo)
            reach = matrix.reach(actor, "event.view")
        except (TokenNotFoundError, InvalidTokenError, AccessDeniedError):
            return None
        tasks = matrix.reach(actor, "task.view") if matrix.allows(actor, "task.view", Thing()) else None
        levels = Reach(matrix.inside(actor.user.region))
        return lambda entry: in_reach(entry, reach, tasks=tasks, levels=levels)

    def _read(self, last: int) -> Sequence[Posted]:
        with self._desk.store.reading() as uow:
            return uow.outbox.after(last, limit=BATCH)
