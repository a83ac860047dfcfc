"""The clocks of orders by the rules of this installation, set with every move."""

from __future__ import annotations

from datetime import datetime
from functools import cache

from backend.domain.deadlines import Clocks
from backend.domain.order import Order, State
from backend.domain.working_time import WorkingTime
from backend.services.ports import UnitOfWork
from config.dispatch import load_dispatch
from config.sla import load_sla


@cache
def load_clocks() -> Clocks:
    """The rules of `config/sla.yaml` and `config/dispatch.yaml`."""
    sla = load_sla()
    calendar = WorkingTime(sla.hours, sla.holidays, sla.make_up_days)
    return Clocks(sla, calendar, load_dispatch().automatic)


def set_clocks(order: Order, at: datetime, uow: UnitOfWork, *, before: State | None = None) -> None:
    """Start, stop and end the clocks of an order that is just moved from the state `before` (None: it is new)."""
    running = () if before is None else uow.deadlines.of(order.number)
    uow.deadlines.put(
        order.number, running, load_clocks().after_move(order, at, before=before, running=running)
    )
