"""The routes of a department's workers for one day, from the orders as they stand. Asked for again, it plans what is left anew.

A stored plan says why each visit is where it is:

promised   whoever took the order on keeps it            only       nobody else can do it
route      it fits best into this route                  covered    whoever took it on does not come: somebody else does
nobody     nobody who can do it is there that day        no_room    it fits into nobody's day without breaking a promise
no_place   nobody knows where it is
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from backend.domain.day_plan import EMERGENCY, PROMISED, ROUTINE, DayPlan, Shift, Stop, Visit, plan
from backend.domain.deadlines import promised_end
from backend.domain.dispatch import Candidate, Job, position_of, score
from backend.domain.geography import Position
from backend.domain.order import Move, Order, State
from backend.domain.people import Elder
from backend.domain.providers import Worker
from backend.services.dispatch_ports import StopChange, StoredPlan
from backend.services.events import DAY_PLANNED, WORKER_ABSENT, WORKER_BACK
from backend.services.offer_order import asked_of, wish_of
from backend.services.ports import Event, UnitOfWork
from config.dispatch import DispatchRules, load_dispatch
from config.organisation import load_departments
from config.sla import load_sla

# Whoever is under way or at the door is in no plan any more.
TO_BE_PLANNED = (State.ROUTED, State.OFFERED, State.ACCEPTED)
UNDER_WAY = (State.ON_THE_WAY, State.STARTED)
MOST_ORDERS = 2_000
# What staff must be allowed to, by the names of config/access.yaml.
PLAN_DAY = "order.route"  # who sends orders to workers plans their days
ADOPT_PLAN = "plan.adopt"  # takes a whole plan over
TELL_ABSENCE = "order.accept"  # who takes orders on says when they can not
FULL = "full"  # of the reasons why not: has as many open orders as a day holds


@dataclass(frozen=True, slots=True)
class PlanDay:
    """Plan `day` for the department's workers in a region. `absent`: who does not come; `at`: where workers are by now."""

    department: str
    region: str  # code of a region, or how codes begin
    now: datetime
    day: date
    absent: frozenset[str] = frozenset()
    at: Mapping[str, Position] = field(default_factory=dict)

    @property
    def within(self) -> str:
        return within(self.region)


def within(region: str) -> str:
    """How the codes of everything in a region begin."""
    while len(region) <= 6 and region.endswith("00"):
        region = region[:-2]
    return region


def make_plan(command: PlanDay, uow: UnitOfWork, *, cause: str = "asked") -> StoredPlan:
    """Plan the day, keep the plan, and say what changed since the one before. Raises StaleError when somebody just did so."""
    before = uow.day_plans.get(command.department, command.region, command.day)
    absent = command.absent | uow.day_plans.absent(command.day)
    command = replace(command, absent=absent, at=command.at or (before.at if before else {}))
    candidates, orders, visits, busy = _looked_at(command, uow)
    made = _planned(command, candidates, orders, visits, busy)
    stored = StoredPlan(
        department=command.department,
        region=command.region,
        day=command.day,
        version=before.version + 1 if before else 1,
        made_at=command.now,
        cause=cause,
        plan=made,
        reasons=_reasons(made, orders, {visit.key: visit for visit in visits}),
        changes=_changes(_acted_on(before), made) if before else (),
        at=command.at,
        seen={order.number: order.version for order in orders},
        adoption=before.adoption if before else None,
    )
    uow.day_plans.save(stored)
    data = whose_day(stored.department, stored.region, stored.day)
    uow.publish(Event(DAY_PLANNED, stored.key, data))
    return stored


def plan_day(command: PlanDay, uow: UnitOfWork) -> DayPlan:
    """The plan. What has been promised with somebody stays with them and in its time."""
    return _planned(command, *_looked_at(command, uow))


