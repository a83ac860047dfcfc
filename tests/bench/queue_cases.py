"""Every question that staff and other programs ask the list of orders: each scope of a login × each filter × first and last page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.domain.access import Actor, Reach
from backend.domain.order import OPEN, State
from backend.domain.staff import Role, StaffUser
from backend.services.access import load_matrix
from backend.services.order_filter import OrderFilter
from backend.services.ports import UnitOfWork
from backend.web.guard import Visit
from backend.web.queue import Filter, orders_of
from tests.bench.build_orders import FEW, HALF, NONE, RARE, STRANGER, WORKERS

QUEUE_MS, SEARCH_MS = 30.0, 50.0
OPEN_STATES = tuple(state for state in State if state in OPEN)
LIMIT = 51  # of the API: a page and one more, to know whether another follows
CREW = 40


@dataclass(frozen=True, slots=True)
class Case:
    """`ask` is told how often it was asked before; `goal_ms` is what p95 must keep."""

    scope: str
    name: str
    goal_ms: float
    ask: Callable[[UnitOfWork, int], object]


def cases(now: datetime, orders: int) -> Iterator[Case]:
    """All of them, on what `build_orders` built at `now`."""
    last = f"0000{orders // 100}"  # whoever is here has paged through nearly everything
    for scope, user in scopes().items():
        crew = frozenset(f"w{worker}" for worker in range(0, WORKERS, WORKERS // CREW))
        visit = Visit(user, "", now, Actor(user, crew=crew), load_matrix())
        for name, goal_ms, view in _views(orders, last):
            yield Case(scope, name, goal_ms, lambda uow, turn, v=view, by=visit: orders_of(uow, v(turn), by))  # type: ignore[misc]
        yield from _asked_by_programs(scope, visit, last)


def scopes() -> dict[str, StaffUser]:
    """A login for each way to be bound."""

    def login(role: Role, **bound: str) -> StaffUser:
        return StaffUser("bench", "李静", role, "", **bound)  # type: ignore[arg-type]

    return {
        "whole province": login(Role.OPERATOR),
        "region with all": login(Role.OPERATOR, region="640000"),
        "city": login(Role.OPERATOR, region="640100"),
        "county with half": login(Role.OPERATOR, region=HALF),
        "county with few": login(Role.OPERATOR, region=FEW),
        "county with none": login(Role.OPERATOR, region=NONE),
        "town": login(Role.OPERATOR, region=f"{HALF}03"),
        "department": login(Role.DEPARTMENT, department="town"),
        "department in a county": login(Role.DEPARTMENT, department="town", region=HALF),
        "department, none there": login(Role.DEPARTMENT, department=STRANGER, region=HALF),
        "provider": login(Role.PROVIDER, provider="bench"),
        "worker": login(Role.WORKER, worker="w7"),
    }


def _views(orders: int, last: str) -> Iterator[tuple[str, float, Callable[[int], Filter]]]:
    """What the page of the queue can be asked for."""
    for state in ("open", "late", "all", "routed", "closed"):
        yield state, QUEUE_MS, lambda _, state=state: Filter(state)  # type: ignore[misc]
        yield f"{state}, last page", QUEUE_MS, lambda _, state=state: Filter(state, before=last)  # type: ignore[misc]
    yield "open of a department", QUEUE_MS, lambda _: Filter(department=STRANGER)
    yield "late of a department", QUEUE_MS, lambda _: Filter("late", department=STRANGER)
    yield "by phone", SEARCH_MS, lambda turn: Filter("all", text=f"138{turn:08d}")
    yield "by number", SEARCH_MS, lambda turn: Filter("all", text=f"0000{1 + turn % orders}")
    yield "by name", SEARCH_MS, lambda turn: Filter("all", text=f"马秀英{turn % 100}")
    yield "by name, open", SEARCH_MS, lambda turn: Filter(text=f"马秀英{turn % 100}")
    yield "by a frequent name", SEARCH_MS, lambda _: Filter("all", text="马秀英")
    yield "by a frequent name, open", SEARCH_MS, lambda _: Filter(text="马秀英")
    yield "by a surname", SEARCH_MS, lambda _: Filter("all", text="马")
    yield "by a surname, open", SEARCH_MS, lambda _: Filter(text="马")
    yield "by a surname, late", SEARCH_MS, lambda _: Filter("late", text="马")
    yield "by a name of nobody", SEARCH_MS, lambda _: Filter("all", text="欧阳")


def _asked_by_programs(scope: str, visit: Visit, last: str) -> Iterator[Case]:
    """What only the API asks for."""
    reach = visit.matrix.reach(visit.actor, "order.view")
    ago = visit.now - timedelta(days=120)
    asked = {
        "item": OrderFilter(reach, OPEN_STATES, item="meal"),
        "rare item": OrderFilter(reach, item=RARE),
        "rare item, open": OrderFilter(reach, OPEN_STATES, item=RARE),
        "of a worker": OrderFilter(reach, worker="w7"),
        "of a worker, open": OrderFilter(reach, OPEN_STATES, worker="w7"),
        "of a county": OrderFilter(reach, OPEN_STATES, regions=load_matrix().within[HALF]),
        "of a department": OrderFilter(reach, department=STRANGER),
        "of a person": OrderFilter(reach, person=4_711),
        "of a month": OrderFilter(reach, placed_from=ago, placed_before=ago + timedelta(days=30)),
    }
    for name, wanted in asked.items():
        for page, before in (("", None), (", last page", last)):
            if page == "" or name in ("item", "of a month"):
                yield Case(
                    scope, f"API: {name}{page}", QUEUE_MS,
                    lambda uow, _, w=wanted, b=before: uow.order_lists.page(w, before=b, limit=LIMIT),  # type: ignore[misc]
                )  # fmt: skip


def people_cases() -> Iterator[Case]:
    """Looking for people."""
    reaches = {"whole province": Reach(), "county with half": Reach(load_matrix().within[HALF])}
    reaches["county with none"] = Reach(load_matrix().within[NONE])
    for scope, reach in reaches.items():
        for name, wanted in (
            ("phone", lambda turn: f"138{turn:08d}"), ("name", lambda turn: f"马秀英{turn % 100}"),
            ("a frequent name", lambda _: "马秀英"), ("a surname", lambda _: "马"), ("a name of nobody", lambda _: "欧阳"),
        ):  # fmt: skip
            yield Case(
                scope, f"people by {name}", SEARCH_MS,
                lambda uow, turn, w=wanted, r=reach: uow.people_lists.page(w(turn), r, after=None, limit=50),  # type: ignore[misc]
            )  # fmt: skip
