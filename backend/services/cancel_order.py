"""An order is withdrawn, by whoever placed it or by staff, with the reason."""

from __future__ import annotations

from backend.domain.order import Move, Order
from backend.services.commands import CancelOrder
from backend.services.events import ORDER_CANCELLED, order_event
from backend.services.ports import UnitOfWork


def cancel_order(command: CancelOrder, uow: UnitOfWork) -> Order:
    """Raises OrderNotFoundError, IllegalMoveError (done or cancelled already) or StaleError."""
    order = uow.orders.get(command.number).moved(
        Move.CANCEL, at=command.at, actor=command.actor, reason=command.reason
    )
    uow.orders.save(order)
    uow.publish(order_event(ORDER_CANCELLED, order))
    return order
