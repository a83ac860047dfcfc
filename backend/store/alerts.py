"""Who was told of which emergency, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from backend.domain.phone import sender_identity
from backend.services.family_ports import Alert
from backend.store.dialect import insert_or_ignore
from backend.store.sealing import Cipher
from backend.store.tables import Tables


class SqlAlerts:
    """`family_ports.Alerts` on SQL."""

    def __init__(self, connection: Connection, tables: Tables, cipher: Cipher) -> None:
        self._db, self._table, self._cipher = connection, tables.family.alerts, cipher

    def tell(self, task_id: int, person: str, at: datetime) -> bool:
        values = {"task_id": task_id, "sender_index": self._index(person), "person": person, "told_at": at}
        return insert_or_ignore(self._db, self._table, values)

    def get(self, alert_id: int) -> Alert:
        return _alert(self._db.execute(select(self._table).where(self._table.c.id == alert_id)).one())

    def of_task(self, task_id: int) -> Sequence[Alert]:
        table = self._table
        rows = self._db.execute(select(table).where(table.c.task_id == task_id).order_by(table.c.id))
        return [_alert(row) for row in rows]

    def open_of(self, person: str, *, since: datetime) -> Sequence[Alert]:
        table = self._table
        mine = (table.c.sender_index == self._index(person), table.c.acknowledged_at.is_(None))
        rows = self._db.execute(
            select(table).where(*mine, table.c.told_at >= since).order_by(table.c.id.desc())
        )
        return [_alert(row) for row in rows]

    def acknowledge(self, alert_id: int, at: datetime) -> bool:
        table = self._table
        first = (table.c.id == alert_id, table.c.acknowledged_at.is_(None))
        return self._db.execute(update(table).where(*first).values(acknowledged_at=at)).rowcount == 1

    def _index(self, person: str) -> bytes:
        return self._cipher.index("sender", sender_identity(person))


def _alert(row: Row[Any]) -> Alert:
    return Alert(row.id, row.task_id, row.person, row.told_at, row.acknowledged_at)
