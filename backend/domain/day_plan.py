"""Who visits whom when on one day: routine visits put into routes that keep promised times. Pure; the routes are VROOM's.

Planned anew when something happens: visits that have begun are left out, shifts begin now and where the worker is, whoever does
not come has no shift, and an emergency is one more visit that comes before the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from typing import TYPE_CHECKING

from backend.domain.geography import Position, travel_minutes
from config.dispatch import DispatchRules

if TYPE_CHECKING:
    import numpy
    import vroom
    from numpy.typing import NDArray

# What VROOM leaves out first when not everything fits: the lowest.
ROUTINE, PROMISED, EMERGENCY = 10, 60, 100
THREADS = 1
THOROUGHNESS = 3  # of 0 to 5: beyond, a day of a town takes seconds and gets hardly shorter


@dataclass(frozen=True, slots=True)
class Visit:
    """Something to be done at somebody's home. `workers`: who may do it; one only, when it is promised with that person."""

    key: str  # number of the order
    position: Position
    minutes: int
    workers: frozenset[str]
    earliest: datetime | None = None  # the promised time to begin, from … to …
    latest: datetime | None = None
    priority: int = ROUTINE


@dataclass(frozen=True, slots=True)
class Shift:
    """A worker's day: from when to when, and from where."""

    worker: str
    start: datetime
    end: datetime
    position: Position
    visits: int  # at most


@dataclass(frozen=True, slots=True)
class Stop:
    """A visit in a route."""

    key: str
    worker: str
    begins: datetime
    ends: datetime
    travel_minutes: int  # from the place before


@dataclass(frozen=True, slots=True)
class PlanId:
    """What names one version of a day's plan: `home_service.640106.2026-11-25.2`."""

    department: str
    region: str
    day: date
    version: int

    def __str__(self) -> str:
        return f"{self.department}.{self.region}.{self.day.isoformat()}.{self.version}"

    @classmethod
    def read(cls, text: str) -> PlanId:
        """Raises ValueError for what is not written like that."""
        department, region, day, version = text.split(".")
        found = cls(department, region, date.fromisoformat(day), int(version[:9]))
        if str(found) != text:
            raise ValueError(f"not the name of a plan: {text}")
        return found


@dataclass(frozen=True, slots=True)
class DayPlan:
    """Routes, each worker's in the order of time, and what fits into none."""

    stops: tuple[Stop, ...]
    left_over: tuple[str, ...]


def plan(visits: Sequence[Visit], shifts: Sequence[Shift], rules: DispatchRules) -> DayPlan:
    """The plan with the least travel that does the most important visits. No promised time is broken: rather a visit is left over."""
    import vroom  # loaded by those only who plan

    shifts = [shift for shift in shifts if shift.end > shift.start and shift.visits > 0]
    left_over = tuple(visit.key for visit in visits)
    if not visits or not shifts:
        return DayPlan((), left_over)
    midnight = min(shift.start for shift in shifts).replace(hour=0, minute=0, second=0, microsecond=0)
    problem = vroom.Input()
    places = [shift.position for shift in shifts] + [visit.position for visit in visits]
    problem.set_durations_matrix(profile="car", matrix_input=_matrix(places, rules))
    for count, shift in enumerate(shifts):
        # A visit asks for a skill of its own; whoever may do it has that skill.
        able = {number for number, visit in enumerate(visits, 1) if shift.worker in visit.workers}
        window = [_seconds(shift.start, midnight), _seconds(shift.end, midnight)]
        problem.add_vehicle(
            vroom.Vehicle(count, start=count, time_window=window, skills=able, max_tasks=shift.visits)
        )
    for number, visit in enumerate(visits, 1):
        problem.add_job(_job(number, visit, len(shifts) - 1 + number, midnight))
    routes = problem.solve(exploration_level=THOROUGHNESS, nb_threads=THREADS).routes
    stops = _stops(routes.to_dict("records"), visits, shifts, midnight)
    planned = {stop.key for stop in stops}
    return DayPlan(tuple(stops), tuple(key for key in left_over if key not in planned))


def _job(number: int, visit: Visit, place: int, midnight: datetime) -> vroom.Job:
    import vroom

    windows: dict[str, object] = {}
    if visit.earliest is not None and visit.latest is not None:
        windows["time_windows"] = [[_seconds(visit.earliest, midnight), _seconds(visit.latest, midnight)]]
    return vroom.Job(
        number, location=place, default_service=visit.minutes * 60, skills={number}, priority=visit.priority, **windows
    )  # fmt: skip


def _stops(
    rows: Sequence[Mapping[str, object]], visits: Sequence[Visit], shifts: Sequence[Shift], midnight: datetime
) -> list[Stop]:
    stops, before = [], 0
    for row in rows:
        travelled = int(str(row["duration"]))  # since the route began
        if row["type"] == "job":
            visit = visits[int(str(row["id"])) - 1]
            begins = midnight + timedelta(seconds=int(str(row["arrival"])) + int(str(row["waiting_time"])))
            ends = begins + timedelta(minutes=visit.minutes)
            worker = shifts[int(str(row["vehicle_id"]))].worker
            stops.append(Stop(visit.key, worker, begins, ends, ceil((travelled - before) / 60)))
        before = travelled if row["type"] != "start" else 0
    return stops


def _matrix(places: Sequence[Position], rules: DispatchRules) -> NDArray[numpy.uint32]:
    """Seconds between all places."""
    import numpy

    return numpy.array(
        [
            [
                round(travel_minutes(a, b, road_factor=rules.road_factor, speed_kmh=rules.speed_kmh) * 60)
                for b in places
            ]
            for a in places
        ],
        dtype=numpy.uint32,
    )


def _seconds(moment: datetime, midnight: datetime) -> int:
    return max(0, int((moment - midnight).total_seconds()))
