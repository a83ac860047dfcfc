"""How content people were counts for whoever did the work: the last answer about each piece of work, once."""

from __future__ import annotations

from backend.domain.order import Move, Order
from backend.services.ports import UnitOfWork

ASKED = (Move.CONFIRM, Move.FOLLOW_UP)


def count_satisfaction(order: Order, uow: UnitOfWork) -> None:
    """Count what the last move of this order says, if it says how content somebody was with a worker."""
    row = order.history[-1]
    stars = row.payload.get("satisfaction")
    if row.move not in ASKED or not isinstance(stars, int) or order.assignee is None:
        return
    if uow.providers.worker(order.assignee) is not None:
        uow.providers.rated(order.assignee, stars, instead_of=_before(order))


def _before(order: Order) -> int | None:
    """What was answered about the same work before; it counts no longer."""
    for row in reversed(order.history[:-1]):
        if row.move == Move.FINISH:
            return None
        stars = row.payload.get("satisfaction")
        if row.move in ASKED and isinstance(stars, int):
            return stars
    return None
