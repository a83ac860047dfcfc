"""接单, in whose name: workers take an order on for themselves, a provider for one of its crew, staff for whom they name.

Staff name somebody who is ruled out only with a reason, as with an offer; a provider answers for its own crew.
"""

from __future__ import annotations

from datetime import datetime

from backend.domain.access import Actor
from backend.domain.order import Move, Order
from backend.domain.payload import PayloadError
from backend.domain.staff import Role
from backend.services.offer_order import best_of, check_fit
from backend.services.ports import UnitOfWork


def assignee_of(
    actor: Actor, order: Order, named: str | None, at: datetime, uow: UnitOfWork, *, override: bool = False
) -> str | None:
    """Whoever is going to do it; None: whoever was asked, else the login.

    Raises PayloadError for a name that is not theirs to give, UnfitWorkerError for a worker who is ruled out (without `override`).
    """
    user = actor.user
    if user.role is Role.WORKER:
        if named not in (None, user.worker):
            raise PayloadError(Move.ACCEPT, {"assignee": "must be yourself, or be left out"})
        return user.worker
    if user.provider is not None:
        return _of_crew(actor, order, named, at, uow)
    if named is not None:
        if not override and named != order.offered_to and uow.providers.worker(named) is not None:
            check_fit(order, named, at, uow)
        return named
    if order.offered_to is None or uow.providers.worker(order.offered_to) is not None:
        return None
    crew = [worker.code for worker in uow.providers.workers(order.offered_to)]
    return best_of(order, crew, uow, at)


def _of_crew(actor: Actor, order: Order, named: str | None, at: datetime, uow: UnitOfWork) -> str:
    """The worker that a provider names; else the one who was asked; else its best one."""
    crew = sorted(actor.crew - {actor.user.provider or ""})
    if named is not None and named not in crew:
        raise PayloadError(Move.ACCEPT, {"assignee": "must be the code of one of your workers: see /workers"})
    asked = order.offered_to if order.offered_to in crew else None
    found = named or asked or best_of(order, crew, uow, at)
    if found is None:
        raise PayloadError(Move.ACCEPT, {"assignee": "is needed: none of your workers fits by the records"})
    return found
