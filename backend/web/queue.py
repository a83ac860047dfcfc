"""The live queue: emergencies and people who wait for a person on top, then the orders, filtered and cut into pages.

Names, numbers and addresses in lists are masked for everybody; an emergency is shown in full at once to whoever may see it so,
and that is noted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from backend.domain.order import OPEN, Order, State
from backend.domain.queue import Task, TaskKind
from backend.services.late_orders import Lateness, lateness, steps_that_report
from backend.services.late_ports import LateFilter
from backend.services.order_filter import OrderFilter
from backend.services.ports import UnitOfWork
from backend.web.desk import Desk
from backend.web.guard import Visit, standing_of
from backend.web.looks import Looks
from backend.web.shared import Shared

PAGE_SIZE = 50
MOST_TASKS = 100
MOST_COUNTED = 20  # late orders
MOST_TEXT = 60  # characters of a search
LATE = "late"  # the view of orders that are past a limit, or were reported

STATES_OF: dict[str, tuple[State, ...]] = {
    "open": tuple(state for state in State if state in OPEN),
    LATE: tuple(state for state in State if state in OPEN),
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
    if view.state == LATE:
        late = LateFilter(
            reach, states, department=department, text=view.text or None, at=visit.now, steps=steps_that_report()
        )  # fmt: skip
        found = uow.late_orders.page(late, before=view.before or None, limit=PAGE_SIZE + 1)
    elif view.text or reach.regions is not None or reach.workers is not None:
        wanted = OrderFilter(reach, states, department=department, text=view.text or None)
        found = uow.order_lists.page(wanted, before=view.before or None, limit=PAGE_SIZE + 1)
    else:
        found = uow.orders.queue(
            states=states, department=department, limit=PAGE_SIZE + 1, before=view.before or None
        )
    more = len(found) > PAGE_SIZE
    return found[:PAGE_SIZE], found[PAGE_SIZE - 1].number if more else ""


def count_late(uow: UnitOfWork, visit: Visit) -> int:
    """How many orders that this visit reaches are past a limit or were reported; MOST_COUNTED stands for as many or more."""
    if not visit.may("order.view"):
        return 0
    reach = visit.matrix.reach(visit.actor, "order.view")
    late = LateFilter(
        reach, STATES_OF[LATE], department=visit.department, at=visit.now, steps=steps_that_report()
    )
    return len(uow.late_orders.page(late, before=None, limit=MOST_COUNTED))


def how_late(uow: UnitOfWork, orders: Sequence[Order], now: datetime) -> dict[str, Lateness]:
    """By the number of each order, how late it is."""
    clocks = uow.late_orders.clocks([order.number for order in orders])
    return {order.number: lateness(order, clocks.get(order.number, ()), now) for order in orders}


def open_tasks(uow: UnitOfWork, visit: Visit) -> dict[str, Any]:
    """What waits for somebody, as far as it is this person's to see."""
    if not visit.sees_tasks:
        return split(())
    seen = [task for task in uow.tasks.open(MOST_TASKS, visit.task_regions) if visit.sees_task(task)]
    # Whoever sees several levels sees the last report of an order: with it the earlier ones are taken, too.
    last = {task.order_number: task.id for task in seen if task.kind is TaskKind.LATE}
    return split(
        [task for task in seen if task.kind is not TaskKind.LATE or last[task.order_number] == task.id]
    )


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
        late = how_late(uow, orders, visit.now)
        return {"view": view, "orders": orders, "after": after, "late": late}

    async def html(self, view: Filter, visit: Visit) -> str:
        return await self._shared.part(view, visit, lambda anybody: self._rendered(view, anybody))

    async def message(self, view: Filter, visit: Visit) -> str:
        """The same as the data of a message of a stream (`text/event-stream`), a line each."""

        def render(anybody: Visit) -> str:
            return "".join(f"data: {line}\r\n" for line in self._rendered(view, anybody).splitlines())

        return await self._shared.part(("message", view), visit, render)

    async def may_still_look(self, visit: Visit) -> bool:
        """Whether this login is still what it was when the stream began. All of them are asked for at once."""
        standing = await self._shared.value("standing", self._desk.guard.standing)
        return standing.get(visit.user.login) == standing_of(visit.user)

    def _rendered(self, view: Filter, visit: Visit) -> str:
        with self._desk.store.reading() as uow:
            values = self.values(uow, view, visit)
        return self._desk.pages.part("staff/orders_part.html", visit, **values)


def queue_router(desk: Desk, shared: Shared, orders: OrderList, looks: Looks) -> APIRouter:
    """`/staff`, and the parts that pages fetch again when something happened."""
    router = APIRouter()
    visitor, screen = Depends(desk.guard.visit), Depends(desk.guard.screen)

    async def tasks_shown(template: str, visit: Visit) -> tuple[str, Sequence[Task]]:
        def render(anybody: Visit) -> tuple[str, Sequence[Task]]:
            with desk.store.reading() as uow:
                values = open_tasks(uow, anybody)
            return desk.pages.part(template, anybody, **values), values["emergencies"]

        return await shared.part_of(template, visit, render)

    @router.get("/staff")
    def queue(request: Request, visit: Visit = visitor) -> HTMLResponse:
        since = desk.live.last_id  # before reading: what happens meanwhile is told again rather than lost
        with desk.store.reading() as uow:
            values = open_tasks(uow, visit) | orders.values(uow, read_filter(request, desk, visit), visit)
        looks.note(visit, request, values["emergencies"])
        return desk.pages.page("staff/queue.html", visit, since=since, **values)

    @router.get("/staff/")
    def with_slash() -> Response:
        return RedirectResponse("/staff", status_code=308)

    @router.get("/staff/part/tasks")
    async def tasks_part(request: Request, visit: Visit = screen) -> HTMLResponse:
        html, emergencies = await tasks_shown("staff/tasks_part.html", visit)
        if emergencies:
            await run_in_threadpool(looks.note, visit, request, emergencies)
        return HTMLResponse(html)

    @router.get("/staff/part/alarm")
    async def alarm_part(visit: Visit = screen) -> HTMLResponse:
        """The strip that the other pages show while an emergency waits."""
        html, _ = await tasks_shown(
            "staff/alarm_part.html", visit
        )  # says how many there are, and nothing of anybody
        return HTMLResponse(html)

    @router.get("/staff/part/late")
    async def late_part(visit: Visit = screen) -> HTMLResponse:
        """How many orders are late, above the list: the list itself begins with the newest."""

        def render(anybody: Visit) -> str:
            with desk.store.reading() as uow:
                count = count_late(uow, anybody)
            return desk.pages.part("staff/late_part.html", anybody, count=count, most=MOST_COUNTED)

        return HTMLResponse(await shared.part("late", visit, render))

    @router.get("/staff/part/orders")
    async def orders_part(request: Request, visit: Visit = screen) -> HTMLResponse:
        return HTMLResponse(await orders.html(read_filter(request, desk, visit), visit))

    return router
