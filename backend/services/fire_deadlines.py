"""What happens when clocks of orders speak: a warning, a report to the next level, the next worker, or the file is closed.

Each runs in one transaction with what it causes, so that a process that dies between the two leaves neither: after a restart
the clock speaks again, and nothing happens twice. Clocks that are due together are acted on together.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from backend.domain.deadlines import WARNING, Deadline
from backend.domain.order import IllegalMoveError, Move, Order
from backend.domain.queue import TaskKind
from backend.services.clocks import load_clocks
from backend.services.commands import MoveOrder, OpenTask
from backend.services.events import DEADLINE_NEAR, order_event
from backend.services.move_order import SYSTEM, move_order
from backend.services.offer_order import offer_to_next
from backend.services.open_task import open_task
from backend.services.ports import StaleError, Stores, UnitOfWork

log = logging.getLogger(__name__)

AT_ONCE = 50  # clocks in one transaction
FIRST_WAIT = timedelta(seconds=2)  # before a failed clock is tried again; twice as long each time
LONGEST_WAIT = timedelta(hours=1)
MOST_FAILURES = 8  # then, after some eight minutes, it is a matter for people
PUT_ASIDE = "clock"  # why of the task about it

Due = tuple[str, Deadline]  # number of the order, clock


def fire_due(store: Stores, now: datetime, *, away: tuple[type[Exception], ...] = ()) -> bool:
    """Act on the clocks that have been due the longest, at most AT_ONCE of them. False when nothing is due.

    When one of them fails, none of them has happened, and they are acted on one by one: see `fire_next`.
    """
    due: Sequence[Due] = ()
    try:
        with store.unit_of_work() as uow:
            due = uow.deadlines.take_due(now, AT_ONCE)
            if not due:
                return False
            _fire_together(due, now, uow)
            uow.commit()
    except away:
        raise
    except Exception as problem:
        if not due:
            raise
        log.info("deadlines_one_by_one: %d, %s", len(due), type(problem).__name__)
        for _ in due:
            fire_next(store, now, away=away)
    return True


def fire_next(store: Stores, now: datetime, *, away: tuple[type[Exception], ...] = ()) -> bool:
    """Act on the clock that has been due the longest. False when nothing is due.

    An action that fails waits and is tried again; it does not keep the others from being done. Errors that are `away` say that
    the database failed, not the action: they are raised, and the clock is due as before.
    """
    due: Sequence[Due] = ()
    try:
        with store.unit_of_work() as uow:
            due = uow.deadlines.take_due(now)
            if not due:
                return False
            _fire(*due[0], now, uow)
            uow.commit()
    except StaleError:
        pass  # somebody moved the order this very moment: its clocks were set anew
    except away:
        raise
    except Exception:
        if not due:
            raise
        number, deadline = due[0]
        log.exception("deadline_failed: order %s step %s", number, deadline.step)
        if deadline.failures >= MOST_FAILURES:
            _tell_staff(store, number, deadline, now)
        _postpone(store, number, deadline, now)
    return True


def _fire_together(due: Sequence[Due], now: datetime, uow: UnitOfWork) -> None:
    """Of two clocks of one order the second waits for the next time: the first may set it anew."""
    first: dict[str, Deadline] = {}
    for number, deadline in due:
        first.setdefault(number, deadline)
    uow.orders.read_ahead(first)
    # A report leaves every other clock as it is; what changes more of them asks by itself.
    uow.deadlines.read_ahead([number for number, deadline in first.items() if _is_report(deadline)])
    uow.deadlines.warned([one for one in first.items() if _is_warning(one[1])])
    for number, deadline in first.items():
        if _is_warning(deadline):
            _warn(uow.orders.get(number), deadline, uow)
        else:
            _fire(number, deadline, now, uow)


def _is_warning(deadline: Deadline) -> bool:
    """Whether it has nothing to do but warn. A step that the operator took out of the rules has not even that."""
    return deadline.level == WARNING and deadline.step in load_clocks().sla.steps


def _is_report(deadline: Deadline) -> bool:
    """Whether it tells the next level, and does nothing else."""
    step = load_clocks().sla.steps.get(deadline.step)
    return deadline.level != WARNING and step is not None and step.does == "escalate"


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
        _warn(order, deadline, uow)
        return
    try:
        _act(step.does, order, deadline, now, uow)
    except IllegalMoveError:
        log.info("deadline_outdated: order %s step %s", number, deadline.step)


def _warn(order: Order, deadline: Deadline, uow: UnitOfWork) -> None:
    event = order_event(DEADLINE_NEAR, order)
    told = {"step": deadline.step, "due_at": deadline.due_at.isoformat()}
    uow.publish(replace(event, data=event.data | told))


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
            level = min(max(deadline.level, order.escalation), len(load_clocks().sla.levels))
            payload = {"level": level, "step": deadline.step}
            move_order(MoveOrder(order.number, Move.ESCALATE, now, SYSTEM, payload=payload), uow)


def _postpone(store: Stores, number: str, deadline: Deadline, now: datetime) -> None:
    """Try again later. After too many failures it stands still till the order is moved."""
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(deadline.failures, 10))
    later = replace(deadline, next_at=now + wait, failures=deadline.failures + 1)
    if deadline.failures >= MOST_FAILURES:
        later = replace(deadline, next_at=None, left_s=0, failures=0)
    with store.unit_of_work() as uow:
        # Another process may be acting on it this moment: what that one writes must stand.
        if deadline in uow.deadlines.of(number, lock=True):
            uow.deadlines.put(number, [deadline], [later])
            uow.commit()


def _tell_staff(store: Stores, number: str, deadline: Deadline, now: datetime) -> None:
    """A person must look after this order: its clock is about to be put aside."""
    log.error("deadline_put_aside: order %s step %s", number, deadline.step)
    command = OpenTask(
        key=f"{PUT_ASIDE}:{number}:{deadline.step}:{deadline.due_at.isoformat()}",
        kind=TaskKind.HANDOFF,
        session=f"{PUT_ASIDE}:{number}",
        sender="",
        at=now,
        text=f"{number} {deadline.step}",
        why=PUT_ASIDE,
        order_number=number,
    )
    try:
        with store.unit_of_work() as uow:
            open_task(command, uow)
            uow.commit()
    except Exception:  # the order itself may be what can not be read
        log.exception("deadline_task_failed: order %s step %s", number, deadline.step)
