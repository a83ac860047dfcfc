"""Somebody of the staff takes a task: from now on it is theirs."""

from __future__ import annotations

from dataclasses import replace

from backend.domain.queue import AlreadyAcknowledgedError, Task
from backend.services.commands import AcknowledgeTask
from backend.services.events import TASK_ACKNOWLEDGED, task_event
from backend.services.ports import UnitOfWork


def acknowledge_task(command: AcknowledgeTask, uow: UnitOfWork) -> Task:
    """Raises TaskNotFoundError, or AlreadyAcknowledgedError when somebody else was faster."""
    task = uow.tasks.get(command.task_id)
    if task.acknowledged_at is not None:
        raise AlreadyAcknowledgedError(f"task {task.id} was acknowledged by {task.acknowledged_by}")
    task = replace(task, acknowledged_at=command.at, acknowledged_by=command.actor, note=command.note)
    uow.tasks.save(task)
    uow.publish(task_event(TASK_ACKNOWLEDGED, task))
    return task
