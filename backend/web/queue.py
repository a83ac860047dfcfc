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
from backend.services.ports import UnitOfWork
from backend.web.desk import Desk
from backend.web.guard import Visit

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
    """One page of orders, and the number to go on after (empty on the last page)."""
    department = visit.department or view.department or None
    states = STATES_OF[view.state]
    if view.text:
        # A search looks at few orders; those in other states are left out afterwards.
        found = uow.orders.search(view.text, department=department, limit=PAGE_SIZE)
        return [order for order in found if not states or order.state in states], ""
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


def queue_router(desk: Desk) -> APIRouter:
    """`/staff`, and the parts that pages fetch again when something happened."""
    router = APIRouter()
    visitor = Depends(desk.guard.visit)

    def tasks_of(uow: UnitOfWork, visit: Visit) -> dict[str, Any]:
        return split(uow.tasks.open(MOST_TASKS) if visit.sees_tasks else ())

    def listed(uow: UnitOfWork, request: Request, visit: Visit) -> dict[str, Any]:
        view = read_filter(request, desk, visit)
        orders, after = orders_of(uow, view, visit)
        return {"view": view, "orders": orders, "after": after}

    @router.get("/staff")
    def queue(request: Request, visit: Visit = visitor) -> HTMLResponse:
        since = desk.live.last_id  # before reading: what happens meanwhile is told again rather than lost
        with desk.store.reading() as uow:
            values = tasks_of(uow, visit) | listed(uow, request, visit)
        return desk.pages.page("staff/queue.html", visit, since=since, **values)

    @router.get("/staff/")
    def with_slash() -> Response:
        return RedirectResponse("/staff", status_code=308)

    @router.get("/staff/part/tasks")
    def tasks_part(visit: Visit = visitor) -> HTMLResponse:
        with desk.store.reading() as uow:
            values = tasks_of(uow, visit)
        return desk.pages.page("staff/tasks_part.html", visit, **values)

    @router.get("/staff/part/alarm")
    def alarm_part(visit: Visit = visitor) -> HTMLResponse:
        """The strip that the other pages show while an emergency waits."""
        with desk.store.reading() as uow:
            values = tasks_of(uow, visit)
        return desk.pages.page("staff/alarm_part.html", visit, **values)

    @router.get("/staff/part/orders")
    def orders_part(request: Request, visit: Visit = visitor) -> HTMLResponse:
        with desk.store.reading() as uow:
            values = listed(uow, request, visit)
        return desk.pages.page("staff/orders_part.html", visit, **values)

    return router
