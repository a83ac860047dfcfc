"""Looks at personal data in parts that screens show again and again: each login's look at each thing is noted once."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import Request

from backend.domain.queue import Task
from backend.web.desk import Desk
from backend.web.guard import Visit

MOST_REMEMBERED = 10_000


class Looks:
    """What this process has noted. After a restart a look is noted once more, which does no harm."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._noted: set[tuple[str, int]] = set()

    def note(self, visit: Visit, request: Request, tasks: Sequence[Task]) -> None:
        """Write to the access log which of these emergencies this person is shown in full for the first time. Blocks."""
        login = visit.user.login
        fresh = [
            (login, task.id)
            for task in tasks
            if task.id is not None and (login, task.id) not in self._noted and visit.reveals_task(task)
        ]
        if not fresh:
            return
        self._desk.note_looks(visit, request, "task.view", "task", [str(task_id) for _, task_id in fresh])
        if len(self._noted) + len(fresh) > MOST_REMEMBERED:
            self._noted.clear()
        self._noted.update(fresh)
