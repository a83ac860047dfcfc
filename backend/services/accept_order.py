"""接单: somebody takes an order on."""

from __future__ import annotations

from backend.domain.order import Move, Order
from backend.services.commands import AcceptOrder, MoveOrder
from backend.services.move_order import move_order
from backend.services.ports import UnitOfWork


def accept_order(command: AcceptOrder, uow: UnitOfWork) -> Order:
    """Raises OrderNotFoundError, IllegalMoveError (accepted already, for example) or StaleError."""
    payload = {"assignee": command.assignee or command.actor}
    return move_order(MoveOrder(command.number, Move.ACCEPT, command.at, command.actor, payload=payload), uow)
