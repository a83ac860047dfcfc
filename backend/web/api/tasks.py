"""Emergencies, hand-offs and complaints that wait for a person."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from backend.domain.access import Thing
from backend.domain.queue import Task, TaskKind
from backend.services.access import is_in_reach
from backend.services.acknowledge_task import acknowledge_task
from backend.services.commands import AcknowledgeTask
from backend.services.ports import TaskNotFoundError, UnitOfWork
from backend.web.api.answers import Reply, change, respond
from backend.web.api.caller import Caller, note
from backend.web.api.cursor import read_cursor, write_cursor
from backend.web.api.desk import Desk, refusals
from backend.web.api.orders import Cursor, Limit
from backend.web.api.schemas import TakeTaskIn
from backend.web.api.show import page_shown, task_shown

TaskId = Annotated[int, Path(ge=1, le=2**31 - 1)]


def task_seen(uow: UnitOfWork, task_id: int, caller: Caller, action: str = "task.view") -> Task:
    """The task, if it is in reach. One of a region that the caller does not work with is as if it was not there, and so is what
    was reported to a level above theirs."""
    caller.require(action, Thing())
    task = uow.tasks.get(task_id)
    if not is_in_reach(task, caller.actor, caller.matrix, action):
        raise TaskNotFoundError(task_id)
    return task


def tasks_router(desk: Desk) -> APIRouter:
    """`/tasks`."""
    router = APIRouter(prefix="/tasks", tags=["tasks"])

    @router.get("", responses=refusals(), summary="List tasks: emergencies first, then the oldest")
    def index(
        state: Literal["open", "taken"] = "open",
        kind: Annotated[TaskKind | None, Query()] = None,
        limit: Limit = 50,
        cursor: Cursor = None,
        caller: Caller = desk.caller,
    ) -> Response:
        """Those that were taken, newest first. Masked, whoever asks: read one task to see it in full. Late orders (`late`) are
        listed for the level that they were reported to, and those around it."""
        caller.require("task.view", Thing())
        after, regions = read_cursor("tasks", cursor), caller.reach("task.view").regions
        levels = caller.matrix.inside(caller.actor.user.region)
        with desk.store.reading() as uow:
            found = uow.tasks.page(
                taken=state == "taken", kind=kind, regions=regions, levels=levels, limit=limit + 1,
                after=None if after is None else int(after),
            )  # fmt: skip
        following = write_cursor("tasks", found[limit - 1].id) if len(found) > limit else None
        return respond(Reply(page_shown([task_shown(task, full=False) for task in found[:limit]], following)))

    @router.get("/{task}", responses=refusals(404), summary="Read one task")
    def show(task: TaskId, caller: Caller = desk.caller) -> Response:
        full = caller.may("people.reveal", Thing())
        with desk.store.unit_of_work() if full else desk.store.reading() as uow:
            found = task_seen(uow, task, caller)
            note(uow, [caller.noted("task.view", "task", str(task))] if full else [])
        return respond(Reply(task_shown(found, full=full)))

    @router.post("/{task}/take", responses=refusals(404, 409, 413, 415), summary="Take a task on")
    def take(task: TaskId, body: TakeTaskIn, request: Request, caller: Caller = desk.caller) -> Response:
        """From now on it is yours; 409 when somebody was faster."""

        def work(uow: UnitOfWork) -> Reply:
            task_seen(uow, task, caller, "task.take")
            taken = acknowledge_task(AcknowledgeTask(task, caller.now, caller.login, body.note), uow)
            full = caller.may("people.reveal", Thing())
            if full:
                uow.access_log.note([caller.noted("task.take", "task", str(task))])
            return Reply(task_shown(taken, full=full))

        return change(desk.store, caller, request, work)

    return router
