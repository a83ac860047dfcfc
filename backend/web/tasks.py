"""Emergencies, hand-offs and complaints: one page each with what was said, and taking them on with a note."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from backend.domain.queue import AlreadyAcknowledgedError, Task
from backend.services.acknowledge_task import acknowledge_task
from backend.services.commands import AcknowledgeTask
from backend.services.ports import TaskNotFoundError, UnitOfWork
from backend.web.call_links import call_of
from backend.web.desk import Desk
from backend.web.guard import ForbiddenError, Form, Visit, is_of_the_line
from backend.web.looks import Looks
from backend.web.moves import MOST_REASON
from backend.web.orders import Notice
from backend.web.present import moment
from backend.web.queue import MOST_TASKS, open_tasks


def task_seen(uow: UnitOfWork, task_id: int, visit: Visit) -> Task:
    """The task, if this person may see it. Raises ForbiddenError for whoever sees no tasks at all, and TaskNotFoundError: what
    belongs to other regions is as if it was not there."""
    if not visit.sees_tasks:
        raise ForbiddenError
    task = uow.tasks.get(task_id)
    if not visit.sees_task(task):
        raise TaskNotFoundError(task_id)
    return task


def tasks_router(desk: Desk, looks: Looks) -> APIRouter:
    """`/staff/tasks/ID`, its acknowledgement, and the list of those that are done."""
    router = APIRouter()
    visitor, checked_form = Depends(desk.guard.visit), Depends(desk.guard.form)

    def shown(uow: UnitOfWork, task: Task, visit: Visit) -> dict[str, Any]:
        return {
            "task": task,
            "full": visit.reveals_task(task),
            "of_the_line": is_of_the_line(task),
            "elder": uow.people.find(task.elder_id),
            "lines": uow.contacts.lines(task.session),
            "call": call_of(uow, task.session, visit),
        }

    def note(values: dict[str, Any], visit: Visit, request: Request) -> None:
        if values["full"] and not is_of_the_line(values["task"]):
            desk.note_look(visit, request, "task.view", "task", str(values["task"].id))

    @router.get("/staff/tasks")
    def closed(visit: Visit = visitor) -> HTMLResponse:
        if not visit.sees_tasks:
            raise ForbiddenError
        with desk.store.reading() as uow:
            closed = uow.tasks.closed(MOST_TASKS, visit.task_regions)
        tasks = [task for task in closed if visit.sees_task(task)]
        return desk.pages.page("staff/tasks_closed.html", visit, tasks=tasks)

    @router.get("/staff/tasks/{task_id}")
    def show(task_id: int, request: Request, visit: Visit = visitor) -> HTMLResponse:
        with desk.store.reading() as uow:
            values = shown(uow, task_seen(uow, task_id, visit), visit)
        note(values, visit, request)
        done = request.query_params.get("done") == "acknowledged"
        notice = Notice(desk.words("done.acknowledged"), good=True) if done else None
        return desk.pages.page("staff/task.html", visit, notice=notice, **values)

    @router.post("/staff/tasks/{task_id}/acknowledge")
    def acknowledge(task_id: int, request: Request, form: Form = checked_form) -> Response:
        if not form.visit.takes_tasks:
            raise ForbiddenError
        notice = _take(desk, task_id, form)
        if request.headers.get("hx-request") and form.text("from") == "list":
            with desk.store.reading() as uow:
                tasks = open_tasks(uow, form.visit)
            looks.note(form.visit, request, tasks["emergencies"])
            status = 200 if notice.good else 409
            return desk.pages.page("staff/tasks_part.html", form.visit, notice=notice, status=status, **tasks)
        if notice.good:
            return RedirectResponse(f"/staff/tasks/{task_id}?done=acknowledged", status_code=303)
        with desk.store.reading() as uow:
            values = shown(uow, task_seen(uow, task_id, form.visit), form.visit)
        note(values, form.visit, request)
        return desk.pages.page("staff/task.html", form.visit, status=409, notice=notice, **values)

    return router


def _take(desk: Desk, task_id: int, form: Form) -> Notice:
    """Acknowledge; when somebody was faster, say who and when."""
    visit, note = form.visit, form.text("note")
    if len(note) > MOST_REASON:
        return Notice(desk.words("problems.too_long", most=MOST_REASON))
    try:
        with desk.store.unit_of_work() as uow:
            task_seen(uow, task_id, visit)
            acknowledge_task(AcknowledgeTask(task_id, visit.now, visit.user.login, note), uow)
            uow.commit()
    except AlreadyAcknowledgedError:
        with desk.store.reading() as uow:
            task = uow.tasks.get(task_id)
        when = moment(task.acknowledged_at or visit.now, visit.now, desk.words)
        name = desk.pages.person(task.acknowledged_by or "")
        return Notice(desk.words("problems.already_taken", name=name, when=when))
    return Notice(desk.words("done.acknowledged"), good=True)
