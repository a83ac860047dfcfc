"""The audit trail in the database: history rows chained as they are written, and older rows chained once."""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Engine, Insert, Row, bindparam, insert, select, update

from backend.domain.audit import FIRST, Entry, digest_of, hash_of
from backend.domain.order import HistoryRow, Order, State
from backend.store.audit_key import make_audit_key, read_audit_key
from backend.store.engine import READ_ONLY
from backend.store.pipeline import UNANSWERED
from backend.store.sealing import Cipher
from backend.store.tables import Tables

BATCH = 2_000  # rows
HISTORY = ("at", "actor", "move", "state", "reason", "origin", "payload", "hash")
_COLUMNS = {prefix: attrgetter(*(prefix + name for name in HISTORY)) for prefix in ("", "h_")}


class SqlTrail:
    """Appends to the trail of orders."""

    def __init__(self, connection: Connection, tables: Tables, key: bytes) -> None:
        self._db, self._tables, self._t, self._key = connection, tables, tables.order_history, key

    def begin(self, order_id: int, order: Order) -> None:
        """The first rows of an order: it has been placed just now."""
        first = order.version - len(order.history) + 1
        self._append(order_id, order.number, enumerate(order.history, first), FIRST)

    def go_on(self, order_id: int, order: Order) -> None:
        """The newest row of an order that stands in the trail already."""
        before = order.history[-2].hash if len(order.history) > 1 else None
        if before is None:  # moved twice since it was read
            before = self._head(order_id, order.version - 1)
        self._append(order_id, order.number, [(order.version, order.history[-1])], before)

    def _head(self, order_id: int, version: int) -> bytes:
        table = self._t
        found = self._db.execute(
            select(table.c.hash).where(table.c.order_id == order_id, table.c.version == version)
        ).scalar()
        return FIRST if found is None else bytes(found)

    def _append(
        self, order_id: int, number: str, rows: Iterable[tuple[int, HistoryRow]], before: bytes
    ) -> None:
        values = []
        for version, row in rows:
            chained = _chained(self._key, number, version, row, before)
            before = chained["hash"]
            values.append(_plain(order_id, version, row) | chained)
        statement = self._tables.once("add history", _add_history)
        self._db.execute(statement, values if len(values) > 1 else values[0])


def _add_history(tables: Tables) -> Insert:
    return insert(tables.order_history).inline().execution_options(**UNANSWERED)


def history_row(row: Row[Any], prefix: str = "") -> HistoryRow:
    """A row of the table as the order carries it; its columns are HISTORY behind `prefix` («h_» or none). What was erased reads as empty."""
    at, actor, move, state, reason, origin, payload, hashed = _COLUMNS[prefix](row)
    return HistoryRow(
        at, actor or "", move, State(state), reason or "", origin, payload or {},
        None if hashed is None else bytes(hashed),
    )  # fmt: skip


def entry_of(number: str, version: int, row: HistoryRow, digest: bytes) -> Entry:
    return Entry(number, version, row.at, str(row.move), row.state.value, row.origin, digest)


def open_trail(engine: Engine, tables: Tables, cipher: Cipher) -> bytes:
    """The key of the trail. A database that has none gets one, and the rows it holds already are chained."""
    with engine.connect().execution_options(**{READ_ONLY: True}) as connection:
        key = read_audit_key(connection, tables, cipher)
    if key is not None:
        return key
    with engine.begin() as connection:
        made = make_audit_key(connection, tables, cipher)
        key = read_audit_key(connection, tables, cipher)
        if key is None:
            raise RuntimeError("the audit key was taken back by whoever was making it: start again")
        if made:
            _chain_older_rows(connection, tables, key)
    return key


def _chain_older_rows(connection: Connection, tables: Tables, key: bytes) -> None:
    history, orders = tables.order_history, tables.orders
    in_order = (
        select(history, orders.c.number)
        .join(orders, orders.c.id == history.c.order_id)
        .where(history.c.hash.is_(None))
        .order_by(history.c.order_id, history.c.version)
        .limit(BATCH)
    )
    change = (
        update(history)
        .where(history.c.seq == bindparam("of_seq"))
        .values({name: bindparam(name) for name in ("digest", "previous", "hash")})
    )
    heads: dict[int, bytes] = {}
    while rows := connection.execute(in_order).all():
        values = []
        for row in rows:
            before = heads.get(row.order_id, FIRST)
            chained = _chained(key, row.number, row.version, history_row(row), before)
            heads = {row.order_id: chained["hash"]}  # rows come order by order
            values.append(chained | {"of_seq": row.seq})
        connection.execute(change, values)


def _chained(key: bytes, number: str, version: int, row: HistoryRow, before: bytes) -> dict[str, bytes]:
    digest = digest_of(key, actor=row.actor, reason=row.reason, payload=row.payload)
    return {
        "digest": digest,
        "previous": before,
        "hash": hash_of(key, entry_of(number, version, row, digest), before),
    }


def _plain(order_id: int, version: int, row: HistoryRow) -> dict[str, Any]:
    return {
        "order_id": order_id,
        "version": version,
        "at": row.at,
        "actor": row.actor,
        "move": str(row.move),
        "state": row.state.value,
        "reason": row.reason or None,
        "origin": row.origin,
        "payload": dict(row.payload) or None,
    }
