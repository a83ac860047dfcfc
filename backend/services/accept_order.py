"""接单: somebody takes an order on."""

from __future__ import annotations

from backend.domain.order import Move, Order
from backend.services.commands import AcceptOrder
from backend.services.events import ORDER_ACCEPTED, order_event
from backend.services.ports import UnitOfWork


def accept_order(command: AcceptOrder, uow: UnitOfWork) -> Order:
    """Raises OrderNotFoundError, IllegalMoveError (accepted already, for example) or StaleError."""
    order = uow.orders.get(command.number).moved(
        Move.ACCEPT, at=command.at, actor=command.actor, assignee=command.assignee or command.actor
    )
    uow.orders.save(order)
    uow.publish(order_event(ORDER_ACCEPTED, order))
    return order
