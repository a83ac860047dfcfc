"""Who saw personal data in full, in the database. Rows are only ever added."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Insert, insert, select

from backend.services.access_ports import Access
from backend.store.pipeline import UNANSWERED
from backend.store.tables import Tables

STORED = tuple(name for name in Access.__slots__ if name != "id")


class SqlAccessLog:
    """`access_ports.AccessLog` on SQL."""

    def __init__(self, connection: Connection, tables: Tables) -> None:
        self._db, self._tables, self._t = connection, tables, tables.access.access_log

    def note(self, accesses: Sequence[Access]) -> None:
        if accesses:
            rows = [{name: getattr(access, name) for name in STORED} for access in accesses]
            self._db.execute(self._tables.once("note access", _note), rows)

    def page(
        self, *, before: int | None = None, actor: str | None = None, kind: str | None = None,
        key: str | None = None, limit: int = 50,
    ) -> Sequence[Access]:  # fmt: skip
        table = self._t
        statement = select(table).order_by(table.c.id.desc()).limit(limit)
        if before is not None:
            statement = statement.where(table.c.id < before)
        for column, value in ((table.c.actor, actor), (table.c.kind, kind), (table.c.key, key)):
            if value is not None:
                statement = statement.where(column == value)
        return [
            Access(**{name: row._mapping[name] for name in Access.__slots__})
            for row in self._db.execute(statement)
        ]


def _note(tables: Tables) -> Insert:
    return insert(tables.access.access_log).inline().execution_options(**UNANSWERED)
