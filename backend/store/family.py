"""Bindings of relatives and their codes in the database.

`elder_lookup` is the way from a sender to their elders; a binding has a row of kind `family` there, whose rights win over
what a contact of an imported list may: a relative whom the elder does not want any more stays in the list, without rights.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, update

from backend.domain.family import (
    GUESSES_COUNT_FOR,
    GUESSES_OF_ALL_COUNT_FOR,
    NO_RIGHTS,
    Binding,
    BindingGoneError,
    Code,
    CodeKind,
    Guesses,
    Rights,
)  # fmt: skip
from backend.domain.phone import sender_identity
from backend.store.dialect import conflict_insert, insert_or_ignore
from backend.store.people import FAMILY, rights_text
from backend.store.sealing import Cipher
from backend.store.tables import Tables


class SqlFamilies:
    """`family_ports.Families` on SQL."""

    def __init__(self, connection: Connection, tables: Tables, cipher: Cipher) -> None:
        self._db, self._cipher = connection, cipher
        self._elders, self._lookup = tables.elders, tables.elder_lookup
        self._bindings, self._codes, self._guesses = (
            tables.family.bindings, tables.family.codes, tables.family.guesses,
        )  # fmt: skip

    def issue(
        self,
        code: str,
        elder_id: int,
        kind: CodeKind,
        rights: Rights,
        *,
        at: datetime,
        by: str,
        ends: datetime,
    ) -> bool:
        codes, index = self._codes, self._cipher.index("family code", code)
        # Six digits come round again: a code that is over makes room.
        self._db.execute(
            delete(codes).where(
                codes.c.code_index == index, (codes.c.ends_at <= at) | codes.c.used_at.is_not(None)
            )
        )
        values = {"code_index": index, "elder_id": elder_id, "kind": kind.value} | _rights_values(rights)
        return insert_or_ignore(
            self._db, codes, values | {"issued_at": at, "issued_by": by, "ends_at": ends, "used_at": None}
        )

    def code(self, code: str, now: datetime) -> Code | None:
        codes = self._codes
        statement = (
            select(codes, self._elders.c.name)
            .join(self._elders, self._elders.c.id == codes.c.elder_id)
            .where(codes.c.code_index == self._cipher.index("family code", code), *self._open(now))
        )
        row = self._db.execute(statement).first()
        if row is None:
            return None
        return Code(row.id, row.elder_id, row.name, CodeKind(row.kind), _rights(row), row.ends_at)

    def use(self, code_id: int, now: datetime) -> bool:
        codes = self._codes
        used = update(codes).where(codes.c.id == code_id, *self._open(now)).values(used_at=now)
        return self._db.execute(used).rowcount == 1

    def withdraw(self, elder_id: int, kind: CodeKind, now: datetime) -> int:
        codes = self._codes
        mine = (codes.c.elder_id == elder_id, codes.c.kind == kind.value, *self._open(now))
        return self._db.execute(update(codes).where(*mine).values(ends_at=now)).rowcount

    def guesses(self, sender: str, now: datetime) -> Guesses:
        table = self._guesses
        of_all = select(func.count()).where(table.c.at > now - GUESSES_OF_ALL_COUNT_FOR)
        own = select(func.count()).where(
            table.c.sender_index == self._sender_index(sender), table.c.at > now - GUESSES_COUNT_FOR
        )
        return Guesses(self._db.execute(own).scalar_one(), self._db.execute(of_all).scalar_one())

    def note_guess(self, sender: str, at: datetime) -> None:
        table = self._guesses
        self._db.execute(delete(table).where(table.c.at < at - GUESSES_COUNT_FOR))
        self._db.execute(insert(table).values(sender_index=self._sender_index(sender), at=at))

    def bind(
        self, elder_id: int, sender: str, relation: str, rights: Rights, *, at: datetime, by: str
    ) -> Binding:
        table, index = self._bindings, self._sender_index(sender)
        fresh = {"relation": relation, "bound_at": at, "bound_by": by, "revoked_at": None, "revoked_by": None}
        fresh |= _rights_values(rights)
        statement = conflict_insert(self._db, table).values(
            elder_id=elder_id, sender_index=index, sender=sender, **fresh
        )
        statement = statement.on_conflict_do_update(index_elements=["sender_index", "elder_id"], set_=fresh)
        self._db.execute(statement)
        self._point(index, elder_id, relation, rights)
        return self._read(table.c.sender_index == index, table.c.elder_id == elder_id)[0]

    def revoke(self, binding_id: int, *, at: datetime, by: str) -> Binding:
        table, binding = self._bindings, self.get(binding_id)
        gone = (
            update(table)
            .where(table.c.id == binding_id, table.c.revoked_at.is_(None))
            .values(revoked_at=at, revoked_by=by)
        )
        if self._db.execute(gone).rowcount == 0:
            raise BindingGoneError(binding_id)
        self._point(self._sender_index(binding.sender), binding.elder_id, binding.relation, NO_RIGHTS)
        return self.get(binding_id)

    def get(self, binding_id: int) -> Binding:
        found = self._read(self._bindings.c.id == binding_id)
        if not found:
            raise BindingGoneError(binding_id)
        return found[0]

    def of_elder(self, elder_id: int) -> Sequence[Binding]:
        return self._read(self._bindings.c.elder_id == elder_id, self._bindings.c.revoked_at.is_(None))

    def bound_among(self, elder_ids: Collection[int]) -> Collection[int]:
        if not elder_ids:
            return ()
        table = self._bindings
        bound = select(table.c.elder_id).where(
            table.c.elder_id.in_(list(elder_ids)), table.c.revoked_at.is_(None)
        )
        return set(self._db.execute(bound).scalars())

    def of_sender(self, sender: str) -> Sequence[Binding]:
        table = self._bindings
        return self._read(table.c.sender_index == self._sender_index(sender), table.c.revoked_at.is_(None))

    def everybody(self) -> Sequence[Binding]:
        return self._read(self._bindings.c.revoked_at.is_(None))

    def is_shut_out(self, sender: str, elder_id: int | None) -> bool:
        table = self._bindings
        mine = (table.c.sender_index == self._sender_index(sender), table.c.elder_id == elder_id)
        return bool(self._read(*mine, table.c.revoked_at.is_not(None)))

    def _read(self, *conditions: ColumnElement[bool]) -> list[Binding]:
        table = self._bindings
        statement = (
            select(table, self._elders.c.name)
            .join(self._elders, self._elders.c.id == table.c.elder_id)
            .where(*conditions)
            .order_by(table.c.id)
        )
        return [_binding(row) for row in self._db.execute(statement)]

    def _point(self, index: bytes, elder_id: int, relation: str, rights: Rights) -> None:
        changing = {"relation": relation, "rights": rights_text(rights)}
        row = {"sender_index": index, "kind": FAMILY, "elder_id": elder_id, "position": 0} | changing
        statement = conflict_insert(self._db, self._lookup).values(row)
        self._db.execute(
            statement.on_conflict_do_update(
                index_elements=["sender_index", "kind", "elder_id"], set_=changing
            )
        )

    def _open(self, now: datetime) -> tuple[ColumnElement[bool], ...]:
        return (self._codes.c.used_at.is_(None), self._codes.c.ends_at > now)

    def _sender_index(self, sender: str) -> bytes:
        return self._cipher.index("sender", sender_identity(sender))


def _rights_values(rights: Rights) -> dict[str, bool]:
    return {"may_order": rights.order, "may_see": rights.see, "emergency": rights.emergency}


def _rights(row: Row[Any]) -> Rights:
    return Rights(order=row.may_order, see=row.may_see, emergency=row.emergency)


def _binding(row: Row[Any]) -> Binding:
    return Binding(
        id=row.id,
        elder_id=row.elder_id,
        elder_name=row.name,
        sender=row.sender,
        relation=row.relation,
        rights=_rights(row),
        bound_at=row.bound_at,
        bound_by=row.bound_by,
        revoked_at=row.revoked_at,
    )
