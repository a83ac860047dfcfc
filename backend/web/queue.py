"""The live queue: emergencies and people who wait for a person on top, then the orders, filtered and cut into pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from backend.domain.order import OPEN, Order, State
from backend.domain.queue import Task, TaskKind
from backend.services.order_filter import OrderFilter
from backend.services.ports import UnitOfWork
from backend.web.desk import Desk
from backend.web.guard import Visit
from backend.web.shared import Shared

PAGE_SIZE = 50
MOST_TASKS = 100
MOST_TEXT = 60  # characters of a search

STATES_OF: dict[str, tuple[State, ...]] = {
    "open": tuple(state for state in State if state in OPEN),
    "all": (),
    **{state.value: (state,) for state in State},
}


@dataclass(frozen=True, slots=True)
class Filter:
    """What of the queue is shown. Read from the address, so that a view can be kept as a bookmark."""

    state: str = "open"
    department: str = ""
    text: str = ""
    before: str = ""

    def query(self, **changes: str) -> str:
        """The address of this view with some changes, without what is as usual."""
        values = {
            "state": self.state,
            "department": self.department,
            "q": self.text,
            "before": self.before,
        } | changes
        return urlencode(
            {key: value for key, value in values.items() if value and (key, value) != ("state", "open")}
        )


def read_filter(request: Request, desk: Desk, visit: Visit) -> Filter:
    """The view that the address asks for; what makes no sense is left out."""
    asked = request.query_params
    department = asked.get("department", "")
    return Filter(
        state=asked["state"] if asked.get("state") in STATES_OF else "open",
        department=department if department in desk.pages.departments and visit.department is None else "",
        text=asked.get("q", "").strip()[:MOST_TEXT],
        before=asked.get("before", "") if asked.get("before", "").isalnum() else "",
    )


def orders_of(uow: UnitOfWork, view: Filter, visit: Visit) -> tuple[Sequence[Order], str]:
    """One page of the orders this visit reaches, and the number to go on after (empty on the last page)."""
    if not visit.may("order.view"):
        return [], ""
    department = visit.department or view.department or None
    states = STATES_OF[view.state]
    reach = visit.matrix.reach(visit.actor, "order.view")
    if reach.regions is not None or reach.workers is not None:
        wanted = OrderFilter(reach, states, department=department, text=view.text or None)
        found = uow.order_lists.page(wanted, before=view.before or None, limit=PAGE_SIZE + 1)
    elif view.text:
        # A search looks at few orders; those in other states are left out afterwards.
        found = uow.orders.search(view.text, department=department, limit=PAGE_SIZE)
        return [order for order in found if not states or order.state in states], ""
    else:
        found = uow.orders.queue(
            states=states, department=department, limit=PAGE_SIZE + 1, before=view.before or None
        )
    more = len(found) > PAGE_SIZE
    return found[:PAGE_SIZE], found[PAGE_SIZE - 1].number if more else ""


def split(tasks: Sequence[Task]) -> dict[str, Any]:
    """Emergencies, and everything else that waits for a person."""
    return {
        "emergencies": [task for task in tasks if task.kind is TaskKind.EMERGENCY],
        "others": [task for task in tasks if task.kind is not TaskKind.EMERGENCY],
    }


class OrderList:
    """The list of orders as screens show it: fetched by a page, or sent along its stream when something changed."""

    def __init__(self, desk: Desk, shared: Shared) -> None:
        self._desk, self._shared = desk, shared

    def values(self, uow: UnitOfWork, view: Filter, visit: Visit) -> dict[str, Any]:
        orders, after = orders_of(uow, view, visit)
        return {"view": view, "orders": orders, "after": after}

    async def html(self, view: Filter, visit: Visit) -> str:
        return await self._shared.part(view, visit, lambda anybody: self._rendered(view, anybody))

    async def message(self, view: Filter, visit: Visit) -> str:
        """The same as the data of a message of a stream (`text/event-stream`), a line each."""

        def render(anybody: Visit) -> str:
            return "".join(f"data: {line}\r\n" for line in self._rendered(view, anybody).splitlines())

        return await self._shared.part(("message", view), visit, render)

    async def may_still_look(self, visit: Visit) -> bool:
        """Whether this login is still what it was when the stream began. All of them are asked for at once."""
        sights = await self._shared.value("sights", self._desk.guard.sights)
        return sights.get(visit.user.login) == visit.sight

    def _rendered(self, view: Filter, visit: Visit) -> str:
        with self._desk.store.reading() as uow:
            values = self.values(uow, view, visit)
        return self._desk.pages.part("staff/orders_part.html", visit, **values)


def queue_router(desk: Desk, shared: Shared, orders: OrderList) -> APIRouter:
    """`/staff`, and the parts that pages fetch again when something happened."""
    router = APIRouter()
    visitor, screen = Depends(desk.guard.visit), Depends(desk.guard.screen)

    def tasks_of(uow: UnitOfWork, visit: Visit) -> dict[str, Any]:
        return split(uow.tasks.open(MOST_TASKS, visit.task_regions) if visit.sees_tasks else ())

    async def tasks_shown(template: str, visit: Visit) -> HTMLResponse:
        def render(anybody: Visit) -> str:
            with desk.store.reading() as uow:
                values = tasks_of(uow, anybody)
            return desk.pages.part(template, anybody, **values)

        return HTMLResponse(await shared.part(template, visit, render))

    @router.get("/staff")
    def queue(request: Request, visit: Visit = visitor) -> HTMLResponse:
        since = desk.live.last_id  # before reading: what happens meanwhile is told again rather than lost
        with desk.store.reading() as uow:
            values = tasks_of(uow, visit) | orders.values(uow, read_filter(request, desk, visit), visit)
        return desk.pages.page("staff/queue.html", visit, since=since, **values)

    @router.get("/staff/")
    def with_slash() -> Response:
        return RedirectResponse("/staff", status_code=308)

    @router.get("/staff/part/tasks")
    async def tasks_part(visit: Visit = screen) -> HTMLResponse:
        return await tasks_shown("staff/tasks_part.html", visit)

    @router.get("/staff/part/alarm")
    async def alarm_part(visit: Visit = screen) -> HTMLResponse:
        """The strip that the other pages show while an emergency waits."""
        return await tasks_shown("staff/alarm_part.html", visit)

    @router.get("/staff/part/orders")
    async def orders_part(request: Request, visit: Visit = screen) -> HTMLResponse:
        return HTMLResponse(await orders.html(read_filter(request, desk, visit), visit))

    return router
