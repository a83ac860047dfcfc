"""An order goes to another department, with the reason."""

from __future__ import annotations

from backend.domain.order import Move, Order
from backend.services.commands import ReassignOrder
from backend.services.events import ORDER_REASSIGNED, order_event
from backend.services.ports import UnitOfWork
from config.organisation import load_departments


class UnknownDepartmentError(ValueError):
    """No department has this code."""


def reassign_order(command: ReassignOrder, uow: UnitOfWork) -> Order:
    """Raises UnknownDepartmentError, OrderNotFoundError, IllegalMoveError or StaleError."""
    if command.department not in load_departments().by_code:
        raise UnknownDepartmentError(command.department)
    order = uow.orders.get(command.number).moved(
        Move.ROUTE,
        at=command.at,
        actor=command.actor,
        reason=command.reason,
        department=command.department,
        assignee=None,
    )
    uow.orders.save(order)
    uow.publish(order_event(ORDER_REASSIGNED, order))
    return order
