"""The names of events, and how a change becomes one. Events say what changed, never personal data: screens fetch the rest."""

from __future__ import annotations

from backend.domain.order import Order
from backend.domain.queue import Task
from backend.services.ports import Event

ORDER_PLACED = "OrderPlaced"
ORDER_CANCELLED = "OrderCancelled"
ORDER_RESCHEDULED = "OrderRescheduled"
ORDER_ACCEPTED = "OrderAccepted"
ORDER_REASSIGNED = "OrderReassigned"
ORDER_DONE = "OrderDone"
TASK_OPENED = "TaskOpened"
TASK_COMPLETED = "TaskCompleted"  # more is known of a task that was open already
TASK_ACKNOWLEDGED = "TaskAcknowledged"


def order_event(name: str, order: Order) -> Event:
    data = {
        "item": order.item,
        "state": order.state.value,
        "department": order.department,
        "version": order.version,
    }
    return Event(name, order.number, data)


def task_event(name: str, task: Task) -> Event:
    return Event(name, str(task.id), {"kind": task.kind.value})
