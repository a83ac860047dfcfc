"""Something that a person must look at: an emergency, a wish to speak to somebody, a complaint."""

from __future__ import annotations

from backend.domain.order import OrderNotFoundError
from backend.domain.queue import Task
from backend.services.commands import OpenTask
from backend.services.events import TASK_COMPLETED, TASK_OPENED, task_event
from backend.services.people_row import region_of
from backend.services.ports import UnitOfWork


def open_task(command: OpenTask, uow: UnitOfWork) -> Task:
    """The task of this key. When it stands already, what was said since fills its gaps and its text grows."""
    known = uow.tasks.by_key(command.key)
    task = uow.tasks.add(_task(command, _region(command, uow)), command.key)
    if known is None:
        uow.publish(task_event(TASK_OPENED, task))
    elif task != known:
        uow.publish(task_event(TASK_COMPLETED, task))
    return task


def _region(command: OpenTask, uow: UnitOfWork) -> str | None:
    """Whose task it is: where the person lives, else where it happens, else where the order is done; None: nobody knows yet."""
    elder = uow.people.find(command.elder_id)
    home = (elder.region or region_of(elder.address or "")) if elder else None
    region = command.region or home or region_of(command.place or "")
    if region is not None or command.order_number is None:
        return region
    try:
        return uow.orders.get(command.order_number).region
    except OrderNotFoundError:
        return None


def _task(command: OpenTask, region: str | None) -> Task:
    return Task(
        id=None,
        kind=command.kind,
        session=command.session,
        sender=command.sender,
        opened_at=command.at,
        text=command.text,
        why=command.why,
        who=command.who,
        place=command.place,
        phone=command.phone,
        elder_id=command.elder_id,
        order_number=command.order_number,
        region=region,
        told=command.told,
    )
