"""`nuanxian plan-day`: the routes of a department's workers for one day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import typer

from backend.domain.local_time import local_now
from backend.services.adopt_plan import AdoptPlan, adopt_plan
from backend.services.dispatch_ports import Outcome, StoredPlan
from backend.services.plan_day import PlanDay, make_plan, set_absent
from backend.services.ports import StaleError
from bot.commands.opening import fail, opened
from config.organisation import load_departments, load_regions, whole_region

ACTOR, ORIGIN = "console", "command line"  # in the trail of orders


def plan_day(
    department: str,
    day: datetime | None,
    *,
    region: str | None,
    absent: Sequence[str],
    adopt: bool,
    db: str | None,
) -> None:
    """Plan, keep the plan, take it over if that is wanted, and print it."""
    now = local_now().replace(microsecond=0)
    wanted = day.date() if day else now.date()
    region = region or whole_region()
    _check(department, region, wanted, now.date())
    with opened(db) as store, store.unit_of_work() as uow:
        try:
            for worker in absent:
                set_absent(worker, wanted, uow, absent=True)
            plan = make_plan(PlanDay(department, region, now, wanted), uow)
            if adopt:
                plan = adopt_plan(AdoptPlan(plan.id, now, ACTOR, ORIGIN), uow)
            uow.commit()
        except KeyError as unknown:
            raise fail(f"no worker has the code {unknown.args[0]}") from None
        except StaleError:
            raise fail("somebody else planned this day just now; try again") from None
    _print(plan)


def _check(department: str, region: str, day: date, today: date) -> None:
    if department not in load_departments().by_code:
        raise fail(f"no department has the code {department}: see config/departments.yaml")
    if region not in load_regions():
        raise fail(f"no region has the code {region}: see config/regions.yaml")
    if day < today:
        raise fail("this day is over")


def _print(plan: StoredPlan) -> None:
    worker = ""
    for stop in sorted(plan.plan.stops, key=lambda one: (one.worker, one.begins)):
        if stop.worker != worker:
            worker = stop.worker
            typer.echo(worker)
        begins, ends = f"{stop.begins:%H:%M}", f"{stop.ends:%H:%M}"
        typer.echo(
            f"  {begins}-{ends}  {stop.key}  {stop.travel_minutes} min there  {plan.reasons[stop.key]}"
        )
    for number in plan.plan.left_over:
        typer.echo(f"left over: {number}  {plan.reasons[number]}")
    typer.echo(
        f"{len(plan.plan.stops)} visits, {len(plan.plan.left_over)} left over, "
        f"{len(plan.changes)} changed since the plan before"
    )
    if plan.adoption is not None and plan.is_adopted:
        _print_outcomes(plan.adoption.outcomes)


def _print_outcomes(outcomes: Sequence[Outcome]) -> None:
    for one in outcomes:
        because = f" ({', '.join(one.because)})" if one.because else ""
        typer.echo(f"{one.outcome}: {one.key}  {one.worker}{because}")
