"""An order is withdrawn, by whoever placed it or by staff, with the reason."""

from __future__ import annotations

from backend.domain.order import Move, Order
from backend.services.commands import CancelOrder, MoveOrder
from backend.services.move_order import move_order
from backend.services.ports import UnitOfWork


def cancel_order(command: CancelOrder, uow: UnitOfWork) -> Order:
    """Raises OrderNotFoundError, IllegalMoveError (done or cancelled already), PayloadError (no reason) or StaleError."""
    return move_order(MoveOrder(command.number, Move.CANCEL, command.at, command.actor, command.reason), uow)
