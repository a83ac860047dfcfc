"""办结: the work is done."""

from __future__ import annotations

from backend.domain.order import Move, Order
from backend.services.commands import FinishOrder, MoveOrder
from backend.services.move_order import move_order
from backend.services.ports import UnitOfWork


def finish_order(command: FinishOrder, uow: UnitOfWork) -> Order:
    """Raises OrderNotFoundError, IllegalMoveError (nobody accepted it), PayloadError (a visit without evidence) or StaleError."""
    return move_order(MoveOrder(command.number, Move.FINISH, command.at, command.actor, command.note), uow)
