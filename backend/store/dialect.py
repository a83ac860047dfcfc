"""The few statements that SQLite and PostgreSQL share but SQLAlchemy spells for each of them apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

MOST_STATEMENTS = 64  # more than one database has tables
_INSERT: Mapping[str, Callable[[Table], Any]] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


def conflict_insert(connection: Connection, table: Table) -> Any:
    """An INSERT that understands ON CONFLICT, in the connection's dialect."""
    return _INSERT[connection.dialect.name](table)


def insert_or_ignore(connection: Connection, table: Table, values: Mapping[str, Any]) -> bool:
    """Insert one row; False when one with a unique value of it is there already.

    On PostgreSQL this waits for a transaction that is just inserting the same value, and tells how that ended.
    """
    statement = _insert_or_ignore(connection.dialect.name, table)
    return connection.execute(statement, values).first() is not None


@lru_cache(MOST_STATEMENTS)
def _insert_or_ignore(dialect: str, table: Table) -> Any:
    statement = _INSERT[dialect](table).on_conflict_do_nothing()
    return statement.returning(*table.primary_key.columns)


def put(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], key: str) -> None:
    """Insert rows, or change those that have the same `key`."""
    if rows:
        statement = conflict_insert(connection, table)
        changed = {column.name: statement.excluded[column.name] for column in table.c if column.name != key}
        connection.execute(statement.on_conflict_do_update(index_elements=[key], set_=changed), list(rows))
