"""The review list in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update

from backend.domain.review import Reason, Sentence, SentenceNotFoundError
from backend.store.dialect import conflict_insert
from backend.store.sealing import Cipher
from backend.store.tables import Tables


class SqlReviewList:
    """`review_ports.ReviewList` on SQL."""

    def __init__(self, connection: Connection, tables: Tables, cipher: Cipher) -> None:
        self._db, self._table, self._cipher = connection, tables.review, cipher

    def note(
        self,
        text: str,
        *,
        key: str,
        understood: Sequence[str],
        reason: Reason,
        channel: str,
        asked: str | None,
        at: datetime,
    ) -> int:
        values = {
            "key_index": self._cipher.index("review", key), "text": text, "understood": understood,
            "reason": reason.value, "channel": channel, "asked": asked, "first_at": at, "last_at": at, "times": 1,
        }  # fmt: skip
        once_more = {"times": self._table.c.times + 1, "last_at": at}
        statement = conflict_insert(self._db, self._table).values(values)
        counted = statement.on_conflict_do_update(index_elements=["key_index"], set_=once_more)
        times: int = self._db.execute(counted.returning(self._table.c.times)).scalar_one()
        return times

    def keep_newest(self, most: int) -> int:
        table = self._table
        waiting = select(table.c.id).where(table.c.decided_at.is_(None))
        oldest = waiting.order_by(table.c.last_at.desc(), table.c.id.desc()).offset(most)
        # What another process is just counting or labelling stays: it is dropped the next time.
        oldest = oldest.with_for_update(skip_locked=True)
        return self._db.execute(delete(table).where(table.c.id.in_(oldest))).rowcount

    def get(self, sentence_id: int) -> Sentence:
        row = self._db.execute(select(self._table).where(self._table.c.id == sentence_id)).first()
        if row is None:
            raise SentenceNotFoundError(sentence_id)
        return _sentence(row)

    def waiting(self, limit: int) -> Sequence[Sentence]:
        table = self._table
        statement = select(table).where(table.c.decided_at.is_(None)).limit(limit)
        often_first = statement.order_by(table.c.times.desc(), table.c.last_at.desc(), table.c.id.desc())
        return [_sentence(row) for row in self._db.execute(often_first)]

    def count_waiting(self) -> int:
        statement = select(func.count()).select_from(self._table)
        return self._db.execute(statement.where(self._table.c.decided_at.is_(None))).scalar_one()

    def labelled(self) -> Sequence[Sentence]:
        table = self._table
        statement = select(table).where(table.c.decided_at.is_not(None), table.c.labels != ())
        return [
            _sentence(row) for row in self._db.execute(statement.order_by(table.c.decided_at, table.c.id))
        ]

    def decide(self, sentence_id: int, labels: Sequence[str], *, by: str, at: datetime) -> bool:
        table = self._table
        waits = (table.c.id == sentence_id, table.c.decided_at.is_(None))
        decided = update(table).where(*waits).values(labels=labels, decided_by=by, decided_at=at)
        return self._db.execute(decided).rowcount == 1

    def take_back(self, sentence_id: int) -> bool:
        table = self._table
        is_decided = (table.c.id == sentence_id, table.c.decided_at.is_not(None))
        waits = update(table).where(*is_decided).values(labels=None, decided_by=None, decided_at=None)
        return self._db.execute(waits).rowcount == 1


def _sentence(row: Row[Any]) -> Sentence:
    return Sentence(
        id=row.id,
        text=row.text,
        understood=row.understood,
        reason=Reason(row.reason),
        channel=row.channel,
        asked=row.asked,
        first_at=row.first_at,
        last_at=row.last_at,
        times=row.times,
        labels=row.labels,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
    )
