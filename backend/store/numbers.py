"""The numbers of orders: month, day and a count of that day, never given twice."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, null

from backend.store.dialect import conflict_insert
from backend.store.engine import postgresql_engine
from backend.store.tables import Tables


class Numbers:
    """Counts orders. A number does not return in another year: the count of a day goes on where it stopped.

    SQLite counts within the transaction that places the order. On PostgreSQL the counter would stay locked until that
    transaction is on the disk, and orders could be placed no faster than the disk turns; so it is counted on a connection of
    its own that waits for no disk. What is lost with the server is lost in the order of the log: a counter only together with
    the orders that used it. An order that is taken back leaves a hole.
    """

    def __init__(self, engine: Engine, tables: Tables) -> None:
        self._tables = tables
        self._apart: Engine | None = None
        if engine.dialect.name == "postgresql":
            self._apart = postgresql_engine(
                engine.url, isolation_level="AUTOCOMMIT", pool_size=2, max_overflow=0,
                connect_args={"options": "-c synchronous_commit=off"},
            )  # fmt: skip

    def next(self, at: datetime, connection: Connection) -> tuple[str, int | None]:
        """The next number of this day: 8 digits, from the ten thousandth order on one more. With it the id of the order's row, if
        the database gives one before the row is there."""
        day = f"{at:%m%d}"
        if self._apart is None:
            count, order_id = self._count(day, connection)
        else:
            with self._apart.connect() as apart:
                count, order_id = self._count(day, apart)
        return f"{day}{count:04d}", order_id

    def close(self) -> None:
        if self._apart is not None:
            self._apart.dispose()

    def _count(self, day: str, connection: Connection) -> tuple[int, int | None]:
        statement = self._tables.once("count order", lambda tables: _count(connection, tables))
        count, order_id = connection.execute(statement, {"name": f"order:{day}", "last": 1}).one()
        return count, order_id


def _count(connection: Connection, tables: Tables) -> Any:
    counters = tables.counters
    counted = conflict_insert(connection, counters).on_conflict_do_update(
        index_elements=["name"], set_={"last": counters.c.last + 1}
    )
    order_id: Any = null()
    if connection.dialect.name == "postgresql":
        order_id = func.nextval(func.pg_get_serial_sequence(tables.orders.name, tables.orders.c.id.name))
    return counted.returning(counters.c.last, order_id)
