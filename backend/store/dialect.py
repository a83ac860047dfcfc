"""The few statements that SQLite and PostgreSQL share but SQLAlchemy spells for each of them apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def conflict_insert(connection: Connection, table: Table) -> Any:
    """An INSERT that understands ON CONFLICT, in the connection's dialect."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def insert_or_ignore(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert one row; False when one with a unique value of it is there already.

    On PostgreSQL this waits for a transaction that is just inserting the same value, and tells how that ended.
    """
    statement = conflict_insert(connection, table).values(values).on_conflict_do_nothing()
    return connection.execute(statement.returning(*table.primary_key.columns)).first() is not None
