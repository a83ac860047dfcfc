"""What people said of how they are, in the database; and who has not been asked for long."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Text, delete, exists, insert, or_, select, type_coerce

from backend.domain.people import Elder
from backend.services.care_ports import CareRecord
from backend.store.people import _elder
from backend.store.sealing import Cipher
from backend.store.tables import Tables


class SqlCare:
    """`care_ports.Care` on SQL."""

    def __init__(self, connection: Connection, tables: Tables, cipher: Cipher) -> None:
        self._db, self._tables, self._cipher = connection, tables, cipher

    def add(self, record: CareRecord, session: str) -> None:
        values = {
            "elder_id": record.elder_id,
            "at": record.at,
            "way": record.way,
            "session_index": self._cipher.index("session", session),
            "answers": dict(record.answers),
        }
        self._db.execute(insert(self._tables.care).values(values))

    def of_session(self, session: str) -> CareRecord | None:
        table = self._tables.care
        mine = table.c.session_index == self._cipher.index("session", session)
        row = self._db.execute(select(table).where(mine).order_by(table.c.id.desc()).limit(1)).first()
        return None if row is None else CareRecord(row.elder_id, row.at, row.way, row.answers)

    def forget_before(self, at: datetime, *, limit: int) -> int:
        table = self._tables.care
        old = select(table.c.id).where(table.c.at < at).order_by(table.c.id).limit(limit)
        return self._db.execute(delete(table).where(table.c.id.in_(old))).rowcount

    def waiting(self, groups: Sequence[str], *, since: datetime, limit: int) -> Sequence[Elder]:
        elders, care, calls = self._tables.elders, self._tables.care, self._tables.family.calls
        # Categories are a JSON list of words that hold no quotation marks.
        categories = type_coerce(elders.c.categories, Text)
        in_group = or_(*(categories.like(f'%"{group}"%') for group in groups))
        asked = exists().where(care.c.elder_id == elders.c.id, care.c.at >= since)
        wanted = exists().where(calls.c.elder_id == elders.c.id, calls.c.wanted_at >= since)
        waiting = select(elders).where(in_group, ~asked, ~wanted).order_by(elders.c.id).limit(limit)
        return [_elder(row) for row in self._db.execute(waiting)]
