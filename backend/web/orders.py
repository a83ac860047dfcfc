"""One order: its page with history and conversation, and the moves that staff can make with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from backend.domain.order import HistoryRow, IllegalMoveError, Move, Order, OrderNotFoundError
from backend.services.access import load_actions_of_moves, thing_of
from backend.services.late_orders import lateness
from backend.services.ports import StaleError, UnitOfWork
from backend.web.call_links import call_of
from backend.web.candidates import BEST_SHOWN, candidates_shown
from backend.web.desk import Desk
from backend.web.guard import ForbiddenError, Form, Visit
from backend.web.moves import RefusedError, carry_out, given_with
from backend.web.present import moment
from backend.web.queue import how_late


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


class OrderDesk:
    """Reads what an order page shows, and carries out its forms."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._actions = desk, load_actions_of_moves()

    def shown(self, uow: UnitOfWork, order: Order, visit: Visit) -> dict[str, Any]:
        """Everything that the order page shows."""
        full, moves = visit.reveals(order), visit.moves(order)
        clocks = uow.late_orders.clocks([order.number]).get(order.number, ())
        names = self._names(uow, order)
        return {
            "order": order,
            "full": full,
            "moves": moves,
            "late": {order.number: lateness(order, clocks, visit.now)},
            "elder": uow.people.find(order.elder_id),
            "lines": uow.contacts.lines(order.session) if full else (),
            "call": call_of(uow, order.session, visit),
            "given": lambda row: given_with(row, visit.now, self._desk.words, names) if full else (),
            "names": names,
            "candidates": candidates_shown(uow, order, visit.now, self._desk.words)
            if Move.OFFER in moves
            else (),
            "best_shown": BEST_SHOWN,
            "crew": uow.providers.workers(visit.user.provider) if visit.user.provider else (),
        }

    def _names(self, uow: UnitOfWork, order: Order) -> dict[str, str]:
        """Names of whoever does it and of whoever is or was asked; a login or a name that was written stands as staff know it."""
        asked = (str(row.payload.get("worker", "")) for row in order.history if row.move == Move.OFFER)
        codes = {code for code in (order.assignee, order.offered_to, *asked) if code}
        found = {code: uow.providers.worker(code) or uow.providers.provider(code) for code in codes}
        return {code: one.name if one else self._desk.pages.person(code) for code, one in found.items()}

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
                except IllegalMoveError:
                    state, name = words(f"states.{order.state}"), words(f"moves.{move}")
                    return order, Notice(words("problems.not_allowed_now", state=state, move=name))
                except StaleError:
                    continue  # somebody was faster by a moment: the next look sees what they did
                department = self._desk.pages.department(moved.department)
                return moved, Notice(words(f"done.{move}", department=department), good=True)
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

    def note(shown: dict[str, Any], visit: Visit, request: Request) -> None:
        """Each page that shows somebody in full, before it leaves the house."""
        if shown["full"]:
            desk.note_look(visit, request, "order.view", "order", shown["order"].number)

    @router.get("/staff/orders/{number}")
    def show(number: str, request: Request, visit: Visit = visitor) -> HTMLResponse:
        since = desk.live.last_id
        with desk.store.reading() as uow:
            shown = orders.shown(uow, order_seen(uow, number, visit), visit)
        note(shown, visit, request)
        notice = _after_redirect(request, shown["order"], desk)
        return desk.pages.page("staff/order.html", visit, since=since, notice=notice, **shown)

    @router.get("/staff/part/orders/{number}")
    def part(number: str, request: Request, visit: Visit = visitor) -> HTMLResponse:
        with desk.store.reading() as uow:
            shown = orders.shown(uow, order_seen(uow, number, visit), visit)
        note(shown, visit, request)
        return desk.pages.page("staff/order_part.html", visit, notice=None, **shown)

    @router.post("/staff/orders/{number}/{move}")
    def move(number: str, move: Move, request: Request, form: Form = checked_form) -> Response:
        order, notice = orders.move(number, move, form)
        status = 200 if notice.good else 409
        if request.headers.get("hx-request"):
            if form.text("from") == "list":
                with desk.store.reading() as uow:
                    late = how_late(uow, [order], form.visit.now)
                return desk.pages.page(
                    "staff/order_row.html", form.visit, order=order, notice=notice, late=late, status=status
                )
            return again(order, notice, form, request, status, "staff/order_part.html")
        if notice.good:
            return RedirectResponse(f"/staff/orders/{order.number}?done={move}", status_code=303)
        return again(order, notice, form, request, status, "staff/order.html")

    def again(
        order: Order, notice: Notice, form: Form, request: Request, status: int, template: str
    ) -> HTMLResponse:
        since = desk.live.last_id
        if not form.visit.sees(order):  # it was just given to another department
            return desk.pages.page("staff/order_gone.html", form.visit, notice=notice, order=order)
        with desk.store.reading() as uow:
            shown = orders.shown(uow, uow.orders.get(order.number), form.visit)
        note(shown, form.visit, request)
        return desk.pages.page(template, form.visit, status=status, since=since, notice=notice, **shown)

    return router


def _after_redirect(request: Request, order: Order, desk: Desk) -> Notice | None:
    done = request.query_params.get("done", "")
    if done not in set(Move):
        return None
    return Notice(desk.words(f"done.{done}", department=desk.pages.department(order.department)), good=True)
