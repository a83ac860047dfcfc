"""The index of calls in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from backend.domain.phone import sender_identity
from backend.services.call_ports import CallNotFoundError, CallRecord
from backend.store.sealing import Cipher
from backend.store.tables import Tables


class SqlCallRecords:
    """`call_ports.CallRecords` on SQL."""

    def __init__(self, connection: Connection, tables: Tables, cipher: Cipher) -> None:
        self._db, self._table, self._cipher = connection, tables.calls, cipher

    def begin(self, session: str, caller: str, began: datetime, *, purpose: str | None = None) -> int:
        values = {
            "session_index": self._cipher.index("session", session), "session": session,
            "caller_index": self._cipher.index("sender", sender_identity(caller)), "caller": caller,
            "began": began, "flags": (), "orders": (), "purpose": purpose,
            "direction": "in" if purpose is None else "out",
        }  # fmt: skip
        statement = insert(self._table).values(values).returning(self._table.c.id)
        record_id: int = self._db.execute(statement).scalar_one()
        return record_id

    def mark(self, record_id: int, flags: Sequence[str]) -> None:
        self._db.execute(update(self._table).where(self._table.c.id == record_id).values(flags=flags))

    def end(
        self, record_id: int, *, ended: datetime, length_s: int, reason: str,
        flags: Sequence[str], orders: Sequence[str],
    ) -> None:  # fmt: skip
        values = {
            "ended": ended,
            "length_s": length_s,
            "reason": reason,
            "flags": flags,
            "orders": orders,
        }
        self._db.execute(update(self._table).where(self._table.c.id == record_id).values(values))

    def get(self, record_id: int) -> CallRecord:
        shown = self._shown().where(self._table.c.id == record_id)
        row = self._db.execute(shown).first()
        if row is None:
            raise CallNotFoundError(record_id)
        return _record(row)

    def of_session(self, session: str) -> CallRecord | None:
        index = self._cipher.index("session", session)
        shown = self._shown().where(self._table.c.session_index == index)
        row = self._db.execute(shown.order_by(self._table.c.id.desc()).limit(1)).first()
        return None if row is None else _record(row)

    def page(self, *, before: int | None = None, limit: int) -> Sequence[CallRecord]:
        shown = self._shown().order_by(self._table.c.id.desc()).limit(limit)
        if before is not None:
            shown = shown.where(self._table.c.id < before)
        return [_record(row) for row in self._db.execute(shown)]

    def withdrawn(self, *, limit: int) -> Sequence[CallRecord]:
        table = self._table
        statement = select(table).where(table.c.withdrawn).order_by(table.c.id).limit(limit)
        return [_record(row) for row in self._db.execute(statement)]

    def remove(self, record_id: int) -> None:
        self._db.execute(delete(self._table).where(self._table.c.id == record_id))

    def forget_before(self, at: datetime, *, limit: int) -> int:
        table = self._table
        old = select(table.c.id).where(table.c.began < at).order_by(table.c.id).limit(limit)
        return self._db.execute(delete(table).where(table.c.id.in_(old))).rowcount

    def _shown(self) -> Any:
        return select(self._table).where(~self._table.c.withdrawn)


def _record(row: Row[Any]) -> CallRecord:
    return CallRecord(
        id=row.id,
        session=row.session,
        caller=row.caller,
        began=row.began,
        ended=row.ended,
        length_s=row.length_s,
        reason=row.reason,
        flags=row.flags,
        orders=row.orders,
        purpose=row.purpose,
    )
