"""Anchors of the audit trail: once a minute the rows that were added since are hashed together, chained to the anchor before.

Each order has a chain of its own, so that no order waits for another; what a chain alone can not show (its last rows, or all of
them, cut off) the anchors show.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, insert, select, text

from backend.domain.audit import FIRST, anchor_hash, digest_of_rows
from backend.store.settled import settled_upto
from backend.store.tables import Tables

if TYPE_CHECKING:
    from backend.store.open import Store

# Any number that is always the same: on PostgreSQL whoever adds an anchor holds this lock.
ANCHOR_LOCK = 0x616E6368
MOST_ROWS = 200_000  # in one anchor


def add_anchor(store: Store, now: datetime) -> bool:
    """Anchor what is new. True when there is more to do at once. Two processes never do it at the same time."""
    upto = settled_upto(store.engine, store.tables.order_history.c.seq)
    with store.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            mine = connection.execute(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": ANCHOR_LOCK})
            if not mine.scalar_one():
                return False
        after, previous = _last(connection, store.tables)
        if upto is None or upto <= after:
            return False
        more = upto - after > MOST_ROWS
        upto = min(upto, after + MOST_ROWS)
        digest, rows = digest_of_rows(store.audit_key, hashes(connection, store.tables, after, upto))
        values = {
            "at": now,
            "after_seq": after,
            "upto_seq": upto,
            "rows": rows,
            "digest": digest,
            "previous": previous,
        }
        connection.execute(
            insert(store.tables.work.anchors).values(
                **values,
                hash=anchor_hash(
                    store.audit_key,
                    at=now,
                    after_seq=after,
                    upto_seq=upto,
                    rows=rows,
                    digest=digest,
                    previous=previous,
                ),
            )
        )
    return more


def hashes(connection: Connection, tables: Tables, after: int, upto: int) -> Iterator[bytes]:
    """The hashes of the rows with `after` < seq <= `upto`, in their order."""
    seq, value = tables.order_history.c.seq, tables.order_history.c.hash
    statement = select(value).where(seq > after, seq <= upto).order_by(seq)
    with connection.execute(statement.execution_options(yield_per=5_000)) as result:
        for (one,) in result:
            yield bytes(one or b"")


def _last(connection: Connection, tables: Tables) -> tuple[int, bytes]:
    anchors = tables.work.anchors
    row = connection.execute(
        select(anchors.c.upto_seq, anchors.c.hash).order_by(anchors.c.id.desc()).limit(1)
    ).first()
    return (0, FIRST) if row is None else (row.upto_seq, bytes(row.hash))
