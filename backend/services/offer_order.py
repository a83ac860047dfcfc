"""派工: the best worker is asked to do an order, or the one that somebody chose; the reasons are stored with the offer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from backend.domain.dispatch import Job, Score, explanation, rank
from backend.domain.order import Move, Order, OrderError
from backend.services.commands import MoveOrder, OfferOrder
from backend.services.move_order import UnknownWorkerError, move_order
from backend.services.ports import UnitOfWork
from config.dispatch import Circle, load_dispatch

# What makes a new round of asking: whoever said no before may be asked again.
NEW_ROUND = frozenset({"place", Move.ROUTE, Move.RESCHEDULE, Move.REOPEN})
SYSTEM = "system"


class NobodyLeftError(OrderError):
    """Nobody who could do this order is left to be asked."""


def offer_order(command: OfferOrder, uow: UnitOfWork) -> Order:
    """The order, offered. Raises NobodyLeftError, UnknownWorkerError, and what `move_order` raises.

    Without a worker the circles of `config/dispatch.yaml` are tried from the nearest to the widest.
    """
    order = uow.orders.get(command.number)
    if command.worker is not None:
        ranked = ranked_for(order, "", uow, wants_gender=command.wants_gender)
        chosen = next((one for one in ranked if one.worker == command.worker), None)
        if chosen is None:
            if uow.providers.worker(command.worker) is None:
                raise UnknownWorkerError(command.worker)
            chosen = Score(command.worker, ruled_out=("department",))
        return _offer(command, chosen, ranked, uow)
    for circle in load_dispatch().circles:
        ranked = ranked_for(order, _prefix(order, circle), uow, wants_gender=command.wants_gender)
        if ranked and not ranked[0].ruled_out:
            return _offer(command, ranked[0], ranked, uow)
    raise NobodyLeftError(f"order {order.number}: nobody is left to be asked")


def offer_to_next(number: str, at: datetime, uow: UnitOfWork) -> Order:
    """What the clock does with an order that nobody has: ask the next one, and tell the next level when a circle is used up.

    Ends with the last level told and the order where it was: from then on people decide.
    """
    order = uow.orders.get(number)
    offers = len(_asked(order))
    allowed = 0
    for circle in load_dispatch().circles:
        allowed += circle.offers
        if offers < allowed:
            ranked = ranked_for(order, _prefix(order, circle), uow)
            if ranked and not ranked[0].ruled_out:
                return _offer(OfferOrder(number, at, SYSTEM), ranked[0], ranked, uow)
        if order.escalation < circle.level:
            payload = {"level": circle.level, "step": "dispatch"}
            order = move_order(MoveOrder(number, Move.ESCALATE, at, SYSTEM, payload=payload), uow)
    return order


def ranked_for(order: Order, region: str, uow: UnitOfWork, *, wants_gender: str | None = None) -> list[Score]:
    """Everybody of the order's department whose region begins like this, the best first."""
    elder = uow.people.find(order.elder_id)
    job = Job(
        item=order.item,
        region=order.region,
        position=elder.position if elder else None,
        gender=elder.gender if elder else None,
        wants_gender=wants_gender,
        language=elder.language if elder else None,
        asked=frozenset(_asked(order)),
    )
    candidates = uow.providers.candidates(order.department or "", region, order.elder_id)
    return rank(job, candidates, load_dispatch())


def _offer(command: OfferOrder, chosen: Score, ranked: Sequence[Score], uow: UnitOfWork) -> Order:
    why = explanation(chosen, ranked, load_dispatch())
    payload = {"worker": chosen.worker, "why": why, "overridden": command.worker is not None}
    return move_order(
        MoveOrder(
            command.number, Move.OFFER, command.at, command.actor, command.reason, command.expected_version,
            payload, command.origin, command.key,
        ),
        uow,
    )  # fmt: skip


def _asked(order: Order) -> list[str]:
    """The workers that were asked in this round."""
    asked: list[str] = []
    for row in order.history:
        if row.move in NEW_ROUND:
            asked.clear()
        elif row.move == Move.OFFER:
            asked.append(str(row.payload.get("worker", "")))
    return asked


def _prefix(order: Order, circle: Circle) -> str:
    return (order.region or "")[: circle.digits]
