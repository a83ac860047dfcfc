"""派工: the best worker is asked to do an order, or the one that somebody chose; the reasons are stored with the offer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from backend.domain.dispatch import Candidate, Job, Score, explanation, rank, score
from backend.domain.order import Move, Order, OrderError
from backend.domain.providers import Worker
from backend.services.commands import MoveOrder, OfferOrder
from backend.services.move_order import SYSTEM, UnknownWorkerError, move_order
from backend.services.ports import UnitOfWork
from config.dispatch import Circle, load_dispatch
from config.organisation import load_departments

# What makes a new round of asking: whoever said no before may be asked again.
NEW_ROUND = frozenset({"place", Move.ROUTE, Move.RESCHEDULE, Move.REOPEN})
OTHER_DEPARTMENT = "department"  # of the reasons why not: works for another department


class NobodyLeftError(OrderError):
    """Nobody who could do this order is left to be asked."""


class UnfitWorkerError(OrderError):
    """Whoever was chosen can not do this order. `reasons`: what rules them out, as in `Score.ruled_out`."""

    def __init__(self, code: str, reasons: tuple[str, ...]) -> None:
        super().__init__(f"{code} is ruled out: {', '.join(reasons)}")
        self.code, self.reasons = code, reasons


@dataclass(frozen=True, slots=True)
class RankedWorker:
    """A worker who could be asked, or can not, and why."""

    worker: Worker
    score: Score

    @property
    def total(self) -> float:
        return self.score.total

    @property
    def why(self) -> Mapping[str, Any]:
        """Each criterion's worth (0 to 1), the way, and under `ruled_out` what speaks against it."""
        return self.score.explained()

    @property
    def ruled_out(self) -> tuple[str, ...]:
        """Codes of what rules them out; empty: they may be asked."""
        return self.score.ruled_out


def rank_candidates(
    uow: UnitOfWork, order: Order, now: datetime, *, gender: str | None = None
) -> list[RankedWorker]:
    """Everybody of the order's department, the best first, those ruled out last. `gender`: a wish that no record holds yet."""
    job = _job(order, uow, now, gender)
    found = _candidates(order, "", uow)
    workers = {one.worker.code: one.worker for one in found}
    return [RankedWorker(workers[one.worker], one) for one in rank(job, found, load_dispatch())]


def offer_order(command: OfferOrder, uow: UnitOfWork) -> Order:
    """The order, offered. Raises NobodyLeftError, UnknownWorkerError, UnfitWorkerError, and what `move_order` raises.

    Without a worker the circles of `config/dispatch.yaml` are tried from the nearest to the widest.
    """
    order = uow.orders.get(command.number)
    job = _job(order, uow, command.at, command.wants_gender)
    if command.worker is not None:
        ranked = rank(job, _candidates(order, "", uow), load_dispatch())
        return _offer(command, order, _chosen(command.worker, command, job, ranked, uow), ranked, uow)
    for circle in load_dispatch().circles:
        ranked = _ranked_in(circle, order, job, uow)
        if ranked and not ranked[0].ruled_out:
            return _offer(command, order, ranked[0], ranked, uow)
    raise NobodyLeftError(f"order {order.number}: nobody is left to be asked")


def offer_to_next(number: str, at: datetime, uow: UnitOfWork) -> Order:
    """What the clock does with an order that nobody has: ask the next one, and tell the next level when a circle is used up.

    Ends with the last level told and the order where it was: from then on people decide.
    """
    order = uow.orders.get(number)
    job = _job(order, uow, at, None)
    offers = len(asked_of(order))
    allowed = 0
    for circle in load_dispatch().circles:
        allowed += circle.offers
        if offers < allowed:
            ranked = _ranked_in(circle, order, job, uow)
            if ranked and not ranked[0].ruled_out:
                return _offer(OfferOrder(number, at, SYSTEM), order, ranked[0], ranked, uow)
        if order.escalation < circle.level:
            payload = {"level": circle.level, "step": "dispatch"}
            order = move_order(MoveOrder(number, Move.ESCALATE, at, SYSTEM, payload=payload), uow)
    return order


def best_of(order: Order, crew: Sequence[str], uow: UnitOfWork, at: datetime) -> str | None:
    """The best of these workers, whose provider was asked, of those who are not ruled out."""
    job = replace(_job(order, uow, at, None), asked=frozenset())
    ours = [one for one in _candidates(order, "", uow) if one.worker.code in crew]
    found = rank(job, ours, load_dispatch())
    return found[0].worker if found and not found[0].ruled_out else None


