"""Calls that the line is to make, in the database: wanted once, made by one process at a time, never lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, or_, select, update

from backend.domain.phone import sender_identity
from backend.services.family_ports import OutboundCall
from backend.store.dialect import insert_or_ignore
from backend.store.sealing import Cipher
from backend.store.tables import Tables

WANTED = "wanted"
# Whoever makes a call renews this as long as it lasts; when that process dies, another one takes the call then.
LEASE = timedelta(seconds=60)
STANDING_BY = "standing_by"
# Whoever talks to a caller renews this; when that process dies, the caller is called back then.
STAND_BY = timedelta(seconds=30)


class SqlOutboundCalls:
    """`family_ports.OutboundCalls` on SQL."""

    def __init__(self, connection: Connection, tables: Tables, cipher: Cipher) -> None:
        self._db, self._cipher = connection, cipher
        self._table, self._refused = tables.family.calls, tables.family.do_not_call

    def want(
        self, phone: str, text: str, *, key: str, reason: str, urgent: bool, at: datetime,
        order_number: str | None = None, elder_id: int | None = None,
    ) -> bool:  # fmt: skip
        values = {
            "key_index": self._cipher.index("call", key), "phone": phone, "text": text, "reason": reason,
            "urgent": urgent, "wanted_at": at, "state": WANTED, "due_at": at, "claims": 0, "tried": [],
            "order_number": order_number, "elder_id": elder_id,
        }  # fmt: skip
        return insert_or_ignore(self._db, self._table, values)

    def stand_by(self, phone: str, *, key: str, reason: str, urgent: bool, now: datetime) -> None:
        values = {
            "key_index": self._cipher.index("call", key), "phone": phone, "text": "", "reason": reason,
            "urgent": urgent, "wanted_at": now, "state": STANDING_BY, "due_at": now + STAND_BY, "claims": 0,
            "tried": [],
        }  # fmt: skip
        insert_or_ignore(self._db, self._table, values)

    def stand_on(self, keys: Sequence[str], now: datetime) -> None:
        mine = self._table.c.key_index.in_([self._cipher.index("call", key) for key in keys])
        standing = update(self._table).where(mine, self._table.c.state == STANDING_BY)
        self._db.execute(standing.values(due_at=now + STAND_BY))

    def stand_down(self, key: str) -> None:
        table = self._table
        untouched = or_(table.c.state == STANDING_BY, and_(table.c.state == WANTED, table.c.claims == 0))
        mine = table.c.key_index == self._cipher.index("call", key)
        self._db.execute(delete(table).where(mine, untouched))

    def call_up(self, now: datetime) -> int:
        left = (self._table.c.state == STANDING_BY, self._table.c.due_at <= now)
        # Wanted since the process died: where all were down for long, nobody is called about it hours later.
        wanted = {"state": WANTED, "wanted_at": self._table.c.due_at}
        return self._db.execute(update(self._table).where(*left).values(wanted)).rowcount

    def due(self, now: datetime, *, most: int) -> Sequence[OutboundCall]:
        table = self._table
        free = or_(table.c.leased_until.is_(None), table.c.leased_until <= now)
        order = (table.c.urgent.desc(), table.c.wanted_at, table.c.id)
        return self._read(table.c.due_at <= now, free, order=order, most=most)

    def under_way(self, now: datetime) -> Sequence[OutboundCall]:
        return self._read(self._table.c.leased_until > now, order=(self._table.c.id,))

    def claim(self, call: OutboundCall, now: datetime) -> OutboundCall | None:
        claimed = replace(call, claims=call.claims + 1)
        values = {"leased_until": now + LEASE, "claims": claimed.claims, "tried": _stored(call)}
        return claimed if self._change(call, values) else None

    def renew(self, call: OutboundCall, now: datetime) -> bool:
        return self._change(call, {"leased_until": now + LEASE})

    def put_off(self, call: OutboundCall, until: datetime) -> bool:
        return self._change(call, {"leased_until": None, "due_at": until, "tried": _stored(call)})

    def settle(self, call: OutboundCall, state: str) -> bool:
        return self._change(call, {"leased_until": None, "state": state, "tried": _stored(call)})

    def forget_before(self, moment: datetime) -> int:
        gone = delete(self._table).where(self._table.c.state != WANTED, self._table.c.wanted_at < moment)
        return self._db.execute(gone).rowcount

    def refuse(self, phone: str, at: datetime) -> None:
        insert_or_ignore(self._db, self._refused, {"number_index": self._number(phone), "asked_at": at})

    def allow(self, phone: str) -> bool:
        mine = self._refused.c.number_index == self._number(phone)
        return self._db.execute(delete(self._refused).where(mine)).rowcount == 1

    def refuses(self, phone: str) -> bool:
        mine = self._refused.c.number_index == self._number(phone)
        return self._db.execute(select(self._refused.c.asked_at).where(mine)).first() is not None

    def _read(
        self, *conditions: ColumnElement[bool], order: Sequence[Any], most: int | None = None
    ) -> list[OutboundCall]:
        wanted = select(self._table).where(self._table.c.state == WANTED, *conditions)
        return [_call(row) for row in self._db.execute(wanted.order_by(*order).limit(most))]

    def _change(self, call: OutboundCall, values: Mapping[str, Any]) -> bool:
        """Only as long as nobody has claimed it since: every claim counts one up."""
        table = self._table
        mine = (table.c.id == call.id, table.c.state == WANTED, table.c.claims == call.claims)
        return self._db.execute(update(table).where(*mine).values(values)).rowcount == 1

    def _number(self, phone: str) -> bytes:
        return self._cipher.index("do not call", sender_identity(phone))


def _stored(call: OutboundCall) -> list[tuple[str, str]]:
    return [(at.isoformat(), result) for at, result in call.tried]


def _call(row: Row[Any]) -> OutboundCall:
    tried = tuple((datetime.fromisoformat(at), result) for at, result in row.tried)
    return OutboundCall(
        row.id, row.phone, row.text, row.reason, row.urgent, row.wanted_at, row.due_at, row.claims, tried,
        row.order_number, row.elder_id,
    )  # fmt: skip
