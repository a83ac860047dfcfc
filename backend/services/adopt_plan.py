"""A plan of a day taken over: each of its visits is offered to whom the plan names, through the door of every move.

What becomes of a stop:

offered    the planned worker (or their provider, as `config/dispatch.yaml` has it) is asked; the plan is the reason that is kept
kept       it is with them already, taken on or asked
changed    the order was moved on since the plan was made: the moves stand with it, and the order where it is
unfit      something rules the worker out by now: the reasons stand with it
over       its time has passed
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from backend.domain.day_plan import PlanId, Stop
from backend.domain.dispatch import Candidate, Score, score
from backend.domain.order import OPEN, Move, Order
from backend.services.commands import MoveOrder
from backend.services.dispatch_ports import Adoption, Outcome, StoredPlan
from backend.services.events import DAY_PLAN_ADOPTED
from backend.services.move_order import move_order
from backend.services.plan_day import FULL, job_of, whose_day, within
from backend.services.ports import Event, UnitOfWork
from config.dispatch import load_dispatch

# Moves that leave a visit as it was planned: the clock's own, and what brings it to the planned worker.
MARKS = frozenset({Move.ESCALATE, Move.LAPSE})
TAKES_UP = MARKS | {Move.OFFER, Move.ACCEPT, Move.SET_OUT, Move.START}


class PlanNotFoundError(Exception):
    """There is no such plan."""


class PlanSupersededError(Exception):
    """The day was planned anew since. `plan`: the one that stands."""

    def __init__(self, plan: StoredPlan) -> None:
        super().__init__(
            f"this plan was made anew since: {plan.id} stands (because of {plan.cause}). "
            "Look at its changes, then adopt that one"
        )
        self.plan = plan


class PlanOverError(Exception):
    """The day of this plan is over."""


@dataclass(frozen=True, slots=True)
class AdoptPlan:
    """Take over a plan, in the name of `actor`."""

    plan: PlanId
    at: datetime
    actor: str
    origin: str = ""  # see `HistoryRow.origin`


def adopt_plan(command: AdoptPlan, uow: UnitOfWork) -> StoredPlan:
    """The plan with what became of each stop. One that was adopted before is given as it is: nothing happens twice.

    Raises PlanNotFoundError, PlanSupersededError, PlanOverError, or StaleError when somebody just planned the day anew.
    """
    plan = find_plan(command.plan, uow)
    if plan.version != command.plan.version:
        raise PlanSupersededError(plan)
    if plan.is_adopted:
        return plan
    if plan.day < command.at.date():
        raise PlanOverError(f"{plan.day} is over")
    stops = sorted(plan.plan.stops, key=lambda stop: (stop.begins, stop.key))
    numbers = [stop.key for stop in stops]
    uow.orders.read_ahead(numbers)
    uow.deadlines.read_ahead(numbers)
    crew = {
        one.worker.code: one for one in uow.providers.candidates(plan.department, within(plan.region), None)
    }
    absent = uow.day_plans.absent(plan.day)
    outcomes = tuple(_taken_up(stop, plan, crew.get(stop.worker), absent, command, uow) for stop in stops)
    adoption = Adoption(plan.version, command.at, command.actor, outcomes, tuple(stops))
    adopted = replace(plan, adoption=adoption)
    uow.day_plans.adopt(adopted)
    uow.publish(Event(DAY_PLAN_ADOPTED, plan.key, whose_day(plan.department, plan.region, plan.day)))
    return adopted


def find_plan(wanted: PlanId, uow: UnitOfWork) -> StoredPlan:
    """The plan that stands for this department, region and day. Raises PlanNotFoundError."""
    plan = uow.day_plans.get(wanted.department, wanted.region, wanted.day)
    if plan is None or plan.version < wanted.version:
        raise PlanNotFoundError(str(wanted))
    return plan


def _taken_up(
    stop: Stop,
    plan: StoredPlan,
    candidate: Candidate | None,
    absent: frozenset[str],
    command: AdoptPlan,
    uow: UnitOfWork,
) -> Outcome:
    order = uow.orders.get(stop.key)
    moves = _since(order, plan)
    addressee = _addressee(order, stop.worker, candidate)
    if _is_with(order, stop.worker, addressee) and TAKES_UP.issuperset(moves):
        return Outcome(stop.key, stop.worker, "kept")
    if not MARKS.issuperset(moves):
        return Outcome(stop.key, stop.worker, "changed", moves)
    if stop.ends <= command.at:
        return Outcome(stop.key, stop.worker, "over")
    found = _scored(order, stop, candidate, absent, uow)
    if against := tuple(reason for reason in found.ruled_out if reason != FULL):
        return Outcome(stop.key, stop.worker, "unfit", against)
    payload = {"worker": addressee, "why": _why(stop, plan, found), "overridden": False}
    offer = MoveOrder(
        stop.key, Move.OFFER, command.at, command.actor, payload=payload, origin=command.origin,
        expected_version=order.version,
    )  # fmt: skip
    move_order(offer, uow)
    return Outcome(stop.key, stop.worker, "offered")


def _since(order: Order, plan: StoredPlan) -> tuple[str, ...]:
    """The moves of an order since the plan was made. Of a plan that does not know when it saw the order: all of them."""
    return tuple(str(row.move) for row in order.history[plan.seen.get(order.number, 0) :])


def _is_with(order: Order, worker: str, addressee: str) -> bool:
    return order.state in OPEN and (order.assignee == worker or order.offered_to in (worker, addressee))


def _addressee(order: Order, worker: str, candidate: Candidate | None) -> str:
    """Who is asked: the worker, or their provider where the department's orders go to providers."""
    if candidate is not None and order.department in load_dispatch().to_providers:
        return candidate.worker.provider
    return worker


def _scored(
    order: Order, stop: Stop, candidate: Candidate | None, absent: frozenset[str], uow: UnitOfWork
) -> Score:
    """How the planned worker stands to this order now. How many visits a day has room for was the plan's own question."""
    if candidate is None:  # taken off the list, or another department's by now
        return Score(stop.worker, ruled_out=("inactive",))
    job = replace(job_of(order, uow.people.find(order.elder_id)), absent=absent)
    return score(job, candidate, load_dispatch())


def _why(stop: Stop, plan: StoredPlan, found: Score) -> Mapping[str, Any]:
    """«Why this worker»: which plan, its reason, the time and the way in it, and how they stood."""
    return {
        "plan": str(plan.id),
        "reason": plan.reasons[stop.key],
        "begins": stop.begins.isoformat(),
        "travel_minutes": stop.travel_minutes,
        "chosen": found.explained(),
    }