def check_fit(order: Order, code: str, at: datetime, uow: UnitOfWork) -> None:
    """Raises UnfitWorkerError when this worker can not do the order. That they said no before, or nothing, does not rule them
    out here: they are said to take it on now."""
    job = replace(_job(order, uow, at, None), asked=frozenset())
    ranked = rank(job, _candidates(order, "", uow), load_dispatch())
    found = next((one for one in ranked if one.worker == code), None) or _elsewhere(code, job, uow)
    if found.ruled_out:
        raise UnfitWorkerError(code, found.ruled_out)


def _job(order: Order, uow: UnitOfWork, at: datetime, gender: str | None) -> Job:
    elder = uow.people.find(order.elder_id)
    day = (order.wanted.begins or at.date().isoformat())[:10]
    return Job(
        item=order.item,
        region=order.region,
        position=elder.position if elder else None,
        gender=elder.gender if elder else None,
        wants_gender=gender or wish_of(order),
        language=elder.language if elder else None,
        asked=frozenset(asked_of(order)),
        providers=load_departments().providers_for(order.item, order.region),
        absent=uow.day_plans.absent(datetime.fromisoformat(day).date()),
    )


def _candidates(order: Order, region: str, uow: UnitOfWork) -> Sequence[Candidate]:
    return uow.providers.candidates(order.department or "", region, order.elder_id)


def _ranked_in(circle: Circle, order: Order, job: Job, uow: UnitOfWork) -> list[Score]:
    region = (order.region or "")[: circle.digits]
    return rank(job, _candidates(order, region, uow), load_dispatch())


def _chosen(code: str, command: OfferOrder, job: Job, ranked: Sequence[Score], uow: UnitOfWork) -> Score:
    """What speaks for and against whom a person chose: a worker, or a provider by the best of its crew."""
    crew = {code}
    if uow.providers.worker(code) is None:
        crew = {one.code for one in uow.providers.workers(code)}
        if uow.providers.provider(code) is None:
            raise UnknownWorkerError(code)
    found = next((one for one in ranked if one.worker in crew), None) or _elsewhere(code, job, uow)
    if found.ruled_out and not command.override:
        raise UnfitWorkerError(code, found.ruled_out)
    return found


def _elsewhere(code: str, job: Job, uow: UnitOfWork) -> Score:
    """Of somebody who is not among the department's workers."""
    worker = uow.providers.worker(code)
    if worker is None:
        return Score(code, ruled_out=(OTHER_DEPARTMENT,))
    against = score(job, Candidate(worker), load_dispatch()).ruled_out
    reasons = against if "inactive" in against else (OTHER_DEPARTMENT,)
    return Score(code, ruled_out=reasons)


def _offer(
    command: OfferOrder, order: Order, chosen: Score, ranked: Sequence[Score], uow: UnitOfWork
) -> Order:
    why = explanation(chosen, ranked, load_dispatch())
    if command.wants_gender is not None or (told := _told_before(order)) is not None:
        why["wants_gender"] = command.wants_gender or told
    best = next((one.worker for one in ranked if not one.ruled_out), None)
    overridden = command.worker is not None and chosen.worker != best
    payload = {"worker": _addressee(command, order, chosen, uow), "why": why, "overridden": overridden}
    return move_order(
        MoveOrder(
            command.number, Move.OFFER, command.at, command.actor, command.reason, command.expected_version,
            payload, command.origin, command.key,
        ),
        uow,
    )  # fmt: skip


def _addressee(command: OfferOrder, order: Order, chosen: Score, uow: UnitOfWork) -> str:
    """Who is asked: as a person said; else the worker, or their provider where the department's orders go to providers."""
    if command.worker is not None:
        return command.worker
    worker = uow.providers.worker(chosen.worker)
    if worker is not None and order.department in load_dispatch().to_providers:
        return worker.provider
    return chosen.worker


def wish_of(order: Order) -> str | None:
    """The gender wished for, as the records have it: given with an earlier offer, or said with the order."""
    return _told_before(order) or load_dispatch().wished_gender(order.details)


def _told_before(order: Order) -> str | None:
    """The wish that somebody at a desk gave with an earlier offer."""
    offers = (row for row in reversed(order.history) if row.move == Move.OFFER)
    return next((row.payload["why"]["wants_gender"] for row in offers if _holds_wish(row.payload)), None)


def _holds_wish(payload: Mapping[str, Any]) -> bool:
    return isinstance(payload.get("why"), Mapping) and payload["why"].get("wants_gender") is not None


def asked_of(order: Order) -> list[str]:
    """The workers and providers that were asked in this round, and whoever gave the order back in it."""
    asked: list[str] = []
    holder = ""
    for row in order.history:
        if row.move in NEW_ROUND:
            asked.clear()
        elif row.move == Move.OFFER:
            asked.append(str(row.payload.get("worker", "")))
        elif row.move == Move.ACCEPT:
            holder = str(row.payload.get("assignee") or "")
        elif row.move == Move.REFUSE and holder and holder not in asked:
            asked.append(holder)
    return asked
