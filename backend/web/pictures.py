"""Pictures of a conversation, and of the work, in the staff console, for whoever sees the order or the task in full. Each look is noted."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from backend.services.access_ports import Access
from backend.store.pictures import Pictures, of_work, picture_type
from backend.web.desk import Desk
from backend.web.guard import ForbiddenError, Visit
from backend.web.tasks import task_seen

SHOWN = "picture.view"


def pictures_router(desk: Desk, pictures: Pictures) -> APIRouter:
    """`/staff/orders/NUMBER/pictures`, `/staff/tasks/ID/pictures` (parts of their pages), and each picture below them."""
    router = APIRouter()
    visitor = Depends(desk.guard.visit)

    def of_order(number: str, visit: Visit) -> tuple[str, ...]:
        with desk.store.reading() as uow:
            order = uow.orders.get(number)
        if not visit.sees(order):
            raise ForbiddenError
        return (order.session, of_work(number)) if visit.reveals(order) else ()

    def of_task(task_id: int, visit: Visit) -> tuple[str, ...]:
        with desk.store.reading() as uow:
            task = task_seen(uow, task_id, visit)
        return (task.session,) if visit.reveals_task(task) else ()

    def part(base: str, places: tuple[str, ...], visit: Visit) -> HTMLResponse:
        addresses = [f"{base}/{name}" for place in places for name in pictures.names(place)]
        return desk.pages.page("staff/pictures_part.html", visit, addresses=addresses)

    def picture(
        kind: str, key: str, places: tuple[str, ...], name: str, visit: Visit, request: Request
    ) -> Response:
        data = next((found for place in places if (found := pictures.read(place, name)) is not None), None)
        if data is None:
            return PlainTextResponse("not found", status_code=404)
        source = request.client.host if request.client else ""
        with desk.store.unit_of_work() as uow:
            uow.access_log.note([Access(visit.now, visit.user.login, None, SHOWN, kind, key, source)])
            uow.commit()
        headers = {"Cache-Control": "no-store", "Content-Disposition": "inline"}
        return Response(data, media_type=f"image/{picture_type(data)}", headers=headers)

    @router.get("/staff/orders/{number}/pictures")
    def order_pictures(number: str, visit: Visit = visitor) -> HTMLResponse:
        return part(f"/staff/orders/{number}/pictures", of_order(number, visit), visit)

    @router.get("/staff/orders/{number}/pictures/{name}")
    def order_picture(number: str, name: str, request: Request, visit: Visit = visitor) -> Response:
        return picture("order", number, of_order(number, visit), name, visit, request)

    @router.get("/staff/tasks/{task_id}/pictures")
    def task_pictures(task_id: int, visit: Visit = visitor) -> HTMLResponse:
        return part(f"/staff/tasks/{task_id}/pictures", of_task(task_id, visit), visit)

    @router.get("/staff/tasks/{task_id}/pictures/{name}")
    def task_picture(task_id: int, name: str, request: Request, visit: Visit = visitor) -> Response:
        return picture("task", str(task_id), of_task(task_id, visit), name, visit, request)

    return router
