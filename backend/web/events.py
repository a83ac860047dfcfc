"""The live stream of the staff pages. It only says what changed («orders», «tasks», «order»); the page fetches the rest.

Many changes within a moment become one message, so that a busy line does not make every screen fetch without pause.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable

from fastapi import APIRouter, Depends, Request
from sse_starlette import EventSourceResponse, ServerSentEvent

from backend.services.live import RELOAD, LiveEvent, Subscription
from backend.web.desk import Desk
from backend.web.guard import Visit

GATHER_S = 0.1  # how long changes are gathered into one message
PING_S = 20
RETRY_MS = 2000  # how soon a browser comes back after the line broke


def topics(event: LiveEvent, *, order: str, sees_tasks: bool) -> set[str]:
    """What a screen must fetch again after this event: the list, the tasks, or the one order it shows."""
    if event.event.name == RELOAD:
        return {"orders", "order", *(("tasks",) if sees_tasks else ())}
    if event.event.name.startswith("Task"):
        return {"tasks"} if sees_tasks else set()
    return {"orders", "order"} if event.event.key == order else {"orders"}


def messages(events: Iterable[LiveEvent], *, order: str, sees_tasks: bool) -> list[ServerSentEvent]:
    """One message a topic, each with the id of the newest event, so that a browser that was away asks for what followed."""
    found: set[str] = set()
    newest = 0
    for event in events:
        found |= topics(event, order=order, sees_tasks=sees_tasks)
        newest = max(newest, event.id)
    return [ServerSentEvent(data="", event=topic, id=str(newest)) for topic in sorted(found)]


async def gathered(subscription: Subscription) -> AsyncIterator[list[LiveEvent]]:
    """The events of a stream, those that come close together in one list."""
    loop = asyncio.get_running_loop()
    async for first in subscription:
        batch, until = [first], loop.time() + GATHER_S
        while (left := until - loop.time()) > 0:
            try:
                batch.append(await asyncio.wait_for(anext(subscription), left))
            except (TimeoutError, StopAsyncIteration):
                break
        yield batch


def last_seen(request: Request) -> int | None:
    """The last event this browser knows: what it says itself when it comes back, else what its page was made with."""
    for value in (request.headers.get("last-event-id"), request.query_params.get("after")):
        if value and value.isascii() and value.isdigit() and len(value) < 19:
            return int(value)
    return None


def events_router(desk: Desk) -> APIRouter:
    """`/staff/events?after=ID&order=NUMBER`."""
    router = APIRouter()

    @router.get("/staff/events")
    async def events(request: Request, visit: Visit = Depends(desk.guard.visit)) -> EventSourceResponse:
        order = request.query_params.get("order", "")

        async def stream() -> AsyncIterator[ServerSentEvent]:
            subscription = desk.live.subscribe(last_seen(request))
            try:
                yield ServerSentEvent(comment="connected", retry=RETRY_MS)
                async for batch in gathered(subscription):
                    for message in messages(batch, order=order, sees_tasks=visit.sees_tasks):
                        yield message
            finally:
                subscription.close()

        return EventSourceResponse(stream(), ping=PING_S)

    return router
