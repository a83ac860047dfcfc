"""What happens when a clock of an order speaks: a warning, a report to the next level, the next worker, or the file is closed.

Each runs in one transaction with what it causes, so that a process that dies between the two leaves neither: after a restart
the clock speaks again, and nothing happens twice.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from backend.domain.deadlines import WARNING, Deadline
from backend.domain.order import IllegalMoveError, Move, Order
from backend.services.clocks import load_clocks
from backend.services.commands import MoveOrder
from backend.services.events import DEADLINE_NEAR, order_event
from backend.services.move_order import move_order
from backend.services.offer_order import SYSTEM, offer_to_next
from backend.services.ports import StaleError, Stores, UnitOfWork

log = logging.getLogger(__name__)

FIRST_WAIT = timedelta(
    seconds=2
)  # before a clock whose action failed is tried again; twice as long each time
LONGEST_WAIT = timedelta(hours=1)


def fire_next(store: Stores, now: datetime, *, away: tuple[type[Exception], ...] = ()) -> bool:
    """Act on the clock that has been due the longest. False when nothing is due.

    An action that fails waits and is tried again; it does not keep the others from being done. Errors that are `away` say that
    the database failed, not the action: they are raised, and the clock is due as before.
    """
    due: tuple[str, Deadline] | None = None
    try:
        with store.unit_of_work() as uow:
            due = uow.deadlines.take_due(now)
            if due is None:
                return False
            _fire(*due, now, uow)
            uow.commit()
    except StaleError:
        pass  # somebody moved the order this very moment: its clocks were set anew
    except away:
        raise
    except Exception:
        if due is None:
            raise
        log.exception("deadline_failed: order %s step %s", due[0], due[1].step)
        _postpone(store, *due, now)
    return True


def _fire(number: str, deadline: Deadline, now: datetime, uow: UnitOfWork) -> None:
    order = uow.orders.get(number)
    clocks = load_clocks()
    step = clocks.sla.steps.get(deadline.step)
    # Put first: a move that follows sets the clocks anew and finds this one as it should go on.
    later = clocks.after_firing(order, deadline, now) if step is not None else None
    uow.deadlines.put(number, [deadline], [later] if later else [])
    if step is None:  # the operator took this step out of the rules
        return
    if deadline.level == WARNING:
        event = order_event(DEADLINE_NEAR, order)
        told = {"step": deadline.step, "due_at": deadline.due_at.isoformat()}
        uow.publish(replace(event, data=event.data | told))
        return
    try:
        _act(step.does, order, deadline, now, uow)
    except IllegalMoveError:
        log.info("deadline_outdated: order %s step %s", number, deadline.step)


def _act(does: str, order: Order, deadline: Deadline, now: datetime, uow: UnitOfWork) -> None:
    match does:
        case "dispatch":
            offer_to_next(order.number, now, uow)
        case "lapse":
            move_order(MoveOrder(order.number, Move.LAPSE, now, SYSTEM), uow)
        case "close":
            move_order(MoveOrder(order.number, Move.CLOSE, now, SYSTEM), uow)
        case "escalate":
            # One step may have told a higher level already than another one is about to.
            level = max(deadline.level, order.escalation)
            payload = {"level": level, "step": deadline.step}
            move_order(MoveOrder(order.number, Move.ESCALATE, now, SYSTEM, payload=payload), uow)


def _postpone(store: Stores, number: str, deadline: Deadline, now: datetime) -> None:
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(deadline.failures, 10))
    later = replace(deadline, next_at=now + wait, failures=deadline.failures + 1)
    with store.unit_of_work() as uow:
        # Another process may be acting on it this moment: what that one writes must stand.
        if deadline in uow.deadlines.of(number, lock=True):
            uow.deadlines.put(number, [deadline], [later])
            uow.commit()
