"""The outbox in the database: events stored with the change they tell of, read in order by whoever goes on after an id."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Insert, Integer, Select, bindparam, delete, func, insert, select

from backend.domain.local_time import local_now
from backend.services.ports import Event, Posted
from backend.store.pipeline import UNANSWERED
from backend.store.tables import Tables


class SqlOutbox:
    """`ports.Outbox` on SQL. `settled` gives the id up to which no earlier event can appear any more (see `tail.py`)."""

    def __init__(self, connection: Connection, tables: Tables, settled: Callable[[], int]) -> None:
        self._db, self._tables, self._t, self._settled = connection, tables, tables.work.outbox, settled

    def post(self, events: Sequence[Event]) -> None:
        """Store events with the change they tell of; the last thing before the commit."""
        now = local_now()
        rows = [{"at": now, "name": event.name, "key": event.key, "data": event.data} for event in events]
        statement = self._tables.once("post", _post)
        self._db.execute(statement, rows if len(rows) > 1 else rows[0])

    def after(self, last_id: int, *, limit: int = 500) -> Sequence[Posted]:
        return read(self._db, self._tables, last_id, self._settled(), limit)

    def last_id(self) -> int:
        return self._settled()

    def tidy(self, before: datetime, *, limit: int = 10_000) -> int:
        table = self._t
        # The newest stays: it tells a process that starts where the numbers stand.
        newest = select(func.max(table.c.id)).scalar_subquery()
        old = select(table.c.id).where(table.c.at < before, table.c.id < newest)
        ids = old.order_by(table.c.at).limit(limit).subquery()
        return self._db.execute(delete(table).where(table.c.id.in_(select(ids.c.id)))).rowcount


def _post(tables: Tables) -> Insert:
    return insert(tables.work.outbox).inline().execution_options(**UNANSWERED)


def read(db: Connection, tables: Tables, last_id: int, upto: int | None, limit: int) -> list[Posted]:
    """Events after `last_id`, up to and with `upto`."""
    statement = tables.once("events" if upto is None else "events up to", lambda _: _after(tables, upto))
    values = {"last": last_id, "at_most": limit} | ({} if upto is None else {"upto": upto})
    rows = db.execute(statement, values)
    return [Posted(event_id, at, Event(name, key, data)) for event_id, at, name, key, data in rows]


def _after(tables: Tables, upto: int | None) -> Select[Any]:
    table = tables.work.outbox
    columns = (table.c.id, table.c.at, table.c.name, table.c.key, table.c.data)
    statement = select(*columns).where(table.c.id > bindparam("last"))
    if upto is not None:
        statement = statement.where(table.c.id <= bindparam("upto"))
    return statement.order_by(table.c.id).limit(bindparam("at_most", type_=Integer))
