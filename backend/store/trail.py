"""The audit trail in the database: history rows chained as they are written, and older rows chained once."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Engine, Insert, Row, Select, bindparam, insert, select, update

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
        self._db, self._tables, self._key = connection, tables, key

    def begin(self, order_id: int, order: Order) -> None:
        """The first rows of an order: it has been placed just now."""
        rows, before = [], FIRST
        for version, row in enumerate(order.history, order.version - len(order.history) + 1):
            rows.append(self._row(order.number, version, row, before) | {"order_id": order_id})
            before = rows[-1]["hash"]
        self._db.execute(self._tables.once("begin history", _begin), rows if len(rows) > 1 else rows[0])

    def go_on(self, order: Order) -> None:
        """The newest row of an order that stands in the trail already, and has not been changed yet.

        Raises StaleError, at the latest with the commit, when this order is not of the version before: then the database finds no
        order for the row, or another row of its version.
        """
        which = {"of_number": order.number, "of_version": order.version - 1}
        before = order.history[-2].hash if len(order.history) > 1 else None
        if before is None:  # moved twice since it was read
            before = self._db.execute(self._tables.once("head", _head), which).scalar() or FIRST
        row = self._row(order.number, order.version, order.history[-1], bytes(before))
        self._db.execute(self._tables.once("go on with history", _go_on), row | which)

    def _row(self, number: str, version: int, row: HistoryRow, before: bytes) -> dict[str, Any]:
        return _plain(version, row) | _chained(self._key, number, version, row, before)


def _begin(tables: Tables) -> Insert:
    return insert(tables.order_history).inline().execution_options(**UNANSWERED)


def _go_on(tables: Tables) -> Insert:
    orders = tables.orders
    fits = (orders.c.number == bindparam("of_number"), orders.c.version == bindparam("of_version"))
    order_id = select(orders.c.id).where(*fits).scalar_subquery()
    statement = insert(tables.order_history).values(order_id=order_id)
    return statement.inline().execution_options(**UNANSWERED)


def _head(tables: Tables) -> Select[Any]:
    orders, history = tables.orders, tables.order_history
    of_order = select(history.c.hash).join(orders, orders.c.id == history.c.order_id)
    return of_order.where(
        orders.c.number == bindparam("of_number"), history.c.version == bindparam("of_version")
    )


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


def _plain(version: int, row: HistoryRow) -> dict[str, Any]:
    return {
        "version": version,
        "at": row.at,
        "actor": row.actor,
        "move": str(row.move),
        "state": row.state.value,
        "reason": row.reason or None,
        "origin": row.origin,
        "payload": dict(row.payload) or None,
    }