def set_absent(worker: str, day: date, uow: UnitOfWork, *, absent: bool) -> bool:
    """Somebody does not come on this day, or does after all: nothing is offered to them, and plans are made anew.

    False when it was so already. Raises KeyError for an unknown worker.
    """
    found = uow.providers.worker(worker)
    provider = uow.providers.provider(found.provider) if found else None
    if found is None or provider is None:
        raise KeyError(worker)
    changed = uow.day_plans.set_absent(worker, day, absent=absent)
    if changed:
        data = whose_day(provider.department, found.region, day)
        uow.publish(Event(WORKER_ABSENT if absent else WORKER_BACK, worker, data))
    return changed


def _looked_at(
    command: PlanDay, uow: UnitOfWork
) -> tuple[list[Candidate], list[Order], list[Visit], dict[str, tuple[datetime, Position]]]:
    """Who is there, what is to be planned that day, and who is busy until when and where."""
    rules = load_dispatch()
    candidates = [
        one
        for one in uow.providers.candidates(command.department, command.within, None)
        if one.worker.code not in command.absent
    ]
    orders = [
        order
        for order in _orders(command, TO_BE_PLANNED, uow)
        if (order.region or "").startswith(command.within) and _is_on(order, command)
    ]
    visits = [
        visit for order in orders if (visit := _visit(order, candidates, command, uow, rules)) is not None
    ]
    return candidates, orders, visits, _busy(command, uow, rules)


def _planned(
    command: PlanDay,
    candidates: Sequence[Candidate],
    orders: Sequence[Order],
    visits: Sequence[Visit],
    busy: Mapping[str, tuple[datetime, Position]],
) -> DayPlan:
    rules = load_dispatch()
    made = plan(visits, _shifts(candidates, command, rules, busy), rules)
    planned = {visit.key for visit in visits}
    unplaced = tuple(order.number for order in orders if order.number not in planned)
    return replace(made, left_over=(*made.left_over, *unplaced))


def _orders(command: PlanDay, states: Sequence[State], uow: UnitOfWork) -> Sequence[Order]:
    return uow.orders.queue(states=states, department=command.department, limit=MOST_ORDERS)


def _is_on(order: Order, command: PlanDay) -> bool:
    """Whether it is wanted on this day; what is urgent is wanted now, so no later day has it."""
    first = (order.wanted.begins or "")[:10]
    end = promised_end(order)
    if first and end is not None:
        return first <= command.day.isoformat() <= end.date().isoformat()
    return order.wanted.asap and command.day == command.now.date()


def _visit(
    order: Order, candidates: Sequence[Candidate], command: PlanDay, uow: UnitOfWork, rules: DispatchRules
) -> Visit | None:
    elder = uow.people.find(order.elder_id)
    home = position_of(elder.position if elder else None, order.region, rules)
    if home is None:
        return None
    job = job_of(order, elder)
    able = frozenset(one.worker.code for one in candidates if _can(job, one, rules))
    promised = _promised(order, {one.worker.code for one in candidates})
    earliest, latest = _window(order, command)
    return Visit(
        key=order.number,
        position=home,
        minutes=rules.minutes_at(order.item),
        # Whoever promised to come comes; does not come at all, then anybody may.
        workers=promised or able,
        earliest=earliest,
        latest=latest,
        priority=EMERGENCY if order.wanted.asap else PROMISED if order.assignee else ROUTINE,
    )


def job_of(order: Order, elder: Elder | None) -> Job:
    """What a visit asks of whoever does it. Whoever is just being asked may go on being asked."""
    return Job(
        order.item, order.region, elder.position if elder else None, elder.gender if elder else None,
        wants_gender=wish_of(order), language=elder.language if elder else None,
        asked=frozenset(asked_of(order)) - {order.offered_to or ""},
        providers=load_departments().providers_for(order.item, order.region),
    )  # fmt: skip


def _can(job: Job, one: Candidate, rules: DispatchRules) -> bool:
    """Whether this worker could do it. How many visits a day has room for is the plan's own question."""
    against = set(score(job, one, rules).ruled_out)
    return not against - ({FULL} if one.worker.a_day else set())


