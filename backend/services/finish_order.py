"""办结: the work is done."""

from __future__ import annotations

from backend.domain.order import Move, Order
from backend.services.commands import FinishOrder
from backend.services.events import ORDER_DONE, order_event
from backend.services.ports import UnitOfWork


def finish_order(command: FinishOrder, uow: UnitOfWork) -> Order:
    """Raises OrderNotFoundError, IllegalMoveError (nobody accepted it, for example) or StaleError."""
    order = uow.orders.get(command.number).moved(
        Move.FINISH, at=command.at, actor=command.actor, reason=command.note
    )
    uow.orders.save(order)
    uow.publish(order_event(ORDER_DONE, order))
    return order
