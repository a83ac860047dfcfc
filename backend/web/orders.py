"""One order: its page with history and conversation, and the moves that staff can make with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from backend.domain.order import HistoryRow, IllegalMoveError, Move, Order, OrderNotFoundError
from backend.domain.payload import PayloadError
from backend.services.accept_order import accept_order
from backend.services.access import load_actions_of_moves, thing_of
from backend.services.cancel_order import cancel_order
from backend.services.commands import AcceptOrder, CancelOrder, FinishOrder, ReassignOrder
from backend.services.finish_order import finish_order
from backend.services.move_order import UnknownDepartmentError
from backend.services.ports import StaleError, UnitOfWork
from backend.services.reassign_order import reassign_order
from backend.web.call_links import call_of
from backend.web.desk import Desk
from backend.web.guard import ForbiddenError, Form, Visit
from backend.web.present import moment

MOST_REASON = 500  # characters
MOST_NAME = 40

DONE_WORDS = {
    Move.ACCEPT: "done.accepted", Move.ROUTE: "done.reassigned", Move.CANCEL: "done.cancelled", Move.FINISH: "done.finished",
}  # fmt: skip


class RefusedError(Exception):
    """The form can not be carried out as it is; the text is for the person who sent it."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A line above the order: what was done, or why it was not."""

    text: str
    good: bool = False


def order_seen(uow: UnitOfWork, number: str, visit: Visit) -> Order:
    """The order, if this person may see it. Raises OrderNotFoundError: what belongs to others is as if it was not there."""
    order = uow.orders.get(number)
    if not visit.sees(order):
        raise OrderNotFoundError(number)
    return order


def rows_since(order: Order, version: int) -> tuple[HistoryRow, ...]:
    """The history after the version somebody looked at. The last row made the current version."""
    missed = order.version - version
    return order.history[-missed:] if missed > 0 else ()


def carry_out(move: Move, order: Order, form: Form, desk: Desk, uow: UnitOfWork) -> Order:
    """Turn the form into the command of its move. Raises RefusedError in words, and what the service raises."""
    number, at, actor = order.number, form.visit.now, form.visit.user.login
    reason = form.text("reason")
    if len(reason) > MOST_REASON:
        raise RefusedError(desk.words("problems.too_long", most=MOST_REASON))
    match move:
        case Move.ACCEPT:
            assignee = form.text("assignee")[:MOST_NAME] or None
            return accept_order(AcceptOrder(number, at, actor, assignee), uow)
        case Move.ROUTE:
            department = form.text("department")
            if not department:
                raise RefusedError(desk.words("problems.needs_department"))
            if department == order.department:
                name = desk.pages.department(department)
                raise RefusedError(desk.words("problems.same_department", department=name))
            return reassign_order(ReassignOrder(number, at, actor, department, reason), uow)
        case Move.CANCEL:
            if not reason:
                raise RefusedError(desk.words("problems.needs_reason"))
            return cancel_order(CancelOrder(number, at, actor, reason), uow)
        case Move.FINISH:
            return finish_order(FinishOrder(number, at, actor, reason), uow)
    raise RefusedError(desk.words("problems.unknown_move"))


