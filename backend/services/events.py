"""The names of events, and how a change becomes one. Events say what changed, never personal data: screens fetch the rest."""

from __future__ import annotations

from collections.abc import Mapping

from backend.domain.order import Move, Order
from backend.domain.queue import Task
from backend.services.ports import Event

ORDER_PLACED = "OrderPlaced"
ORDER_CANCELLED = "OrderCancelled"
ORDER_RESCHEDULED = "OrderRescheduled"
ORDER_ACCEPTED = "OrderAccepted"
ORDER_REASSIGNED = "OrderReassigned"
ORDER_DONE = "OrderDone"
DEADLINE_NEAR = "DeadlineNear"
TASK_OPENED = "TaskOpened"
TASK_COMPLETED = "TaskCompleted"  # more is known of a task that was open already
TASK_ACKNOWLEDGED = "TaskAcknowledged"
FAMILY_BOUND = "FamilyBound"
FAMILY_UNBOUND = "FamilyUnbound"
ALERT_ACKNOWLEDGED = "AlertAcknowledged"
DAY_PLANNED = "DayPlanned"
DAY_PLAN_ADOPTED = "DayPlanAdopted"
WORKER_ABSENT = "WorkerAbsent"
WORKER_BACK = "WorkerBack"  # comes after all
STAFF_CHANGED = "StaffChanged"  # a login: its open screens and streams end
TOKEN_REVOKED = "TokenRevoked"  # noqa: S105 (a name; the streams that were opened with the token end)


NAMES: Mapping[Move, str] = {
    Move.ROUTE: ORDER_REASSIGNED,
    Move.OFFER: "OrderOffered",
    Move.REFUSE: "OrderRefused",
    Move.LAPSE: "OfferLapsed",
    Move.ACCEPT: ORDER_ACCEPTED,
    Move.SET_OUT: "WorkerSetOut",
    Move.START: "WorkStarted",
    Move.PAUSE: "OrderPaused",
    Move.RESUME: "OrderResumed",
    Move.FINISH: ORDER_DONE,
    Move.CONFIRM: "OrderConfirmed",
    Move.FOLLOW_UP: "OrderFollowedUp",
    Move.CLOSE: "OrderClosed",
    Move.RETURN: "OrderReturned",
    Move.REOPEN: "OrderReopened",
    Move.RESCHEDULE: ORDER_RESCHEDULED,
    Move.ESCALATE: "OrderEscalated",
    Move.CANCEL: ORDER_CANCELLED,
}


# Everything that others can ask to be told of.
KNOWN_EVENTS = frozenset(NAMES.values()) | {
    ORDER_PLACED,
    DEADLINE_NEAR,
    TASK_OPENED,
    TASK_COMPLETED,
    TASK_ACKNOWLEDGED,
    DAY_PLANNED,
    DAY_PLAN_ADOPTED,
    WORKER_ABSENT,
    WORKER_BACK,
}


def moved_event(move: Move, order: Order) -> Event:
    return order_event(NAMES[move], order)


def order_event(name: str, order: Order) -> Event:
    data = {
        "item": order.item,
        "state": order.state.value,
        "department": order.department,
        "region": order.region,
        "version": order.version,
    }
    return Event(name, order.number, data)


def task_event(name: str, task: Task) -> Event:
    return Event(name, str(task.id), {"kind": task.kind.value, "region": task.region})
