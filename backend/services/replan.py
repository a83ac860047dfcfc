"""What makes the plans of a day anew by itself: an emergency, somebody who does not come, somebody who gives a visit back, or lets
an offer of a plan that was adopted run out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from backend.domain.order import Move, Order, OrderNotFoundError
from backend.services.events import NAMES, ORDER_PLACED, WORKER_ABSENT, WORKER_BACK
from backend.services.plan_day import TO_BE_PLANNED, PlanDay, make_plan
from backend.services.ports import Posted, UnitOfWork

Key = tuple[str, str, date]  # department, region, day

READER = "plans"
BATCH = 100
GIVEN_BACK, RUN_OUT = NAMES[Move.REFUSE], NAMES[Move.LAPSE]
OF_ORDERS = frozenset({ORDER_PLACED, NAMES[Move.ROUTE], NAMES[Move.RESCHEDULE], GIVEN_BACK, RUN_OUT})
OF_WORKERS = frozenset({WORKER_ABSENT, WORKER_BACK})


def replan_next(uow: UnitOfWork, now: datetime) -> int:
    """Make the plans anew that the next events touch; how many events were read. The caller commits.

    The plans and the place in the outbox are stored together: nothing is missed, and nothing is planned for one event twice.
    """
    position = uow.mail.position(READER)
    if position is None:
        uow.mail.advance(READER, None, uow.outbox.last_id())
        return 0
    posted = uow.outbox.after(position, limit=BATCH)
    if not posted or not uow.mail.advance(READER, position, posted[-1].id):
        return 0
    kept = uow.day_plans.keys(now.date())
    causes: dict[Key, list[str]] = {}
    for entry in posted if kept else ():
        for key in _touched(entry, kept, uow, now):
            causes.setdefault(key, []).append(_cause(entry))
    for (department, region, day), why in causes.items():
        make_plan(PlanDay(department, region, now, day), uow, cause=", ".join(dict.fromkeys(why)))
    return len(posted)


def _touched(entry: Posted, kept: Sequence[Key], uow: UnitOfWork, now: datetime) -> list[Key]:
    """The plans, of those that are kept, which this event is a reason to make anew."""
    name, data = entry.event.name, entry.event.data
    if name not in OF_ORDERS | OF_WORKERS:
        return []
    ours = [key for key in kept if key[0] == data.get("department")]
    if name in OF_WORKERS:
        return [key for key in ours if key[2].isoformat() == data["day"]]
    order = _order(entry.event.key, uow) if ours else None
    return [key for key in ours if order is not None and _matters(order, key, name, uow, now)]


def _order(number: str, uow: UnitOfWork) -> Order | None:
    try:
        return uow.orders.get(number)
    except OrderNotFoundError:
        return None


def _matters(order: Order, key: Key, name: str, uow: UnitOfWork, now: datetime) -> bool:
    """An emergency of today, or a visit of this plan that nobody has any more."""
    department, region, day = key
    within = PlanDay(department, region, now, day).within
    if order.state not in TO_BE_PLANNED or not (order.region or "").startswith(within):
        return False
    if name not in (GIVEN_BACK, RUN_OUT):
        return order.wanted.asap and day == now.date()
    plan = uow.day_plans.get(*key)
    if plan is None or order.number not in {stop.key for stop in plan.plan.stops}:
        return False
    return name == GIVEN_BACK or plan.adoption is not None


def _cause(entry: Posted) -> str:
    """`OrderPlaced 11240017`, `WorkerAbsent hs-yc-1`."""
    return f"{entry.event.name} {entry.event.key}"