class OrderDesk:
    """Reads what an order page shows, and carries out its forms."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._actions = desk, load_actions_of_moves()

    def shown(self, uow: UnitOfWork, order: Order, visit: Visit) -> dict[str, Any]:
        """Everything that the order page shows."""
        return {
            "order": order,
            "moves": visit.moves(order),
            "elder": uow.people.find(order.elder_id),
            "lines": uow.contacts.lines(order.session),
            "call": call_of(uow, order.session, visit),
            "moved": lambda row: self._desk.words(f"moved.{row.move}", department=""),
        }

    def move(self, number: str, move: Move, form: Form) -> tuple[Order, Notice]:
        """Carry out a form. Never raises for what two people did at once: the notice says what happened."""
        visit, words = form.visit, self._desk.words
        for _ in range(2):
            with self._desk.store.unit_of_work() as uow:
                order = order_seen(uow, number, visit)
                if not visit.may(self._actions.get(move, ""), thing_of(order)):
                    raise ForbiddenError
                missed = rows_since(order, form.number("version") or 0)
                if missed:
                    return order, Notice(words("problems.stale", what=self._told(missed, order, visit)))
                try:
                    moved = carry_out(move, order, form, self._desk, uow)
                    uow.commit()
                except RefusedError as refused:
                    return order, Notice(str(refused))
                except UnknownDepartmentError:
                    return order, Notice(words("problems.needs_department"))
                except IllegalMoveError:
                    state, name = words(f"states.{order.state}"), words(f"moves.{move}")
                    return order, Notice(words("problems.not_allowed_now", state=state, move=name))
                except PayloadError:
                    return order, Notice(words("problems.needs_evidence"))
                except StaleError:
                    continue  # somebody was faster by a moment: the next look sees what they did
                department = self._desk.pages.department(moved.department)
                return moved, Notice(words(DONE_WORDS[move], department=department), good=True)
        raise StaleError(number)

    def _told(self, rows: tuple[HistoryRow, ...], order: Order, visit: Visit) -> str:
        words, pages = self._desk.words, self._desk.pages

        def told(row: HistoryRow) -> str:
            moved = words(f"moved.{row.move}", department=pages.department(order.department))
            when = moment(row.at, visit.now, words)
            return words("problems.stale_row", name=pages.person(row.actor), when=when, moved=moved)

        return "；".join(told(row) for row in rows)


def orders_router(desk: Desk) -> APIRouter:
    """`/staff/orders/NUMBER`, the part of it that stays live, and one address for each move."""
    router = APIRouter()
    orders = OrderDesk(desk)
    visitor, checked_form = Depends(desk.guard.visit), Depends(desk.guard.form)

    @router.get("/staff/orders/{number}")
    def show(number: str, request: Request, visit: Visit = visitor) -> HTMLResponse:
        since = desk.live.last_id
        with desk.store.reading() as uow:
            shown = orders.shown(uow, order_seen(uow, number, visit), visit)
        desk.note_look(visit, request, "order.view", "order", number)
        notice = _after_redirect(request, shown["order"], desk)
        return desk.pages.page("staff/order.html", visit, since=since, notice=notice, **shown)

    @router.get("/staff/part/orders/{number}")
    def part(number: str, visit: Visit = visitor) -> HTMLResponse:
        with desk.store.reading() as uow:
            shown = orders.shown(uow, order_seen(uow, number, visit), visit)
        return desk.pages.page("staff/order_part.html", visit, notice=None, **shown)

    @router.post("/staff/orders/{number}/{move}")
    def move(number: str, move: Move, request: Request, form: Form = checked_form) -> Response:
        order, notice = orders.move(number, move, form)
        status = 200 if notice.good else 409
        if request.headers.get("hx-request"):
            if form.text("from") == "list":
                return desk.pages.page(
                    "staff/order_row.html", form.visit, order=order, notice=notice, status=status
                )
            return _again(order, notice, form, status, "staff/order_part.html")
        if notice.good:
            return RedirectResponse(f"/staff/orders/{order.number}?done={move}", status_code=303)
        return _again(order, notice, form, status, "staff/order.html")

    def _again(order: Order, notice: Notice, form: Form, status: int, template: str) -> HTMLResponse:
        since = desk.live.last_id
        if not form.visit.sees(order):  # it was just given to another department
            return desk.pages.page("staff/order_gone.html", form.visit, notice=notice, order=order)
        with desk.store.reading() as uow:
            shown = orders.shown(uow, uow.orders.get(order.number), form.visit)
        return desk.pages.page(template, form.visit, status=status, since=since, notice=notice, **shown)

    return router


def _after_redirect(request: Request, order: Order, desk: Desk) -> Notice | None:
    done: Mapping[str, str] = {move.value: key for move, key in DONE_WORDS.items()}
    key = done.get(request.query_params.get("done", ""))
    if key is None:
        return None
    return Notice(desk.words(key, department=desk.pages.department(order.department)), good=True)


Told = Callable[[HistoryRow], str]