def _promised(order: Order, there: Collection[str]) -> frozenset[str]:
    return frozenset({order.assignee}) if order.assignee in there and order.assignee else frozenset()


def _window(order: Order, command: PlanDay) -> tuple[datetime | None, datetime | None]:
    """The promised time to begin; of a day without an hour, any."""
    begins, end = order.wanted.begins, promised_end(order)
    if begins is None or end is None or "T" not in begins:
        return None, None
    earliest = datetime.fromisoformat(begins)
    latest = max(end, earliest + load_sla().limit(order.item, "arrive", "normal").within)
    return max(earliest, command.now), latest


def _busy(command: PlanDay, uow: UnitOfWork, rules: DispatchRules) -> dict[str, tuple[datetime, Position]]:
    """Who is under way or at a door now: until when about, and where they are then."""
    found = {}
    for order in _orders(command, UNDER_WAY, uow) if command.day == command.now.date() else ():
        elder = uow.people.find(order.elder_id)
        home = position_of(elder.position if elder else None, order.region, rules)
        if order.assignee is not None and home is not None:
            until = _begun(order) + timedelta(minutes=rules.minutes_at(order.item))
            found[order.assignee] = (max(until, command.now), home)
    return found


def _begun(order: Order) -> datetime:
    """When whoever is on it set out or checked in."""
    return next(row.at for row in reversed(order.history) if row.move in (Move.SET_OUT, Move.START))


def _shifts(
    candidates: Sequence[Candidate],
    command: PlanDay,
    rules: DispatchRules,
    busy: Mapping[str, tuple[datetime, Position]],
) -> list[Shift]:
    hours = load_sla().hours
    begins, ends = (datetime.combine(command.day, moment) for moment in (hours[0][0], hours[-1][1]))
    found = []
    for one in candidates:
        free, place = busy.get(one.worker.code, (command.now, None))
        start = command.at.get(one.worker.code) or place or _home(one.worker, rules)
        if start is not None:
            found.append(Shift(one.worker.code, max(begins, free), ends, start, one.worker.a_day))
    return found


def _home(worker: Worker, rules: DispatchRules) -> Position | None:
    return position_of(worker.position, worker.region, rules)


def _reasons(made: DayPlan, orders: Sequence[Order], visits: Mapping[str, Visit]) -> dict[str, str]:
    workers = {stop.key: stop.worker for stop in made.stops}
    return {
        order.number: _reason(order, workers.get(order.number), visits.get(order.number)) for order in orders
    }


def _reason(order: Order, worker: str | None, visit: Visit | None) -> str:
    if visit is None:
        return "no_place"
    if worker is None:
        return "no_room" if visit.workers else "nobody"
    if order.assignee is not None:
        return "promised" if order.assignee == worker else "covered"
    return "only" if len(visit.workers) == 1 else "route"


def _acted_on(before: StoredPlan) -> Sequence[Stop]:
    """What a new plan is compared with: what people act on, which is the plan that was adopted; else the one before."""
    return before.adoption.stops if before.adoption else before.plan.stops


def _changes(before: Sequence[Stop], after: DayPlan) -> tuple[StopChange, ...]:
    """What became of the visits that are still to be planned; what has begun or is over needs no word."""
    old, new = ({stop.key: stop for stop in stops} for stops in (before, after.stops))
    looked_at = [*new, *after.left_over]
    pairs = (StopChange(key, old.get(key), new.get(key)) for key in looked_at)
    return tuple(one for one in pairs if _differs(one))


def _differs(one: StopChange) -> bool:
    if one.before is None or one.after is None:
        return one.before is not one.after
    return (one.before.worker, one.before.begins) != (one.after.worker, one.after.begins)


def whose_day(department: str, region: str, day: date) -> dict[str, str]:
    """What events about plans and absences tell."""
    return {"department": department, "region": region, "day": day.isoformat()}
