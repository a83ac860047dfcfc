"""Logins, providers and workers in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, Table, select

from backend.domain.providers import Provider, Worker
from backend.domain.staff import Role, StaffUser
from backend.store.dialect import conflict_insert
from backend.store.tables import Tables


def _put(connection: Connection, table: Table, rows: Sequence[dict[str, Any]], key: str) -> None:
    if rows:
        statement = conflict_insert(connection, table)
        changed = {column.name: statement.excluded[column.name] for column in table.c if column.name != key}
        connection.execute(statement.on_conflict_do_update(index_elements=[key], set_=changed), list(rows))


class SqlStaff:
    """`ports.Staff` on SQL."""

    def __init__(self, connection: Connection, tables: Tables) -> None:
        self._db, self._t = connection, tables.staff

    def get(self, login: str, *, lock: bool = False) -> StaffUser | None:
        statement = select(self._t).where(self._t.c.login == login)
        row = self._db.execute(statement.with_for_update() if lock else statement).first()
        return None if row is None else _user(row)

    def save(self, user: StaffUser) -> None:
        _put(self._db, self._t, [asdict(user) | {"role": user.role.value}], "login")

    def all(self) -> Sequence[StaffUser]:
        return [_user(row) for row in self._db.execute(select(self._t).order_by(self._t.c.login))]


class SqlProviders:
    """`ports.Providers` on SQL."""

    def __init__(self, connection: Connection, tables: Tables) -> None:
        self._db, self._providers, self._workers = connection, tables.providers, tables.workers

    def save(self, providers: Sequence[Provider], workers: Sequence[Worker]) -> None:
        _put(self._db, self._providers, [asdict(provider) for provider in providers], "code")
        _put(self._db, self._workers, [asdict(worker) for worker in workers], "code")

    def all(self, department: str | None = None) -> Sequence[Provider]:
        statement = select(self._providers).order_by(self._providers.c.code)
        if department is not None:
            statement = statement.where(self._providers.c.department == department)
        return [
            Provider(row.code, row.name, row.department, row.region, row.items, row.phone)
            for row in self._db.execute(statement)
        ]

    def workers(self, provider: str | None = None) -> Sequence[Worker]:
        statement = select(self._workers).order_by(self._workers.c.code)
        if provider is not None:
            statement = statement.where(self._workers.c.provider == provider)
        return [
            Worker(row.code, row.name, row.provider, row.region, row.items, row.phone)
            for row in self._db.execute(statement)
        ]


def _user(row: Row[Any]) -> StaffUser:
    return StaffUser(
        login=row.login,
        name=row.name,
        role=Role(row.role),
        password_hash=row.password_hash,
        department=row.department,
        active=row.active,
        demo=row.demo,
        failures=row.failures,
        locked_until=row.locked_until,
    )
