"""Deadlines in the database. `next_at` is indexed: finding what is due costs the same however many are waiting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Delete,
    Insert,
    Row,
    Select,
    Update,
    bindparam,
    delete,
    insert,
    select,
    update,
)

from backend.domain.deadlines import Deadline
from backend.store.pipeline import QUESTION, UNANSWERED
from backend.store.tables import Tables

FIELDS = ("level", "due_at", "next_at", "left_s", "failures")


class SqlDeadlines:
    """`ports.Deadlines` on SQL."""

    def __init__(self, connection: Connection, tables: Tables) -> None:
        self._db, self._tables, self._t = connection, tables, tables.work.deadlines

    def of(self, number: str, *, lock: bool = False) -> Sequence[Deadline]:
        statement = self._tables.once(f"deadlines of order {lock}", lambda tables: _of(tables, lock))
        return [_deadline(row) for row in self._db.execute(statement, {"of_order": number})]

    def put(self, number: str, before: Sequence[Deadline], after: Sequence[Deadline]) -> None:
        known, wanted = ({one.step: one for one in side} for side in (before, after))
        if over := known.keys() - wanted.keys():
            self._db.execute(
                self._tables.once("end deadlines", _end), {"of_order": number, "steps": sorted(over)}
            )
        if new := [asdict(one) | {"number": number} for step, one in wanted.items() if step not in known]:
            statement = self._tables.once("add deadlines", _begin)
            self._db.execute(statement, new)
        for step, one in wanted.items():
            if step in known and known[step] != one:
                changes = {name: getattr(one, name) for name in FIELDS}
                which = {"of_order": number, "of_step": step}
                self._db.execute(self._tables.once("change deadline", _change), which | changes)

    def take_due(self, now: datetime) -> tuple[str, Deadline] | None:
        table = self._t
        statement = self._tables.once(
            "due deadline",
            lambda _: (
                select(table)
                .where(table.c.next_at <= bindparam("now"))
                .order_by(table.c.next_at)
                .limit(1)
                .with_for_update(skip_locked=True)
            ),
        )
        row = self._db.execute(statement, {"now": now}).first()
        return None if row is None else (row.number, _deadline(row))


def _of(tables: Tables, lock: bool) -> Select[Any]:
    table = tables.work.deadlines
    asked = select(table).where(table.c.number == bindparam("of_order")).order_by(table.c.step)
    return asked.with_for_update() if lock else asked.execution_options(**QUESTION)


def _begin(tables: Tables) -> Insert:
    return insert(tables.work.deadlines).inline().execution_options(**UNANSWERED)


def _change(tables: Tables) -> Update:
    table = tables.work.deadlines
    which = (table.c.number == bindparam("of_order"), table.c.step == bindparam("of_step"))
    changed = update(table).where(*which).values({name: bindparam(name) for name in FIELDS})
    return changed.execution_options(**UNANSWERED)


def _end(tables: Tables) -> Delete:
    table = tables.work.deadlines
    steps = table.c.step.in_(bindparam("steps", expanding=True))
    ended = delete(table).where(table.c.number == bindparam("of_order"), steps)
    return ended.execution_options(**UNANSWERED)


def _deadline(row: Row[Any]) -> Deadline:
    return Deadline(row.step, row.level, row.due_at, row.next_at, row.left_s, row.failures)
