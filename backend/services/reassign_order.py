"""An order goes to another department, with the reason."""

from __future__ import annotations

from backend.domain.order import Move, Order
from backend.services.commands import MoveOrder, ReassignOrder
from backend.services.move_order import move_order
from backend.services.ports import UnitOfWork


def reassign_order(command: ReassignOrder, uow: UnitOfWork) -> Order:
    """Raises UnknownDepartmentError, OrderNotFoundError, IllegalMoveError or StaleError."""
    payload = {"department": command.department}
    return move_order(
        MoveOrder(command.number, Move.ROUTE, command.at, command.actor, command.reason, payload=payload),
        uow,
    )
