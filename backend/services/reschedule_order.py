"""An order moves to another time. Whoever had accepted it must say yes again."""

from __future__ import annotations

from backend.domain.order import Move, Order
from backend.services.commands import RescheduleOrder
from backend.services.events import ORDER_RESCHEDULED, order_event
from backend.services.ports import UnitOfWork


def reschedule_order(command: RescheduleOrder, uow: UnitOfWork) -> Order:
    """Raises OrderNotFoundError, IllegalMoveError (done or cancelled already) or StaleError."""
    order = uow.orders.get(command.number).moved(
        Move.RESCHEDULE,
        at=command.at,
        actor=command.actor,
        reason=command.reason,
        wanted=command.wanted,
        assignee=None,
    )
    uow.orders.save(order)
    uow.publish(order_event(ORDER_RESCHEDULED, order))
    return order
