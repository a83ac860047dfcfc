"""Plans of a day as pictures: a strip for each worker with the visits and the way to them, what is left over and why, what
changed; plans are made, taken over, and workers are noted as absent here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from backend.domain.access import Thing
from backend.domain.day_plan import PlanId, Stop
from backend.domain.order import Order, OrderNotFoundError
from backend.services.adopt_plan import (
    AdoptPlan,
    PlanNotFoundError,
    PlanOverError,
    PlanSupersededError,
    adopt_plan,
    find_plan,
)
from backend.services.dispatch_ports import Outcome, StoredPlan
from backend.services.plan_day import ADOPT_PLAN, PLAN_DAY, TELL_ABSENCE, PlanDay, make_plan, set_absent
from backend.services.ports import StaleError, UnitOfWork
from backend.web.candidates import against
from backend.web.desk import Desk
from backend.web.guard import ForbiddenError, Form, Visit
from backend.web.orders import Notice
from backend.web.present import clock
from backend.web.words import Words
from config.organisation import load_regions, whole_region
from config.sla import load_sla

LIST = "/staff/plans"
DAYS_AHEAD = 366
NARROWEST = 1.5  # percent of a strip: a visit of some minutes is still to be seen


@dataclass(frozen=True, slots=True)
class Bar:
    """A visit in a strip. Places are percent of the day that the strip shows."""

    stop: Stop
    order: Order | None
    reason: str
    count: int  # the visit of the worker's day, from 1
    left: float
    width: float
    way_left: float  # where the way to it begins
    is_new: bool  # changed since the plan before
    outcome: Outcome | None


@dataclass(frozen=True, slots=True)
class Strip:
    """The day of one worker."""

    worker: str
    name: str
    bars: Sequence[Bar]

    @property
    def way_minutes(self) -> int:
        return sum(bar.stop.travel_minutes for bar in self.bars)


@dataclass(frozen=True, slots=True)
class Day:
    """What part of a day the strips of a plan show."""

    begins: datetime
    ends: datetime

    def percent(self, at: datetime) -> float:
        whole = (self.ends - self.begins).total_seconds()
        return round(min(100.0, max(0.0, 100 * (at - self.begins).total_seconds() / whole)), 2)

    @property
    def hours(self) -> Sequence[tuple[int, float]]:
        """Each full hour and its place."""
        count = int((self.ends - self.begins) / timedelta(hours=1))
        moments = [self.begins + timedelta(hours=hour) for hour in range(count + 1)]
        return [(at.hour, self.percent(at)) for at in moments]


@dataclass(frozen=True, slots=True)
class ShownPlan:
    """A plan and everything its picture needs."""

    plan: StoredPlan
    region: str
    day: Day
    strips: Sequence[Strip]
    left_over: Sequence[tuple[str, Order | None, str]]  # number, order, reason
    changes: Sequence[tuple[str, Order | None, str, str]]  # number, order, how it was, how it is
    cause: str
    may_adopt: bool
    orders: Mapping[str, Order]


def plans_router(desk: Desk) -> APIRouter:
    """`/staff/plans` and its forms."""
    router = APIRouter()
    visitor, checked_form = Depends(desk.guard.visit), Depends(desk.guard.form)

    def page(
        visit: Visit, day: date, department: str, *, template: str = "staff/plans.html", status: int = 200,
        notice: Notice | None = None,
    ) -> HTMLResponse:  # fmt: skip
        since = desk.live.last_id
        with desk.store.reading() as uow:
            shown = [
                shown_plan(plan, uow, visit, desk.words)
                for plan in uow.day_plans.of_day(day)
                if plan.department == department and visit.may(PLAN_DAY, Thing(plan.region, plan.department))
            ]
            crew = _crew(uow, visit, department)
            absent = uow.day_plans.absent(day)
        return desk.pages.page(
            template, visit, status=status, since=since, notice=notice, plans=shown, day=day, department=department,
            crew=crew, absent=absent, is_over=day < visit.now.date(), one_day=timedelta(days=1),
            clock=clock, against=lambda codes: "，".join(against(codes, desk.words)),
        )  # fmt: skip

    @router.get(LIST)
    def show(request: Request, visit: Visit = visitor) -> HTMLResponse:
        _need(visit, PLAN_DAY)
        asked = request.query_params
        done = asked.get("done", "")
        notice = Notice(desk.words(f"plans.done.{done}"), good=True) if done in DONE else None
        day = _day(asked.get("day", ""), visit.now.date())
        return page(visit, day, _department(asked.get("department", ""), desk, visit), notice=notice)

    @router.get("/staff/part/plans")
    def part(request: Request, visit: Visit = visitor) -> HTMLResponse:
        """What a page fetches again when a plan was made anew or taken over."""
        _need(visit, PLAN_DAY)
        asked = request.query_params
        day = _day(asked.get("day", ""), visit.now.date())
        department = _department(asked.get("department", ""), desk, visit)
        return page(visit, day, department, template="staff/plans_part.html")

    @router.post(LIST)
    def make(form: Form = checked_form) -> Response:
        visit = form.visit
        day = _day(form.text("day"), visit.now.date())
        department = _department(form.text("department"), desk, visit)
        region = visit.user.region or whole_region()
        _need(visit, PLAN_DAY, Thing(region, department))
        if day < visit.now.date():
            return page(visit, day, department, status=409, notice=Notice(desk.words("plans.over")))
        try:
            with desk.store.unit_of_work() as uow:
                make_plan(PlanDay(department, region, visit.now, day), uow)
                uow.commit()
        except StaleError:
            return page(visit, day, department, status=409, notice=Notice(desk.words("plans.superseded")))
        return _back(department, day, "made")

    @router.post(f"{LIST}/{{name}}/adopt")
    def adopt(name: str, form: Form = checked_form) -> Response:
        """Every visit of the plan is offered to whom it names."""
        visit, words = form.visit, desk.words
        plan = _in_reach(name, visit, desk)
        try:
            with desk.store.unit_of_work() as uow:
                adopt_plan(AdoptPlan(plan, visit.now, visit.user.login, form.origin), uow)
                uow.commit()
        except (PlanSupersededError, StaleError):
            problem = Notice(words("plans.superseded"))
            return page(visit, plan.day, plan.department, status=409, notice=problem)
        except PlanOverError:
            return page(visit, plan.day, plan.department, status=409, notice=Notice(words("plans.over")))
        return _back(plan.department, plan.day, "adopted")

    @router.post(f"{LIST}/absences/{{worker}}")
    def absence(worker: str, form: Form = checked_form) -> Response:
        """Somebody does not come that day (`absent` is 1), or does after all; the plan is made anew within seconds."""
        visit = form.visit
        day = _day(form.text("day"), visit.now.date())
        with desk.store.unit_of_work() as uow:
            found = uow.providers.worker(worker)
            provider = uow.providers.provider(found.provider) if found else None
            if found is None or provider is None:
                raise PlanNotFoundError(worker)
            _need(visit, TELL_ABSENCE, Thing(found.region, provider.department, frozenset({worker})))
            set_absent(worker, day, uow, absent=form.text("absent") == "1")
            uow.commit()
        return _back(provider.department, day, "absent" if form.text("absent") == "1" else "back")

    return router


DONE = frozenset({"made", "adopted", "absent", "back"})


def _back(department: str, day: date, done: str) -> Response:
    return RedirectResponse(f"{LIST}?department={department}&day={day}&done={done}", status_code=303)


def _in_reach(name: str, visit: Visit, desk: Desk) -> PlanId:
    """What the form names. Raises ForbiddenError, or PlanNotFoundError: what is out of reach is as if it was not there."""
    _need(visit, ADOPT_PLAN)
    try:
        wanted = PlanId.read(name)
    except ValueError:
        raise PlanNotFoundError(name) from None
    if not visit.may(ADOPT_PLAN, Thing(wanted.region, wanted.department)):
        raise PlanNotFoundError(name)
    with desk.store.reading() as uow:
        find_plan(wanted, uow)
    return wanted


def _need(visit: Visit, action: str, thing: Thing | None = None) -> None:
    if not visit.may(action, thing):
        raise ForbiddenError


def _day(given: str, today: date) -> date:
    """The day asked for; today for what is none, or far away."""
    try:
        day = date.fromisoformat(given)
    except ValueError:
        return today
    return day if abs((day - today).days) <= DAYS_AHEAD else today


def _department(given: str, desk: Desk, visit: Visit) -> str:
    """The department asked for; a login that is bound to one always gets its own."""
    if visit.department is not None:
        return visit.department
    return given if given in desk.pages.departments else next(iter(desk.pages.departments))


def _crew(uow: UnitOfWork, visit: Visit, department: str) -> list[tuple[str, str]]:
    """Code and name of each worker of the department who works in the region of this person."""
    reach = visit.matrix.reach(visit.actor, PLAN_DAY)
    workers = [worker for one in uow.providers.all(department) for worker in uow.providers.workers(one.code)]
    return [
        (worker.code, worker.name)
        for worker in workers
        if worker.active and reach.covers(Thing(worker.region, department))
    ]


def shown_plan(plan: StoredPlan, uow: UnitOfWork, visit: Visit, words: Words) -> ShownPlan:
    """The picture of a plan. Names of elders are masked there for everybody: the order's own page shows them."""
    numbers = [stop.key for stop in plan.plan.stops] + list(plan.plan.left_over)
    orders = _orders([*numbers, *(one.key for one in plan.changes)], uow)
    codes = {stop.worker for stop in plan.plan.stops} | {
        stop.worker for one in plan.changes for stop in (one.before, one.after) if stop
    }
    names = {code: worker.name for code in codes if (worker := uow.providers.worker(code))}
    region = load_regions().get(plan.region)
    day = _hours(plan)
    over = plan.day < visit.now.date()
    return ShownPlan(
        plan=plan,
        region=region.name if region else plan.region,
        day=day,
        strips=_strips(plan, day, orders, names),
        left_over=[(key, orders.get(key), plan.reasons.get(key, "")) for key in plan.plan.left_over],
        changes=[
            (one.key, orders.get(one.key), _was(one.before, names, words), _was(one.after, names, words))
            for one in plan.changes
        ],
        cause=_cause(plan.cause, words, uow),
        may_adopt=not over
        and not plan.is_adopted
        and visit.may(ADOPT_PLAN, Thing(plan.region, plan.department)),
        orders=orders,
    )


