"""Deadlines in the database. `next_at` is indexed: finding what is due costs the same however many are waiting."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Delete,
    Insert,
    Integer,
    Row,
    Select,
    Update,
    bindparam,
    delete,
    func,
    insert,
    select,
    tuple_,
    update,
)

from backend.domain.deadlines import WARNING, Deadline
from backend.store.pipeline import QUESTION, UNANSWERED
from backend.store.tables import Tables

FIELDS = ("level", "due_at", "next_at", "left_s", "failures")


class SqlDeadlines:
    """`ports.Deadlines` on SQL."""

    def __init__(self, connection: Connection, tables: Tables) -> None:
        self._db, self._tables, self._t = connection, tables, tables.work.deadlines
        self._ahead: dict[str, dict[str, Deadline]] = {}  # by order and step, till it is asked for

    def read_ahead(self, numbers: Collection[str]) -> None:
        self._ahead = {number: {} for number in numbers}
        if numbers:
            statement = self._tables.once("deadlines of orders", _of_many)
            for row in self._db.execute(statement, {"numbers": list(numbers)}):
                self._ahead[row.number][row.step] = _deadline(row)

    def of(self, number: str, *, lock: bool = False) -> Sequence[Deadline]:
        if not lock and (known := self._ahead.pop(number, None)) is not None:
            return list(known.values())
        statement = self._tables.once(f"deadlines of order {lock}", lambda tables: _of(tables, lock))
        return [_deadline(row) for row in self._db.execute(statement, {"of_order": number})]

    def put(self, number: str, before: Sequence[Deadline], after: Sequence[Deadline]) -> None:
        known, wanted = ({one.step: one for one in side} for side in (before, after))
        if number in self._ahead:
            kept = {step: one for step, one in self._ahead[number].items() if step not in known}
            self._ahead[number] = kept | wanted
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

    def take_due(self, now: datetime, limit: int = 1) -> Sequence[tuple[str, Deadline]]:
        statement = self._tables.once("due deadlines", _due)
        rows = self._db.execute(statement, {"now": now, "at_most": limit})
        return [(row.number, _deadline(row)) for row in rows]

    def warned(self, clocks: Sequence[tuple[str, Deadline]]) -> None:
        if clocks:
            which = [(number, clock.step) for number, clock in clocks]
            self._db.execute(self._tables.once("warned", _warned), {"which": which})

    def oldest(self) -> datetime | None:
        first = self._tables.once("first deadline", lambda _: select(func.min(self._t.c.next_at)))
        found: datetime | None = self._db.execute(first).scalar()
        return found


def _of(tables: Tables, lock: bool) -> Select[Any]:
    table = tables.work.deadlines
    asked = select(table).where(table.c.number == bindparam("of_order")).order_by(table.c.step)
    return asked.with_for_update() if lock else asked.execution_options(**QUESTION)


def _of_many(tables: Tables) -> Select[Any]:
    table = tables.work.deadlines
    return select(table).where(table.c.number.in_(bindparam("numbers", expanding=True)))


def _due(tables: Tables) -> Select[Any]:
    """The row of the order is locked first of all, as every move does it: who waits for whom never goes in a circle."""
    clocks, orders = tables.work.deadlines, tables.orders
    return (
        select(clocks)
        .join(orders, orders.c.number == clocks.c.number)
        .where(clocks.c.next_at <= bindparam("now"))
        .order_by(clocks.c.next_at)
        .limit(bindparam("at_most", type_=Integer))
        .with_for_update(of=[orders, clocks], skip_locked=True, key_share=True)
    )


def _warned(tables: Tables) -> Update:
    table = tables.work.deadlines
    which = tuple_(table.c.number, table.c.step).in_(bindparam("which", expanding=True))
    changed = update(table).where(which).values(level=WARNING + 1, next_at=table.c.due_at, failures=0)
    return changed.execution_options(**UNANSWERED)


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
