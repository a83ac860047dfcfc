"""Logins in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, select

from backend.domain.staff import Role, StaffUser
from backend.store.dialect import put
from backend.store.tables import Tables


class SqlStaff:
    """`ports.Staff` on SQL."""

    def __init__(self, connection: Connection, tables: Tables) -> None:
        self._db, self._t = connection, tables.staff

    def get(self, login: str, *, lock: bool = False) -> StaffUser | None:
        statement = select(self._t).where(self._t.c.login == login)
        row = self._db.execute(statement.with_for_update() if lock else statement).first()
        return None if row is None else _user(row)

    def save(self, user: StaffUser) -> None:
        put(self._db, self._t, [asdict(user) | {"role": user.role.value}], "login")

    def all(self) -> Sequence[StaffUser]:
        return [_user(row) for row in self._db.execute(select(self._t).order_by(self._t.c.login))]


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
        region=row.region,
        provider=row.provider,
        worker=row.worker,
        totp=row.totp,
        totp_step=row.totp_step,
        sign_outs=row.sign_outs,
    )
