"""A unit of work: everything the services change in one transaction, and the events that are told when it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Connection, Engine

from backend.services.access_ports import AccessLog, Answers, Erasure, Tokens, Webhooks
from backend.services.call_ports import CallRecords
from backend.services.care_ports import Care
from backend.services.dispatch_ports import DayPlans
from backend.services.family_ports import Alerts, Families, Mail, OutboundCalls
from backend.services.late_ports import LateOrders
from backend.services.order_filter import OrderLists
from backend.services.people_filter import PeopleLists
from backend.services.ports import Contacts, Deadlines, Event, Orders, Outbox, People, Providers, Staff, Tasks
from backend.services.review_ports import ReviewList
from backend.store.access_log import SqlAccessLog
from backend.store.alerts import SqlAlerts
from backend.store.call_records import SqlCallRecords
from backend.store.care import SqlCare
from backend.store.contacts import SqlContacts
from backend.store.day_plans import SqlDayPlans
from backend.store.deadlines import SqlDeadlines
from backend.store.engine import read_only
from backend.store.erasure import SqlErasure
from backend.store.family import SqlFamilies
from backend.store.late_orders import SqlLateOrders
from backend.store.mail import SqlMail
from backend.store.numbers import Numbers
from backend.store.order_lists import SqlOrderLists
from backend.store.orders import SqlOrders
from backend.store.outbound_calls import SqlOutboundCalls
from backend.store.outbox import SqlOutbox
from backend.store.people import SqlPeople
from backend.store.people_lists import SqlPeopleLists
from backend.store.providers import SqlProviders
from backend.store.review import SqlReviewList
from backend.store.sealing import Cipher
from backend.store.staff import SqlStaff
from backend.store.tables import Tables
from backend.store.tail import Tail
from backend.store.tasks import SqlTasks
from backend.store.tokens import SqlAnswers, SqlTokens
from backend.store.webhooks import SqlWebhooks


class NotEnteredError(RuntimeError):
    """A unit of work was used outside its `with` block."""


class SqlUnitOfWork:
    """`ports.UnitOfWork` on SQL. The transaction begins with the first statement; leaving without `commit()` takes all back.

    On SQLite it holds the write lock from its first statement on: with `read_only` it never takes one.
    """

    orders: Orders
    order_lists: OrderLists
    late_orders: LateOrders
    deadlines: Deadlines
    people: People
    people_lists: PeopleLists
    tasks: Tasks
    contacts: Contacts
    staff: Staff
    providers: Providers
    tokens: Tokens
    answers: Answers
    access_log: AccessLog
    webhooks: Webhooks
    erasure: Erasure
    families: Families
    alerts: Alerts
    mail: Mail
    calls: OutboundCalls
    review: ReviewList
    call_records: CallRecords
    care: Care
    day_plans: DayPlans
    outbox: Outbox

    def __init__(
        self,
        engine: Engine,
        tail: Tail,
        *,
        tables: Tables,
        cipher: Cipher,
        audit_key: bytes,
        numbers: Numbers,
        read_only: bool = False,
    ) -> None:
        self._engine, self._tail = engine, tail
        self._tables, self._cipher, self._read_only = tables, cipher, read_only
        self._audit_key, self._numbers = audit_key, numbers
        self._connection: Connection | None = None
        self._unsent: list[Event] = []

    def __enter__(self) -> Self:
        connection = self._engine.connect()
        if self._read_only:
            connection = read_only(connection)
        self._connection = connection
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        connection, self._connection = self._connection, None
        self._unsent.clear()
        if connection is not None:
            connection.close()  # rolls back what was not committed

    def commit(self) -> None:
        connection = self._open
        events, self._unsent = self._unsent, []
        if events:
            SqlOutbox(connection, self._tables, self._tail.settled).post(events)
        connection.commit()
        if events:
            self._tail.nudge()

    def publish(self, event: Event) -> None:
        self._unsent.append(event)

    def __getattr__(self, name: str) -> Any:
        """Ports are made when they are first asked for: most units of work touch three of them."""
        if name not in PORTS:
            raise AttributeError(name)
        port = PORTS[name](self)
        setattr(self, name, port)
        return port

    @property
    def _open(self) -> Connection:
        if self._connection is None:
            raise NotEnteredError("use `with store.unit_of_work() as uow:`")
        return self._connection

    @property
    def _sealed(self) -> tuple[Connection, Tables, Cipher]:
        return self._open, self._tables, self._cipher

    @property
    def _of_orders(self) -> tuple[Connection, Tables, Cipher, bytes, Numbers]:
        return *self._sealed, self._audit_key, self._numbers


PORTS: Mapping[str, Callable[[SqlUnitOfWork], object]] = {
    "orders": lambda uow: SqlOrders(*uow._of_orders),
    "order_lists": lambda uow: SqlOrderLists(*uow._of_orders),
    "late_orders": lambda uow: SqlLateOrders(*uow._of_orders),
    "deadlines": lambda uow: SqlDeadlines(uow._open, uow._tables),
    "people": lambda uow: SqlPeople(*uow._sealed),
    "people_lists": lambda uow: SqlPeopleLists(*uow._sealed),
    "tasks": lambda uow: SqlTasks(*uow._sealed),
    "contacts": lambda uow: SqlContacts(*uow._sealed),
    "staff": lambda uow: SqlStaff(uow._open, uow._tables),
    "providers": lambda uow: SqlProviders(uow._open, uow._tables),
    "tokens": lambda uow: SqlTokens(uow._open, uow._tables),
    "answers": lambda uow: SqlAnswers(*uow._sealed),
    "access_log": lambda uow: SqlAccessLog(uow._open, uow._tables),
    "webhooks": lambda uow: SqlWebhooks(uow._open, uow._tables),
    "erasure": lambda uow: SqlErasure(uow._open, uow._tables),
    "families": lambda uow: SqlFamilies(*uow._sealed),
    "alerts": lambda uow: SqlAlerts(*uow._sealed),
    "mail": lambda uow: SqlMail(*uow._sealed),
    "calls": lambda uow: SqlOutboundCalls(*uow._sealed),
    "review": lambda uow: SqlReviewList(*uow._sealed),
    "call_records": lambda uow: SqlCallRecords(*uow._sealed),
    "day_plans": lambda uow: SqlDayPlans(uow._open, uow._tables),
    "care": lambda uow: SqlCare(*uow._sealed),
    "outbox": lambda uow: SqlOutbox(uow._open, uow._tables, uow._tail.settled),
}
