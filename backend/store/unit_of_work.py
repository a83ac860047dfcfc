"""A unit of work: everything the services change in one transaction, and the events that are told when it stands."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine

from backend.services.access_ports import AccessLog, Answers, Erasure, Tokens, Webhooks
from backend.services.call_ports import CallRecords
from backend.services.family_ports import Alerts, Families, Mail, OutboundCalls
from backend.services.order_filter import OrderLists
from backend.services.people_filter import PeopleLists
from backend.services.ports import Contacts, Deadlines, Event, Orders, Outbox, People, Providers, Staff, Tasks
from backend.services.review_ports import ReviewList
from backend.store.access_log import SqlAccessLog
from backend.store.alerts import SqlAlerts
from backend.store.call_records import SqlCallRecords
from backend.store.contacts import SqlContacts
from backend.store.deadlines import SqlDeadlines
from backend.store.engine import read_only
from backend.store.erasure import SqlErasure
from backend.store.family import SqlFamilies
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
    people: People
    tasks: Tasks
    contacts: Contacts
    staff: Staff
    providers: Providers
    outbox: Outbox
    deadlines: Deadlines
    tokens: Tokens
    answers: Answers
    access_log: AccessLog
    webhooks: Webhooks
    order_lists: OrderLists
    people_lists: PeopleLists
    erasure: Erasure
    families: Families
    alerts: Alerts
    mail: Mail
    calls: OutboundCalls
    review: ReviewList
    call_records: CallRecords

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
        of_orders = (connection, self._tables, self._cipher, self._audit_key, self._numbers)
        self.orders = SqlOrders(*of_orders)
        self.people = SqlPeople(connection, self._tables, self._cipher)
        self.tasks = SqlTasks(connection, self._tables, self._cipher)
        self.contacts = SqlContacts(connection, self._tables, self._cipher)
        self.staff = SqlStaff(connection, self._tables)
        self.providers = SqlProviders(connection, self._tables)
        self.tokens = SqlTokens(connection, self._tables)
        self.answers = SqlAnswers(connection, self._tables, self._cipher)
        self.access_log = SqlAccessLog(connection, self._tables)
        self.webhooks = SqlWebhooks(connection, self._tables)
        self.order_lists = SqlOrderLists(*of_orders)
        self.erasure = SqlErasure(connection, self._tables)
        self.people_lists = SqlPeopleLists(connection, self._tables, self._cipher)
        self.families = SqlFamilies(connection, self._tables, self._cipher)
        self.alerts = SqlAlerts(connection, self._tables, self._cipher)
        self.mail = SqlMail(connection, self._tables, self._cipher)
        self.calls = SqlOutboundCalls(connection, self._tables, self._cipher)
        self.review = SqlReviewList(connection, self._tables, self._cipher)
        self.call_records = SqlCallRecords(connection, self._tables, self._cipher)
        self.deadlines = SqlDeadlines(connection, self._tables)
        self.outbox = self._outbox = SqlOutbox(connection, self._tables, self._tail.settled)
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
        events, self._unsent = self._unsent, []
        if events:
            self._outbox.post(events)
        self._connection.commit()
        if events:
            self._tail.nudge()

    def publish(self, event: Event) -> None:
        self._unsent.append(event)
