"""Somebody of the staff takes a task: from now on it is theirs."""

from __future__ import annotations

from dataclasses import replace

from backend.domain.queue import AlreadyAcknowledgedError, Task, TaskKind
from backend.services.commands import AcknowledgeTask
from backend.services.events import TASK_ACKNOWLEDGED, task_event
from backend.services.ports import UnitOfWork

MOST_OPEN = 1000  # tasks that are looked through for earlier reports


def acknowledge_task(command: AcknowledgeTask, uow: UnitOfWork) -> Task:
    """Raises TaskNotFoundError, or AlreadyAcknowledgedError when somebody else was faster."""
    task = uow.tasks.get(command.task_id)
    if task.acknowledged_at is not None:
        raise AlreadyAcknowledgedError(f"task {task.id} was acknowledged by {task.acknowledged_by}")
    task = replace(task, acknowledged_at=command.at, acknowledged_by=command.actor, note=command.note)
    uow.tasks.save(task)
    uow.publish(task_event(TASK_ACKNOWLEDGED, task))
    if task.kind is TaskKind.LATE:
        _take_earlier(task, uow)
    return task


def _take_earlier(task: Task, uow: UnitOfWork) -> None:
    """Whoever takes an order that was reported to their level has it: the levels below need not look for it any more."""
    for other in uow.tasks.open(MOST_OPEN):
        same = other.kind is TaskKind.LATE and other.order_number == task.order_number
        if same and (other.id or 0) < (task.id or 0):
            taken = replace(other, acknowledged_at=task.acknowledged_at, acknowledged_by=task.acknowledged_by)
            uow.tasks.save(taken)
            uow.publish(task_event(TASK_ACKNOWLEDGED, taken))
