"""A unit of work: everything the services change in one transaction, and the events that are told when it stands."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine

from backend.services.ports import Contacts, Event, EventSink, Orders, People, Providers, Staff, Tasks
from backend.store.contacts import SqlContacts
from backend.store.engine import READ_ONLY
from backend.store.orders import SqlOrders
from backend.store.people import SqlPeople
from backend.store.sealing import Cipher
from backend.store.staff import SqlProviders, SqlStaff
from backend.store.tables import Tables
from backend.store.tasks import SqlTasks


class NotEnteredError(RuntimeError):
    """A unit of work was used outside its `with` block."""


class SqlUnitOfWork:
    """`ports.UnitOfWork` on SQL. The transaction begins with the first statement; leaving without `commit()` takes all back.

    On SQLite it holds the write lock from its first statement on: with `read_only` it never takes one.
    """

    orders: Orders
    people: People
    tasks: Tasks
    contacts: Contacts
    staff: Staff
    providers: Providers

    def __init__(
        self,
        engine: Engine,
        events: EventSink | None = None,
        *,
        tables: Tables,
        cipher: Cipher,
        read_only: bool = False,
    ) -> None:
        self._engine, self._events = engine, events
        self._tables, self._cipher, self._read_only = tables, cipher, read_only
        self._connection: Connection | None = None
        self._unsent: list[Event] = []

    def __enter__(self) -> Self:
        connection = self._engine.connect()
        if self._read_only:
            connection = connection.execution_options(**{READ_ONLY: True})
        self._connection = connection
        self.orders = SqlOrders(connection, self._tables, self._cipher)
        self.people = SqlPeople(connection, self._tables, self._cipher)
        self.tasks = SqlTasks(connection, self._tables, self._cipher)
        self.contacts = SqlContacts(connection, self._tables, self._cipher)
        self.staff = SqlStaff(connection, self._tables)
        self.providers = SqlProviders(connection, self._tables)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connection, self._connection = self._connection, None
        self._unsent.clear()
        if connection is not None:
            connection.close()  # rolls back what was not committed

    def commit(self) -> None:
        if self._connection is None:
            raise NotEnteredError("use `with store.unit_of_work() as uow:`")
        self._connection.commit()
        events, self._unsent = self._unsent, []
        if self._events is not None:
            for event in events:
                self._events.publish(event)

    def publish(self, event: Event) -> None:
        self._unsent.append(event)
