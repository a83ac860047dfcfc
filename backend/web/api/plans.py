"""Plans of days, and who does not come on a day."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from backend.domain.access import Thing
from backend.domain.day_plan import PlanId, Stop
from backend.domain.geography import Position
from backend.domain.providers import Worker
from backend.domain.wanted import AHEAD
from backend.services.adopt_plan import (
    AdoptPlan,
    PlanNotFoundError,
    PlanOverError,
    PlanSupersededError,
    adopt_plan,
    find_plan,
)
from backend.services.dispatch_ports import Adoption, StoredPlan
from backend.services.plan_day import ADOPT_PLAN, PLAN_DAY, TELL_ABSENCE, PlanDay, make_plan, set_absent
from backend.services.ports import UnitOfWork
from backend.web.api.answers import Reply, change, respond
from backend.web.api.caller import Caller
from backend.web.api.desk import Desk, refusals
from backend.web.api.problem import ProblemError, not_found
from backend.web.api.schemas import AbsenceIn, DayPlanIn
from backend.web.api.show import page_shown
from config.organisation import whole_region

PlanName = Annotated[
    str,
    Path(max_length=100, description="The `id` of a plan.", examples=["home_service.640106.2026-11-25.1"]),
]
WorkerCode = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")]


def plans_router(desk: Desk) -> APIRouter:
    """`/day-plans` and `/workers/CODE/absences`."""
    router = APIRouter(tags=["workers"])

    @router.post("/day-plans", status_code=201, responses=refusals(409, 413, 415), summary="Plan a day")
    def plan(body: DayPlanIn, request: Request, caller: Caller = desk.caller) -> Response:
        """Routes for the department's workers: promised times and promised workers stay, emergencies come first, then the
        least travel. Asked again, what is left is planned anew, with what changed. It also happens by itself when an
        emergency comes or somebody is absent (event `DayPlanned`)."""
        region = body.region or caller.actor.user.region or whole_region()
        caller.require(PLAN_DAY, Thing(region, body.department))
        _check_day(body.day, caller)
        at = {worker: Position(*place) for worker, place in body.at.items()}

        def work(uow: UnitOfWork) -> Reply:
            for code in body.absent:
                _worker(uow, code, caller, PLAN_DAY)
                set_absent(code, body.day, uow, absent=True)
            command = PlanDay(body.department, region, caller.now, body.day, at=at)
            return Reply(plan_shown(make_plan(command, uow)), 201)

        return change(desk.store, caller, request, work)

    @router.get("/day-plans", responses=refusals(), summary="Plans of a day")
    def plans(
        day: date,
        department: Annotated[str | None, Query(max_length=64)] = None,
        caller: Caller = desk.caller,
    ) -> Response:
        """As they stand; of departments and regions in reach."""
        caller.require(PLAN_DAY)
        with desk.store.reading() as uow:
            found = [one for one in uow.day_plans.of_day(day) if department in (None, one.department)]
        shown = [plan_shown(one) for one in found if caller.may(PLAN_DAY, Thing(one.region, one.department))]
        return respond(Reply(page_shown(shown, None)))

    @router.post("/day-plans/{plan}/adopt", responses=refusals(404, 409), summary="Adopt a plan")
    def adopt(plan: PlanName, request: Request, caller: Caller = desk.caller) -> Response:
        """Every visit of the plan is offered to whom it names; what they have already stays with them, and what was changed
        since, or fits no more, is left as it is. `adopted` tells of each. Asked again, nothing happens twice. A plan that was
        made anew since is refused (409, `current` is the one that stands): its `changes` are those since the adopted one."""
        caller.require(ADOPT_PLAN)

        def work(uow: UnitOfWork) -> Reply:
            wanted = _plan_in_reach(plan, caller, uow)
            command = AdoptPlan(wanted, caller.now, caller.login, caller.origin)
            try:
                return Reply(plan_shown(adopt_plan(command, uow)))
            except PlanSupersededError as error:
                current = str(error.plan.id)
                raise ProblemError(409, "superseded", f"{error}.", current=current) from None
            except PlanOverError:
                raise ProblemError(409, "over", "The day of this plan is over.") from None

        return change(desk.store, caller, request, work)

    @router.post(
        "/workers/{worker}/absences", status_code=201, responses=refusals(404, 413, 415), summary="Be absent"
    )
    def absent(
        worker: WorkerCode, body: AbsenceIn, request: Request, caller: Caller = desk.caller
    ) -> Response:
        """Nothing is offered to them for that day, and its plans are made anew within seconds."""
        _check_day(body.day, caller)
        return change(desk.store, caller, request, _absence(worker, body.day, caller, absent=True))

    @router.delete(
        "/workers/{worker}/absences/{day}", status_code=204, responses=refusals(404), summary="Come after all"
    )
    def back(worker: WorkerCode, day: date, request: Request, caller: Caller = desk.caller) -> Response:
        return change(desk.store, caller, request, _absence(worker, day, caller, absent=False))

    return router


def _plan_in_reach(text: str, caller: Caller, uow: UnitOfWork) -> PlanId:
    """What the address names, if it is in reach; else it is as if there was none."""
    try:
        wanted = PlanId.read(text)
        plan = find_plan(wanted, uow)
    except (ValueError, PlanNotFoundError):
        raise not_found() from None
    if not caller.may(ADOPT_PLAN, Thing(plan.region, plan.department)):
        raise not_found()
    return wanted


def _absence(code: str, day: date, caller: Caller, *, absent: bool) -> Any:
    def work(uow: UnitOfWork) -> Reply:
        _worker(uow, code, caller, TELL_ABSENCE)
        set_absent(code, day, uow, absent=absent)
        return Reply({"worker": code, "day": day.isoformat()}, 201) if absent else Reply(None, 204)

    return work


def _worker(uow: UnitOfWork, code: str, caller: Caller, action: str) -> Worker:
    """The worker, if in reach; else it is as if there was none."""
    worker = uow.providers.worker(code)
    provider = uow.providers.provider(worker.provider) if worker else None
    caller.require(action)
    if worker is None or provider is None:
        raise not_found()
    if not caller.may(action, Thing(worker.region, provider.department, frozenset({code}))):
        raise not_found()
    return worker


def _check_day(day: date, caller: Caller) -> None:
    """A day of now or later, as far ahead as orders may lie."""
    today = caller.now.date()
    if day < today:
        problem = {"field": "body.day", "problem": "is over"}
        raise ProblemError(422, "invalid", "This day is over.", errors=[problem])
    if day > today + AHEAD:
        problem = {"field": "body.day", "problem": f"must not lie after {today + AHEAD}"}
        raise ProblemError(422, "invalid", "This day is too far ahead.", errors=[problem])


def plan_shown(plan: StoredPlan) -> dict[str, Any]:
    """Stops by worker and time, each with the reason; what is left over, with the reason; what changed; what was adopted."""
    return {
        "id": str(plan.id),
        "department": plan.department,
        "region": plan.region,
        "day": plan.day.isoformat(),
        "version": plan.version,
        "made_at": plan.made_at.isoformat(),
        "cause": plan.cause,
        "stops": [
            _stop(stop) | {"order": stop.key, "reason": plan.reasons.get(stop.key)}
            for stop in sorted(plan.plan.stops, key=lambda one: (one.worker, one.begins))
        ],
        "left_over": [
            {"order": number, "reason": plan.reasons.get(number)} for number in plan.plan.left_over
        ],
        "changes": [
            {
                "order": one.key,
                "before": _stop(one.before) if one.before else None,
                "after": _stop(one.after) if one.after else None,
            }
            for one in plan.changes
        ],
        "adopted": _adoption(plan.adoption) if plan.adoption else None,
    }


def _adoption(made: Adoption) -> dict[str, Any]:
    """`version`: of the plan that was adopted, which may be an earlier one. `because`: moves or reasons, see docs/orders.md."""
    return {
        "version": made.version,
        "at": made.at.isoformat(),
        "by": made.by,
        "orders": [
            {"order": one.key, "worker": one.worker, "outcome": one.outcome, "because": list(one.because)}
            for one in made.outcomes
        ],
    }


def _stop(stop: Stop) -> dict[str, Any]:
    return {
        "worker": stop.worker,
        "begins": stop.begins.isoformat(),
        "ends": stop.ends.isoformat(),
        "travel_minutes": stop.travel_minutes,
    }
