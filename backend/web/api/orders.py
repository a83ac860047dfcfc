"""Orders: place, read, list, move, and what happened to them."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from backend.domain.access import AccessDeniedError, Reach, Thing
from backend.domain.order import Move, Order, OrderNotFoundError, State
from backend.domain.payload import PayloadError
from backend.services.access import load_actions_of_moves, load_matrix, thing_of
from backend.services.commands import PlaceOrder
from backend.services.offer_order import rank_candidates
from backend.services.order_filter import OrderFilter
from backend.services.people_row import region_of
from backend.services.place_order import place_order
from backend.services.ports import StaleError, UnitOfWork
from backend.web.api.answers import Reply, change, etag, expected_version, respond
from backend.web.api.caller import Caller, note
from backend.web.api.cursor import read_cursor, write_cursor
from backend.web.api.desk import Desk, refusals
from backend.web.api.moves import make_move
from backend.web.api.problem import ProblemError
from backend.web.api.schemas import MoveIn, OrderIn
from backend.web.api.show import candidate_shown, history_shown, order_shown, page_shown, sees_in_full
from config.dispatch import load_dispatch
from config.organisation import load_departments

Number = Annotated[str, Path(pattern=r"^\d{8,12}$", examples=["11240017"])]
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=100)]


def reveal_reach(caller: Caller) -> Reach | None:
    """Of whom this caller sees personal data in full; None: of nobody."""
    try:
        return caller.reach("people.reveal")
    except AccessDeniedError:
        return None


def order_seen(uow: UnitOfWork, number: str, caller: Caller, action: str = "order.view") -> Order:
    """The order, if it is in reach. One that the caller may not even see is as if it was not there."""
    order = uow.orders.get(number)
    if not caller.may("order.view", thing_of(order)):
        raise OrderNotFoundError(number)
    caller.require(action, thing_of(order))
    return order


def read_filter(
    caller: Caller,
    action: str,
    state: Annotated[list[State], Query()],
    item: str | None,
    department: str | None,
    region: str | None,
    worker: str | None,
    person: int | None,
    placed_from: date | None,
    placed_to: date | None,
    q: str | None,
) -> OrderFilter:
    """What a list asks for, within the reach of `action`. Raises AccessDeniedError."""
    within = None if region is None else load_matrix().within.get(region, frozenset({region}))
    return OrderFilter(
        caller.reach(action), tuple(state), item, department, within, worker, person,
        placed_from=datetime.combine(placed_from, time()) if placed_from else None,
        placed_before=datetime.combine(placed_to, time()) + timedelta(days=1) if placed_to else None,
        text=q,
    )  # fmt: skip


def listing(action: str, desk: Desk) -> Any:
    """Dependency: the filter that the address asks for. It waits for nothing, so it needs no thread."""

    async def filter_asked(
        caller: Caller = desk.caller,
        state: Annotated[list[State], Query(max_length=20)] = [],  # noqa: B006 (FastAPI copies it)
        item: Annotated[str | None, Query(max_length=64)] = None,
        department: Annotated[str | None, Query(max_length=64)] = None,
        region: Annotated[str | None, Query(max_length=12, description="with all that lies in it")] = None,
        worker: Annotated[str | None, Query(max_length=64)] = None,
        person: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
        placed_from: date | None = None,
        placed_to: Annotated[date | None, Query(le=date(9000, 1, 1))] = None,
        q: Annotated[
            str | None, Query(min_length=1, max_length=64, description="number, phone, or how a name begins")
        ] = None,
    ) -> OrderFilter:
        return read_filter(
            caller, action, state, item, department, region, worker, person, placed_from, placed_to, q
        )

    return filter_asked


def orders_router(desk: Desk) -> APIRouter:
    """`/orders`."""
    from fastapi import Depends

    router = APIRouter(prefix="/orders", tags=["orders"])
    asked = Depends(listing("order.view", desk))

    @router.post("", status_code=201, responses=refusals(404, 409, 413, 415), summary="Place an order")
    def place(body: OrderIn, request: Request, caller: Caller = desk.caller) -> Response:
        """Goes at once to the department that answers for the item. Send an `Idempotency-Key`: then a repeated request
        gives the same order again."""

        def work(uow: UnitOfWork) -> Reply:
            order = place_order(_placed(body, request, caller, uow), uow)
            content = order_shown(order, full=True, at=caller.now)
            location = {"Location": f"/api/v1/orders/{order.number}"}
            return Reply(content, 201, etag(order.version), location)

        return change(desk.store, caller, request, work)

    @router.get("", responses=refusals(), summary="List orders, newest first")
    def index(
        wanted: OrderFilter = asked, limit: Limit = 50, cursor: Cursor = None, caller: Caller = desk.caller
    ) -> Response:
        """Lists show personal data masked, whoever asks: read one order to see it in full."""
        before = read_cursor("orders", cursor)
        with desk.store.reading() as uow:
            found = uow.order_lists.page(wanted, before=before, limit=limit + 1)
        after = write_cursor("orders", found[limit - 1].number) if len(found) > limit else None
        shown = [order_shown(order, full=False, at=caller.now) for order in found[:limit]]
        return respond(Reply(page_shown(shown, after)))

    @router.get("/{number}", responses=refusals(404), summary="Read one order")
    def show(number: Number, caller: Caller = desk.caller) -> Response:
        """With personal data in full for those who may see it; each look is noted in the access log."""
        reveal = reveal_reach(caller)
        with _noting(desk, reveal) as uow:
            order = order_seen(uow, number, caller)
            full = sees_in_full(reveal, order)
            note(uow, [caller.noted("order.view", "order", number)] if full else [])
        return respond(Reply(order_shown(order, full=full, at=caller.now), etag=etag(order.version)))

    @router.get("/{number}/history", responses=refusals(404), summary="What happened to an order")
    def history(number: Number, caller: Caller = desk.caller) -> Response:
        reveal = reveal_reach(caller)
        with _noting(desk, reveal) as uow:
            order = order_seen(uow, number, caller)
            full = sees_in_full(reveal, order)
            note(uow, [caller.noted("order.view", "order", number)] if full else [])
        first = order.version - len(order.history) + 1
        rows = [history_shown(row, version, full=full) for version, row in enumerate(order.history, first)]
        return respond(Reply(page_shown(rows, None)))

    @router.post("/{number}/moves", responses=refusals(404, 409, 412, 413, 415), summary="Move an order")
    def move(number: Number, body: MoveIn, request: Request, caller: Caller = desk.caller) -> Response:
        """A move that is not allowed is refused with what is allowed instead. With `If-Match` it is only made when nobody
        else changed the order meanwhile (412)."""
        action, version = load_actions_of_moves()[body.move], expected_version(request)

        def work(uow: UnitOfWork) -> Reply:
            before = order_seen(uow, number, caller, action)
            order = make_move(before, body, version, caller, uow)
            full = sees_in_full(reveal_reach(caller), before)
            if full:
                uow.access_log.note([caller.noted("order.view", "order", number)])
            return Reply(order_shown(order, full=full, at=caller.now), etag=etag(order.version))

        try:
            return change(desk.store, caller, request, work)
        except (PayloadError, StaleError) as error:
            raise _with_allowed(desk, number, caller, request, error) from None

    @router.get("/{number}/candidates", responses=refusals(404), summary="Who could be asked to do an order")
    def candidates(
        number: Number,
        gender: Annotated[Literal["f", "m"] | None, Query(description="who is wished for")] = None,
        caller: Caller = desk.caller,
    ) -> Response:
        """Everybody of its department, the best first, each with what speaks for them; those ruled out last, with why."""
        with desk.store.reading() as uow:
            order = order_seen(uow, number, caller, load_actions_of_moves()[Move.OFFER])
            found = rank_candidates(uow, order, caller.now, gender=gender)
        full = sees_in_full(reveal_reach(caller), order)
        return respond(Reply(page_shown([candidate_shown(one, full=full) for one in found], None)))

    return router


def _noting(desk: Desk, reveal: Reach | None) -> Any:
    """A unit of work that writes only where a look is to be noted."""
    return desk.store.reading() if reveal is None else desk.store.unit_of_work()


def _with_allowed(
    desk: Desk, number: str, caller: Caller, request: Request, error: PayloadError | StaleError
) -> ProblemError:
    """The refusal of a move, with how the order stands and what may be done with it."""
    with desk.store.reading() as uow:
        order = uow.orders.get(number)
    stands: dict[str, Any] = {
        "state": order.state.value,
        "version": order.version,
        "allowed": [move.value for move in order.allowed(caller.now)],
    }
    if isinstance(error, PayloadError):
        problems = [{"field": name, "problem": why} for name, why in error.problems.items()]
        return ProblemError(422, "invalid", str(error), errors=problems, **stands)
    status = 412 if "if-match" in request.headers else 409
    told = "It was changed by somebody else. Read it again, then decide anew."
    return ProblemError(status, "stale", told, **stands)


def _placed(body: OrderIn, request: Request, caller: Caller, uow: UnitOfWork) -> PlaceOrder:
    region = body.region or (region_of(body.place) if body.place else None)
    if body.person is not None:
        person = uow.people.get(body.person)
        region = region or person.region
    caller.require("order.place", Thing(region, load_departments().for_item(body.item, region).code))
    key = request.headers.get("idempotency-key")
    return PlaceOrder(
        key=f"api:{caller.login}:{key}" if key else None,
        item=body.item,
        beneficiary=body.beneficiary,
        caller=body.caller,
        session=f"api:{uuid.uuid4().hex}",
        at=caller.now,
        wanted=body.wanted.at(caller.now),
        beneficiary_name=body.beneficiary_name,
        elder_id=body.person,
        place=body.place,
        phone=body.phone or body.caller,
        details=_details(body),
        origin=caller.origin,
        region=region,
        bundle=body.bundle,
    )


def _details(body: OrderIn) -> tuple[str, ...]:
    """With the wish for a woman or a man in words: whoever reads the order sees it, and the ranking finds it."""
    if body.gender is None or load_dispatch().wished_gender(body.details) == body.gender:
        return tuple(body.details)
    return (load_dispatch().said[body.gender], *body.details)
