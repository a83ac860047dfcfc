"""Which orders are near or past one of their limits, for the badges and the list of those to be hurried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from backend.domain.deadlines import REPORTS, WARNING, Deadline
from backend.domain.order import OPEN, Order
from backend.services.clocks import load_clocks


@dataclass(frozen=True, slots=True)
class Lateness:
    """`since`: the limit that passed first, also when everybody was told of it. `near`: the limit that comes next, once it was warned of. `level`: it was
    reported to this one (a word of `levels` in config/sla.yaml)."""

    since: datetime | None = None
    near: datetime | None = None
    level: str | None = None


@cache
def steps_that_report() -> tuple[str, ...]:
    """The steps whose end is reported up the chain."""
    return tuple(code for code, step in load_clocks().sla.steps.items() if step.does == REPORTS)


def lateness(order: Order, clocks: Sequence[Deadline], now: datetime) -> Lateness:
    """How late an open order is at this moment. Of one that is done nobody needs to be hurried."""
    if order.state not in OPEN:
        return Lateness()
    sla = load_clocks().sla
    running = [one for one in clocks if one.step in steps_that_report() and _runs(one, order)]
    past = [one.due_at for one in running if one.due_at <= now]
    warned = [
        one.due_at
        for one in running
        if one.due_at > now
        and one.level > WARNING
        and sla.limit(order.item, one.step, order.urgency.value).warn is not None
    ]
    told = min(order.escalation, len(sla.levels))
    level = sla.levels[told - 1] if told else None
    return Lateness(min(past, default=None), min(warned, default=None), level)


def _runs(clock: Deadline, order: Order) -> bool:
    """Whether the limit counts at this moment: while an order waits for papers none does that stands still meanwhile."""
    waits = order.state in load_clocks().sla.steps[clock.step].stops
    return not waits and (clock.spent or clock.next_at is not None)
