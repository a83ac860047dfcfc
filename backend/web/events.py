"""The live stream of the staff pages. It says what changed («orders», «tasks», «order») and the page fetches the rest; only the
list of orders, which every screen would fetch at the same moment, comes with the message.

Many changes within a moment become one message, so that a busy line does not make every screen fetch without pause.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable

from fastapi import APIRouter, Depends, Request
from sse_starlette import EventSourceResponse, ServerSentEvent

from backend.services.events import DAY_PLAN_ADOPTED, DAY_PLANNED, STAFF_CHANGED, TOKEN_REVOKED
from backend.services.live import RELOAD, LiveEvent, Subscription
from backend.store.engine import AWAY
from backend.web.desk import Desk
from backend.web.guard import Visit
from backend.web.queue import OrderList, read_filter

AT_ONCE_S = 0.01  # after a quiet moment a change is told almost at once
GATHER_S = 0.25  # in a busy one, so far apart are two messages
PING_S = 20
RETRY_MS = 2000  # how soon a browser comes back after the line broke
LASTS_S = 900.0  # then the browser comes back with its cookie: one that is over opens no other stream


# The browser asks at once what it may see now: nothing, then it goes to the login page.
OVER = ServerSentEvent(data="", event="login")


def topics(event: LiveEvent, *, order: str, sees_tasks: bool) -> set[str]:
    """What a screen must fetch again after this event: the list, the tasks, or the one order it shows."""
    if event.event.name == RELOAD:
        return {"orders", "order", "plans", *(("tasks",) if sees_tasks else ())}
    if event.event.name in (STAFF_CHANGED, TOKEN_REVOKED):
        return set()
    if event.event.name in (DAY_PLANNED, DAY_PLAN_ADOPTED):
        return {"plans"}
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
    told = loop.time() - GATHER_S
    async for first in subscription:
        batch, until = [first], max(loop.time() + AT_ONCE_S, told + GATHER_S)
        while (left := until - loop.time()) > 0:
            try:
                async with asyncio.timeout(left):
                    batch.append(await anext(subscription))
            except (TimeoutError, StopAsyncIteration):
                break
        told = loop.time()
        yield batch


def last_seen(request: Request) -> int | None:
    """The last event this browser knows: what it says itself when it comes back, else what its page was made with."""
    for value in (request.headers.get("last-event-id"), request.query_params.get("after")):
        if value and value.isascii() and value.isdigit() and len(value) < 19:
            return int(value)
    return None


def events_router(desk: Desk, orders: OrderList) -> APIRouter:
    """`/staff/events?after=ID&order=NUMBER`, or `…?after=ID&list=1` and the view of a list, which is then sent along."""
    router = APIRouter()

    @router.get("/staff/events")
    async def events(request: Request, visit: Visit = Depends(desk.guard.visit)) -> EventSourceResponse:
        order = request.query_params.get("order", "")
        view = read_filter(request, desk, visit) if "list" in request.query_params else None

        async def stream() -> AsyncIterator[ServerSentEvent | bytes]:
            subscription = desk.live.subscribe(last_seen(request))
            over = asyncio.get_running_loop().call_later(LASTS_S, subscription.close)
            try:
                if not await orders.may_still_look(visit):  # closed while the page was on its way
                    yield OVER
                    return
                yield ServerSentEvent(comment="connected", retry=RETRY_MS)
                async for batch in gathered(subscription):
                    # Asked once for all screens; that a login was closed or changed is itself an event.
                    if not await orders.may_still_look(visit):
                        yield OVER
                        return
                    for message in messages(batch, order=order, sees_tasks=visit.sees_tasks):
                        if message.event != "orders" or view is None:
                            yield message
                            continue
                        data = await orders.message(view, visit)
                        yield f"id: {message.id}\r\nevent: orders\r\n{data}\r\n".encode()
            except AWAY:  # the browser comes back, and goes on after the last event it was told of
                return
            finally:
                over.cancel()
                subscription.close()

        return EventSourceResponse(stream(), ping=PING_S)

    return router
