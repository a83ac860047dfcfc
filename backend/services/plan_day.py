"""The routes of a department's workers for one day, from the orders as they stand. Asked for again, it plans what is left anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from backend.domain.day_plan import EMERGENCY, PROMISED, ROUTINE, DayPlan, Shift, Visit, plan
from backend.domain.deadlines import promised_end
from backend.domain.dispatch import Candidate, Job, position_of, score
from backend.domain.geography import Position
from backend.domain.order import Order, State
from backend.services.ports import UnitOfWork
from config.dispatch import DispatchRules, load_dispatch
from config.sla import load_sla

# Whoever is under way or at the door is in no plan any more.
TO_BE_PLANNED = (State.ROUTED, State.OFFERED, State.ACCEPTED)
MOST_ORDERS = 2_000


@dataclass(frozen=True, slots=True)
class PlanDay:
    """Plan `day` for the department's workers in a region. `absent`: who does not come; `at`: where workers are by now."""

    department: str
    region: str  # the beginning of a region's code
    now: datetime
    day: date
    absent: frozenset[str] = frozenset()
    at: dict[str, Position] = field(default_factory=dict)


def plan_day(command: PlanDay, uow: UnitOfWork) -> DayPlan:
    """The plan. What has been promised with somebody stays with them and in its time."""
    rules = load_dispatch()
    candidates = [
        one
        for one in uow.providers.candidates(command.department, command.region, None)
        if one.worker.code not in command.absent
    ]
    orders = uow.orders.queue(states=TO_BE_PLANNED, department=command.department, limit=MOST_ORDERS)
    visits = [
        visit
        for order in orders
        if (order.region or "").startswith(command.region) and _is_on(order, command.day)
        if (visit := _visit(order, candidates, command, uow, rules)) is not None
    ]
    return plan(visits, _shifts(candidates, command, rules), rules)


def _is_on(order: Order, day: date) -> bool:
    """Whether it is wanted on this day; what is urgent is wanted now."""
    first = (order.wanted.iso or "")[:10]
    end = promised_end(order)
    if first and end is not None:
        return first <= day.isoformat() <= end.date().isoformat()
    return order.wanted.asap


def _visit(
    order: Order, candidates: Sequence[Candidate], command: PlanDay, uow: UnitOfWork, rules: DispatchRules
) -> Visit | None:
    elder = uow.people.find(order.elder_id)
    home = position_of(elder.position if elder else None, order.region, rules)
    if home is None:
        return None
    job = Job(
        order.item, order.region, elder.position if elder else None, elder.gender if elder else None,
        language=elder.language if elder else None,
    )  # fmt: skip
    able = frozenset(one.worker.code for one in candidates if not score(job, one, rules).ruled_out)
    promised = frozenset({order.assignee}) if order.assignee is not None else frozenset()
    earliest, latest = _window(order, command)
    return Visit(
        key=order.number,
        position=home,
        minutes=rules.minutes_at(order.item),
        # Whoever promised to come comes; does not come at all, then anybody may.
        workers=promised if promised <= {one.worker.code for one in candidates} and promised else able,
        earliest=earliest,
        latest=latest,
        priority=EMERGENCY if order.wanted.asap else PROMISED if promised else ROUTINE,
    )


def _window(order: Order, command: PlanDay) -> tuple[datetime | None, datetime | None]:
    """The promised time to begin; of a day without an hour, any."""
    iso, end = order.wanted.iso, promised_end(order)
    if iso is None or end is None or "T" not in iso:
        return None, None
    earliest = datetime.fromisoformat(iso.split("/")[0])
    latest = max(end, earliest + load_sla().limit(order.item, "arrive", "normal").within)
    return max(earliest, command.now), latest


def _shifts(candidates: Sequence[Candidate], command: PlanDay, rules: DispatchRules) -> list[Shift]:
    hours = load_sla().hours
    begins, ends = (datetime.combine(command.day, moment) for moment in (hours[0][0], hours[-1][1]))
    found = []
    for one in candidates:
        worker = one.worker
        start = command.at.get(worker.code) or position_of(worker.position, worker.region, rules)
        if start is not None:
            found.append(Shift(worker.code, max(begins, command.now), ends, start, worker.a_day))
    return found
