"""An order moves to another time. Whoever had accepted it must say yes again."""

from __future__ import annotations

from backend.domain.order import Move, Order
from backend.services.commands import MoveOrder, RescheduleOrder
from backend.services.move_order import move_order
from backend.services.ports import UnitOfWork


def reschedule_order(command: RescheduleOrder, uow: UnitOfWork) -> Order:
    """Raises OrderNotFoundError, IllegalMoveError (done or cancelled already), PayloadError (no time) or StaleError."""
    wanted = command.wanted
    payload = {"iso": wanted.iso, "asap": wanted.asap, "recurrence": wanted.recurrence}
    return move_order(
        MoveOrder(
            command.number, Move.RESCHEDULE, command.at, command.actor, command.reason, payload=payload
        ),
        uow,
    )
