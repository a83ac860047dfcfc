"""Up to which number of a table nothing can appear any more.

On PostgreSQL numbers are given before the commit, so that a lower one may become visible after a higher one. A number is settled
when every transaction that had begun by the time it was seen has ended. SQLite has one writer at a time.
"""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import Column, Connection, Engine, func, select, text

from backend.store.engine import READ_ONLY

PATIENCE_S = 10.0
LOOK_S = 0.1


def settled_upto(engine: Engine, number: Column[Any], *, patience_s: float = PATIENCE_S) -> int | None:
    """The highest settled number; None when there is none, or when a transaction runs for longer than the patience lasts."""
    postgresql = engine.dialect.name == "postgresql"
    options: dict[str, Any] = {"isolation_level": "AUTOCOMMIT"} if postgresql else {}
    with engine.connect().execution_options(**{READ_ONLY: True}, **options) as connection:
        highest: int | None = connection.execute(select(func.max(number))).scalar()
        if highest is None or not postgresql:
            return highest
        begun = next_transaction(connection)
        until = time.monotonic() + patience_s
        while oldest_transaction(connection) < begun:
            if time.monotonic() > until:
                return None
            time.sleep(LOOK_S)
    return highest


def oldest_transaction(connection: Connection) -> int:
    """Every transaction with a lower id has ended (PostgreSQL)."""
    return int(connection.execute(text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")).scalar_one())


def next_transaction(connection: Connection) -> int:
    """No transaction with this id or a higher one has begun (PostgreSQL)."""
    return int(connection.execute(text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")).scalar_one())