def _orders(numbers: Sequence[str], uow: UnitOfWork) -> dict[str, Order]:
    uow.orders.read_ahead(numbers)
    found = {}
    for number in dict.fromkeys(numbers):
        try:
            found[number] = uow.orders.get(number)
        except OrderNotFoundError:
            continue
    return found


def _hours(plan: StoredPlan) -> Day:
    """The working day, and more where a visit begins before it or ends after it."""
    hours = load_sla().hours
    begins, ends = (datetime.combine(plan.day, moment) for moment in (hours[0][0], hours[-1][1]))
    first = min([begins, *(stop.begins - timedelta(minutes=stop.travel_minutes) for stop in plan.plan.stops)])
    last = max([ends, *(stop.ends for stop in plan.plan.stops)])
    rest = timedelta(minutes=-last.minute % 60)
    return Day(first.replace(minute=0, second=0), last.replace(second=0) + rest)


def _strips(plan: StoredPlan, day: Day, orders: Mapping[str, Order], names: Mapping[str, str]) -> list[Strip]:
    changed = {one.key for one in plan.changes}
    outcomes = {one.key: one for one in plan.adoption.outcomes} if plan.adoption and plan.is_adopted else {}
    routes: dict[str, list[Stop]] = {}
    for stop in sorted(plan.plan.stops, key=lambda one: (one.worker, one.begins)):
        routes.setdefault(stop.worker, []).append(stop)
    return [
        Strip(
            worker, names.get(worker, worker),
            [
                Bar(
                    stop, orders.get(stop.key), plan.reasons.get(stop.key, ""), count, day.percent(stop.begins),
                    max(NARROWEST, round(day.percent(stop.ends) - day.percent(stop.begins), 2)),
                    day.percent(stop.begins - timedelta(minutes=stop.travel_minutes)), stop.key in changed,
                    outcomes.get(stop.key),
                )
                for count, stop in enumerate(stops, 1)
            ],
        )
        for worker, stops in routes.items()
    ]  # fmt: skip


def _was(stop: Stop | None, names: Mapping[str, str], words: Words) -> str:
    if stop is None:
        return words("plans.nowhere")
    return words("plans.somewhere", clock=clock(stop.begins), name=names.get(stop.worker, stop.worker))


def _cause(cause: str, words: Words, uow: UnitOfWork) -> str:
    """«OrderPlaced 11240017, WorkerAbsent hs-yc-1» in words."""
    told = []
    for one in cause.split(", "):
        name, _, key = one.partition(" ")
        worker = uow.providers.worker(key) if name.startswith("Worker") else None
        known = words.get(f"plans.causes.{name}", words("plans.causes.other"))
        told.append(known.format(key=worker.name if worker else key))
    return "；".join(dict.fromkeys(told))
