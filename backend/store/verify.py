"""Checks the audit trail from the first row to the last: every chain, what is sealed in it, the orders themselves, the anchors."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Row, func, select

from backend.domain.audit import FIRST, anchor_hash, digest_of, digest_of_rows, hash_of
from backend.store.anchors import hashes
from backend.store.engine import READ_ONLY
from backend.store.sealing import SealError
from backend.store.trail import entry_of, history_row

if TYPE_CHECKING:
    from backend.store.open import Store

BATCH = 5_000
SEALED = ("actor", "reason", "payload")

Progress = Callable[[int], object]  # is told how many rows were looked at since the last call


@dataclass(frozen=True, slots=True)
class Break:
    """The first place that is not as it was written."""

    where: str
    why: str


@dataclass(slots=True)
class Report:
    """What was found. `erased`: rows whose sealed part was deleted on request; their place in the chain still holds."""

    rows: int = 0
    orders: int = 0
    anchors: int = 0
    erased: int = 0
    not_anchored: int = 0  # newest rows, younger than about a minute
    broken: Break | None = None


def count_rows(store: Store) -> int:
    """Rows to be looked at, for a progress bar: each once in its chain and once under its anchor."""
    with store.engine.connect().execution_options(**{READ_ONLY: True}) as connection:
        return 2 * (
            connection.execute(select(func.count()).select_from(store.tables.order_history)).scalar() or 0
        )


def verify(store: Store, *, number: str | None = None, progress: Progress = lambda _: None) -> Report:
    """Look at everything, or at one order's chain, up to the first break. One snapshot: work may go on meanwhile."""
    report = Report()
    options: dict[str, Any] = {READ_ONLY: True}
    if store.engine.dialect.name == "postgresql":
        options["isolation_level"] = "REPEATABLE READ"
    with store.engine.connect().execution_options(**options) as connection:
        report.broken = _first_broken_chain(connection, store, number, report, progress)
        if number is None and report.broken is None:
            report.broken = _first_broken_anchor(connection, store, report, progress)
    return report


def _first_broken_chain(
    connection: Connection, store: Store, number: str | None, report: Report, progress: Progress
) -> Break | None:
    last: Row[Any] | None = None
    with closing(_rows(connection, store, number)) as rows:
        try:
            for row in rows:
                if (
                    last is not None
                    and last.order_number != row.order_number
                    and (broken := _ends_wrong(last))
                ):
                    return broken
                if broken := _broken_row(row, last, store.audit_key, report):
                    return broken
                last = row
                report.rows += 1
                if report.rows % BATCH == 0:
                    progress(BATCH)
        except SealError as problem:  # rows come in batches: which one of them it was is not told
            return Break(f"within {BATCH} rows after {_named(last)}", str(problem))
    progress(report.rows % BATCH)
    return _ends_wrong(last) if last is not None else None


def _broken_row(row: Row[Any], last: Row[Any] | None, key: bytes, report: Report) -> Break | None:
    """Whether `row` is what was written after `last`, which may be of another order."""
    first = last is None or last.order_number != row.order_number
    report.orders += first
    if row.seq is None:
        return Break(f"order {row.order_number}", "its history is gone")
    expected = 1 if first or last is None else last.version + 1
    if row.version != expected:
        return Break(_named(row), f"row {expected} is missing before it")
    previous = FIRST if first or last is None else bytes(last.hash)
    why = _wrong(row, previous, key, report)
    return Break(_named(row), why) if why else None


def _named(row: Row[Any] | None) -> str:
    return "the beginning" if row is None else f"order {row.order_number}, row {row.version} (seq {row.seq})"


def _rows(connection: Connection, store: Store, number: str | None) -> Generator[Row[Any], None, None]:
    orders, history = store.tables.orders, store.tables.order_history
    statement = (
        select(
            orders.c.number.label("order_number"), orders.c.state.label("order_state"),
            orders.c.version.label("order_version"), history,
        )
        .outerjoin(history, history.c.order_id == orders.c.id)
        .order_by(orders.c.id, history.c.version)
    )  # fmt: skip
    if number is not None:
        statement = statement.where(orders.c.number == number)
    with connection.execute(statement.execution_options(yield_per=BATCH)) as result:
        yield from result


def _wrong(row: Row[Any], previous: bytes, key: bytes, report: Report) -> str | None:
    """Why a row is not the one that was written after `previous`."""
    if row.hash is None or row.digest is None:
        return "it was put in from outside: it has no hash"
    if bytes(row.previous or b"") != previous:
        return "it does not follow the row before it"
    entry = history_row(row)
    if all(getattr(row, name) is None for name in SEALED):
        report.erased += 1
    elif digest_of(key, actor=entry.actor, reason=entry.reason, payload=entry.payload) != bytes(row.digest):
        return "who, why or what it came with was changed"
    expected = hash_of(key, entry_of(row.order_number, row.version, entry, bytes(row.digest)), previous)
    return None if bytes(row.hash) == expected else "it was changed"


def _ends_wrong(last: Row[Any]) -> Break | None:
    if last.seq is None or (last.version, last.state) == (last.order_version, last.order_state):
        return None
    return Break(
        f"order {last.order_number}",
        f"it is {last.order_state} in version {last.order_version}, its trail ends with {last.state} in version {last.version}",
    )


def _first_broken_anchor(
    connection: Connection, store: Store, report: Report, progress: Progress
) -> Break | None:
    anchors, history = store.tables.work.anchors, store.tables.order_history
    after, previous = 0, FIRST
    for row in connection.execute(select(anchors).order_by(anchors.c.id)).all():
        where = f"anchor {row.id} (rows {row.after_seq + 1} to {row.upto_seq})"
        if (row.after_seq, bytes(row.previous)) != (after, previous):
            return Break(where, "it does not follow the anchor before it")
        expected = anchor_hash(
            store.audit_key, at=row.at, after_seq=after, upto_seq=row.upto_seq, rows=row.rows,
            digest=bytes(row.digest), previous=previous,
        )  # fmt: skip
        if bytes(row.hash) != expected:
            return Break(where, "it was changed")
        digest, rows = digest_of_rows(store.audit_key, hashes(connection, store.tables, after, row.upto_seq))
        if digest != bytes(row.digest):
            return Break(where, f"{row.rows} rows were anchored, {rows} are there, or in another order")
        progress(rows)
        report.anchors += 1
        after, previous = row.upto_seq, bytes(row.hash)
    newer = select(func.count()).select_from(history).where(history.c.seq > after)
    report.not_anchored = connection.execute(newer).scalar() or 0
    return None
