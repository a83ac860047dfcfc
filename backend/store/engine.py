"""The connection to the database, set up so that several processes can write to one SQLite file without failing."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import (
    URL,
    Connection,
    Engine,
    ExceptionContext,
    StaticPool,
    create_engine,
    event,
    make_url,
)  # fmt: skip
from sqlalchemy.exc import (
    ArgumentError,
    DisconnectionError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    TimeoutError,
)  # fmt: skip

from backend.services.ports import StaleError
from backend.store.pipeline import use_pipelines

BUSY_TIMEOUT_MS = 5_000
RESTING_S = 1.0  # PostgreSQL: a connection unused for longer is looked at before it is used
CACHE_KIB = 65_536
READ_ONLY = "nuanxian_read_only"  # execution option of a connection that will not write


# The database can not be reached, is full or restarting: what was asked may work in a moment.
AWAY: tuple[type[Exception], ...] = (OperationalError, InterfaceError, TimeoutError)


# Constraints that hold back whoever moves an order that another one has just moved, as the two databases call them.
_MOVED_ALREADY = {
    "order_history.order_id",  # NOT NULL: the order is of another version
    "uq_order_history_order_id_version",
    "order_history.order_id, order_history.version",
    "pk_deadlines",
}


class StoreUrlError(ValueError):
    """The database URL can not be used."""


def parse_url(url: str) -> URL:
    """The URL, with psycopg as the PostgreSQL driver. Raises StoreUrlError with an example when it is none."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreUrlError(
            "the database must be given as a URL, for example sqlite:///var/nuanxian.sqlite or postgresql://user@host/nuanxian"
        ) from None
    if parsed.drivername in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
        raise StoreUrlError(f"{parsed.get_backend_name()} is not supported; use sqlite or postgresql")
    return parsed


def make_engine(url: str) -> Engine:
    """An engine for `url`. The folder and file of a new SQLite database are made, readable by their owner only."""
    parsed = parse_url(url)
    if parsed.get_backend_name() == "postgresql":
        return postgresql_engine(parsed, pool_size=10, max_overflow=20)
    options: dict[str, Any] = {
        "connect_args": {"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False}
    }
    if parsed.database in {None, "", ":memory:"}:
        options["poolclass"] = StaticPool
    else:
        _prepare_file(Path(str(parsed.database)))
        options |= {"pool_size": 10, "max_overflow": 50}
    engine = create_engine(parsed, hide_parameters=True, **options)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    event.listen(engine, "handle_error", _tell_who_was_late)
    return engine


def postgresql_engine(url: URL, **options: Any) -> Engine:
    """An engine that looks after connections which were not used for a moment, and saves round trips."""
    engine = create_engine(url, hide_parameters=True, **options)
    use_pipelines(engine)
    event.listen(engine, "checkin", _note_time)
    event.listen(engine, "checkout", _look_after_a_rest)
    event.listen(engine, "handle_error", _tell_who_was_late)
    return engine


@contextmanager
def planned_anew(connection: Connection) -> Iterator[None]:
    """Statements within are planned with their values each time. A plan that PostgreSQL keeps after the tenth time fits a rare name
    as little as a frequent one: it took twice to four times as long."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name != "postgresql":
        yield
        return
    usual, driver.prepare_threshold = driver.prepare_threshold, None
    try:
        yield
    finally:
        driver.prepare_threshold = usual


def read_only(connection: Connection) -> Connection:
    """The connection for questions only: it waits for no lock, and on PostgreSQL it asks without a transaction around."""
    options: dict[str, Any] = {READ_ONLY: True}
    if connection.dialect.name == "postgresql":
        options["isolation_level"] = "AUTOCOMMIT"
    return connection.execution_options(**options)


def _tell_who_was_late(context: ExceptionContext) -> None:
    """The next row of an order's trail, or one of its clocks, has no place: the order was moved since it was read."""
    if isinstance(context.sqlalchemy_exception, IntegrityError):
        error: Any = context.original_exception
        told = {str(error).partition("failed: ")[2]}  # SQLite
        if isinstance(error, psycopg.Error):
            told = {error.diag.constraint_name or "", f"{error.diag.table_name}.{error.diag.column_name}"}
        if told & _MOVED_ALREADY:
            raise StaleError("the order changed since it was read")


def _note_time(_connection: Any, record: Any) -> None:
    record.info["resting_since"] = time.monotonic()


def _look_after_a_rest(connection: Any, record: Any, _proxy: object) -> None:
    """Whether a connection that was not used for a moment still stands: the server may have been restarted.

    Asking every time would cost each unit of work a round trip; when a connection breaks in use, the pool drops all of them.
    """
    if time.monotonic() - record.info.get("resting_since", math.inf) < RESTING_S:
        return
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except Exception as problem:
        raise DisconnectionError from problem


def _prepare_file(path: Path) -> None:
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _set_up_sqlite(connection: Any, _record: object) -> None:
    # The driver must not begin transactions by itself: `_begin_sqlite` does, with the right kind of lock.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON",
        f"cache_size=-{CACHE_KIB}", "temp_store=MEMORY",
    ):  # fmt: skip
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once when another one wrote in between. Taking the write
    # lock at the beginning makes writers queue (up to BUSY_TIMEOUT_MS) instead.
    read_only = connection.get_execution_options().get(READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
