"""Plans of days in the database, and who is not there on which day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from backend.domain.day_plan import DayPlan, Stop
from backend.domain.geography import Position
from backend.services.dispatch_ports import Adoption, Outcome, StopChange, StoredPlan
from backend.services.ports import StaleError
from backend.store.dialect import insert_or_ignore
from backend.store.tables import Tables


class SqlDayPlans:
    """`dispatch_ports.DayPlans` on SQL."""

    def __init__(self, connection: Connection, tables: Tables) -> None:
        self._db, self._t = connection, tables.dispatch

    def get(self, department: str, region: str, day: date) -> StoredPlan | None:
        table = self._t.plans
        one = (table.c.department == department, table.c.region == region, table.c.day == day)
        row = self._db.execute(select(table).where(*one)).first()
        return None if row is None else _plan(row)

    def keys(self, since: date) -> Sequence[tuple[str, str, date]]:
        table = self._t.plans
        columns = (table.c.department, table.c.region, table.c.day)
        rows = self._db.execute(select(*columns).where(table.c.day >= since).order_by(*columns))
        return [(row.department, row.region, row.day) for row in rows]

    def of_day(self, day: date) -> Sequence[StoredPlan]:
        table = self._t.plans
        statement = select(table).where(table.c.day == day).order_by(table.c.department, table.c.region)
        return [_plan(row) for row in self._db.execute(statement)]

    def save(self, plan: StoredPlan) -> None:
        table, values = self._t.plans, _values(plan)
        if plan.version == 1:
            if not insert_or_ignore(self._db, table, values):
                raise StaleError("somebody else planned this day just now")
            return
        before = (
            table.c.department == plan.department, table.c.region == plan.region, table.c.day == plan.day,
            table.c.version == plan.version - 1,
        )  # fmt: skip
        if self._db.execute(update(table).where(*before).values(values)).rowcount == 0:
            raise StaleError("somebody else planned this day just now")

    def adopt(self, plan: StoredPlan) -> None:
        table = self._t.plans
        this = (
            table.c.department == plan.department, table.c.region == plan.region, table.c.day == plan.day,
            table.c.version == plan.version,
        )  # fmt: skip
        if self._db.execute(update(table).where(*this).values(adoption=_adopted(plan))).rowcount == 0:
            raise StaleError("somebody else planned this day just now")

    def absent(self, day: date) -> frozenset[str]:
        table = self._t.absences
        return frozenset(self._db.execute(select(table.c.worker).where(table.c.day == day)).scalars())

    def set_absent(self, worker: str, day: date, *, absent: bool) -> bool:
        table = self._t.absences
        if absent:
            return insert_or_ignore(self._db, table, {"worker": worker, "day": day})
        gone = delete(table).where(table.c.worker == worker, table.c.day == day)
        return self._db.execute(gone).rowcount > 0

    def tidy(self, before: date) -> int:
        tables = (self._t.plans, self._t.absences)
        return sum(self._db.execute(delete(table).where(table.c.day < before)).rowcount for table in tables)


def _values(plan: StoredPlan) -> dict[str, Any]:
    return {
        "department": plan.department,
        "region": plan.region,
        "day": plan.day,
        "version": plan.version,
        "made_at": plan.made_at,
        "cause": plan.cause,
        "stops": [_kept(stop) for stop in plan.plan.stops],
        "left_over": plan.plan.left_over,
        "reasons": dict(plan.reasons),
        "changes": [
            {"key": one.key, "before": _kept(one.before), "after": _kept(one.after)} for one in plan.changes
        ],
        "moved_to": {worker: list(position) for worker, position in plan.at.items()},
        "seen": dict(plan.seen),
    }


def _adopted(plan: StoredPlan) -> dict[str, Any] | None:
    made = plan.adoption
    if made is None:
        return None
    return {
        "version": made.version,
        "at": made.at.isoformat(),
        "by": made.by,
        "outcomes": [[one.key, one.worker, one.outcome, list(one.because)] for one in made.outcomes],
        "stops": [_kept(stop) for stop in made.stops],
    }


def _adoption(kept: Mapping[str, Any] | None) -> Adoption | None:
    if kept is None:
        return None
    return Adoption(
        kept["version"],
        datetime.fromisoformat(kept["at"]),
        kept["by"],
        tuple(
            Outcome(key, worker, outcome, tuple(because))
            for key, worker, outcome, because in kept["outcomes"]
        ),
        _stops(kept["stops"]),
    )


def _plan(row: Row[Any]) -> StoredPlan:
    return StoredPlan(
        department=row.department,
        region=row.region,
        day=row.day,
        version=row.version,
        made_at=row.made_at,
        cause=row.cause,
        plan=DayPlan(_stops(row.stops), row.left_over),
        reasons=row.reasons,
        changes=tuple(
            StopChange(one["key"], _stop(one["before"]), _stop(one["after"])) for one in row.changes
        ),
        at={worker: Position(*position) for worker, position in row.moved_to.items()},
        seen=row.seen,
        adoption=_adoption(row.adoption),
    )


def _stops(rows: Sequence[Mapping[str, Any]]) -> tuple[Stop, ...]:
    return tuple(stop for kept in rows if (stop := _stop(kept)) is not None)


def _kept(stop: Stop | None) -> dict[str, Any] | None:
    if stop is None:
        return None
    return {
        "key": stop.key,
        "worker": stop.worker,
        "begins": stop.begins.isoformat(),
        "ends": stop.ends.isoformat(),
        "travel_minutes": stop.travel_minutes,
    }


def _stop(kept: Mapping[str, Any] | None) -> Stop | None:
    if kept is None:
        return None
    begins, ends = (datetime.fromisoformat(kept[name]) for name in ("begins", "ends"))
    return Stop(kept["key"], kept["worker"], begins, ends, kept["travel_minutes"])
