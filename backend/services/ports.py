"""What the services need of the store. `backend/store` implements it; the tests run every port on the real database."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import TracebackType
from typing import Any, Protocol, Self

from backend.domain.deadlines import Deadline
from backend.domain.dispatch import Candidate
from backend.domain.order import Move, Order, State
from backend.domain.people import Caller, Elder
from backend.domain.providers import Provider, Worker
from backend.domain.queue import Task, TaskKind
from backend.domain.staff import StaffUser
from backend.services.access_ports import AccessLog, Answers, Erasure, Tokens, Webhooks
from backend.services.call_ports import CallRecords
from backend.services.care_ports import Care
from backend.services.dispatch_ports import DayPlans
from backend.services.family_ports import Alerts, Families, Mail, OutboundCalls
from backend.services.late_ports import LateOrders
from backend.services.order_filter import OrderLists
from backend.services.people_filter import PeopleLists
from backend.services.review_ports import ReviewList


class StaleError(Exception):
    """Somebody changed the record since it was read. Read again and retry."""


class ElderNotFoundError(Exception):
    """No elder has this id."""


class TaskNotFoundError(Exception):
    """No task has this id."""


class Orders(Protocol):
    def add(self, order: Order) -> None: ...
    def next_number(self, at: datetime) -> str: ...  # "MMDD" and the count of that day, never given twice
    def get(self, number: str) -> Order: ...  # raises OrderNotFoundError
    def read_ahead(self, numbers: Collection[str]) -> None:
        """Read these orders at once: `get` gives each from memory as long as this unit of work has not changed it."""
        ...

    def whose(self, numbers: Collection[str]) -> Mapping[str, tuple[int | None, str]]:
        """Of each of these orders that is there: the elder's id, and the caller."""
        ...

    def by_key(self, key: str) -> Order | None: ...
    def save(self, order: Order) -> None:
        """Optimistic: raises StaleError, at the latest with the commit, when order.version - 1 is not what is stored."""
        ...

    def claim_key(self, key: str) -> bool:
        """Reserve the key till commit. False: another order has it, see by_key. Waits for whoever is just reserving it."""
        ...

    def remember_key(self, key: str, number: str) -> None: ...  # of a key that was claimed
    def claim_move(self, number: str, move: Move, key: str) -> bool:
        """Reserve this move of this order till commit. False: it was made with this key before."""
        ...

    def of_session(self, session: str) -> Sequence[Order]: ...
    def of_people(self, caller: str, elder_ids: Sequence[int], *, limit: int = 20) -> Sequence[Order]:
        """Orders placed from this sender or for these elders, newest first, open ones before closed ones."""
        ...

    def queue(
        self,
        *,
        states: Sequence[State] = (),
        department: str | None = None,
        limit: int = 50,
        before: str | None = None,
    ) -> Sequence[Order]:
        """Newest first; `before` is the number of the last order of the page before."""
        ...

    def search(self, text: str, *, department: str | None = None, limit: int = 50) -> Sequence[Order]:
        """Orders of this number, this whole phone number (in any writing), or a name that begins like this; newest first."""
        ...

    def counts(self, department: str | None = None) -> dict[State, int]:
        """How many stand in each state that is not final. Those that are over are not counted: they are millions."""
        ...


class People(Protocol):
    def find_caller(self, sender: str) -> Caller: ...
    def get(self, elder_id: int) -> Elder: ...  # raises ElderNotFoundError
    def find(self, elder_id: int | None) -> Elder | None: ...  # of an order or task, which may name nobody
    def save(self, elder: Elder) -> Elder: ...  # update by id when it has one, else insert or update by key
    def save_all(self, elders: Sequence[Elder]) -> None: ...
    def bind(self, elder_id: int, sender: str) -> None: ...  # a channel id that from now on means this elder
    def stored_of(self, candidates: Sequence[Elder]) -> list[Elder | None]:
        """For each candidate the record of the same person: by key, else the same name on the same phone number."""
        ...

    def key_of(
        self,
        *,
        name: str,
        id_number: str | None,
        phone: str | None,
        birth_date: date | None = None,
        address: str | None = None,
    ) -> str:
        """The stable key of a person (see `Elder.key`)."""
        ...

    def count(self) -> int: ...


class Tasks(Protocol):
    def add(self, task: Task, key: str) -> Task:
        """The stored task. One that has this key already gets its gaps filled (who, place, phone, region, told) and the text appended."""
        ...

    def by_key(self, key: str) -> Task | None: ...
    def get(self, task_id: int) -> Task: ...  # raises TaskNotFoundError
    def save(self, task: Task) -> None: ...  # raises AlreadyAcknowledgedError when somebody was faster
    def open(self, limit: int = 100, regions: Collection[str] | None = None) -> Sequence[Task]:
        """Emergencies first, then oldest first. With `regions`: those in one of them or in none."""
        ...

    def closed(self, limit: int = 100, regions: Collection[str] | None = None) -> Sequence[Task]:
        """Acknowledged ones, newest first."""
        ...

    def page(
        self,
        *,
        taken: bool,
        kind: TaskKind | None,
        regions: Collection[str] | None,
        after: int | None,
        limit: int,
        levels: Collection[str] | None = None,
    ) -> Sequence[Task]:
        """Like `open`, or `closed` when `taken`; `after` is the id of the last task of the page before.

        With `levels`: of the late orders only those that were reported to one of these regions, or to none.
        """
        ...


@dataclass(frozen=True, slots=True)
class Line:
    """One thing said in a contact."""

    at: datetime
    who: str  # "caller", "line" or a staff login
    text: str


@dataclass(frozen=True, slots=True)
class ContactRecord:
    """A contact by phone, chat or message: opaque memory of whoever talks, kept with the record of what was said."""

    session: str
    sender: str
    channel: str
    memory: dict[str, Any]
    updated_at: datetime
    version: int


class Contacts(Protocol):
    def get(self, session: str) -> ContactRecord | None: ...
    def latest_of(self, sender: str, *, since: datetime) -> ContactRecord | None:
        """The newest contact of this sender in any session: a dropped call goes on where it stopped."""
        ...

    def save(self, record: ContactRecord, lines: Sequence[Line]) -> None:
        """Raises StaleError when record.version - 1 is not what is stored."""
        ...

    def lines(self, session: str) -> Sequence[Line]: ...
    def reply_to(self, session: str, message_id: str) -> dict[str, Any] | None: ...
    def remember_reply(self, session: str, message_id: str, reply: dict[str, Any]) -> None: ...


class Staff(Protocol):
    def get(self, login: str, *, lock: bool = False) -> StaffUser | None:
        """With `lock`, nobody else changes it till commit."""
        ...

    def save(self, user: StaffUser) -> None: ...  # insert or update by login
    def all(self) -> Sequence[StaffUser]: ...


class Providers(Protocol):
    def save(self, providers: Sequence[Provider], workers: Sequence[Worker]) -> None:
        """Insert or update by code."""
        ...

    def all(self, department: str | None = None) -> Sequence[Provider]: ...
    def workers(self, provider: str | None = None) -> Sequence[Worker]: ...
    def worker(self, code: str) -> Worker | None: ...
    def provider(self, code: str) -> Provider | None: ...
    def candidates(self, department: str, region: str, elder_id: int | None) -> Sequence[Candidate]:
        """Active workers of the department's providers, with their load, their visits and what people said of them.

        Only those who work in this region or a part of it, or whose own region holds it.
        """
        ...

    def rated(self, worker: str, stars: int, *, instead_of: int | None = None) -> None:
        """Count how content somebody was with a worker; `instead_of` is what they gave for the same work before."""
        ...


class Deadlines(Protocol):
    def of(self, number: str, *, lock: bool = False) -> Sequence[Deadline]:
        """The clocks of one order. With `lock`, as they are once whoever acts on them has ended; nobody else acts till commit."""
        ...

    def read_ahead(self, numbers: Collection[str]) -> None:
        """Read the clocks of these orders at once: the next `of` of each gives them from memory."""
        ...

    def put(self, number: str, before: Sequence[Deadline], after: Sequence[Deadline]) -> None:
        """Make the clocks of an order what `after` says, given that they are `before` now."""
        ...

    def take_due(self, now: datetime, limit: int = 1) -> Sequence[tuple[str, Deadline]]:
        """Clocks that speak now, the longest due first, each with the number of its order; till commit nobody else gets them.

        Nobody moves these orders meanwhile; a clock of an order that somebody is just moving is left for the next time.
        """
        ...

    def warned(self, clocks: Sequence[tuple[str, Deadline]]) -> None:
        """These clocks have warned: each speaks next when it is due."""
        ...

    def oldest(self) -> datetime | None:
        """When the clock speaks that has waited longest, or will be the first to; None: no clock runs."""
        ...


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, for live screens. Past tense: `OrderPlaced`, `TaskOpened` ..."""

    name: str
    key: str  # order number or task id
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Posted:
    """An event with its place in the outbox."""

    id: int
    at: datetime
    event: Event


class Outbox(Protocol):
    """Committed events in order, kept some days for whoever goes on after an id: screens, webhooks, families."""

    def after(self, last_id: int, *, limit: int = 500) -> Sequence[Posted]:
        """What follows the event `last_id`, oldest first; never beyond a place where an earlier one may still appear."""
        ...

    def last_id(self) -> int: ...  # 0: there was none yet
    def tidy(self, before: datetime, *, limit: int = 10_000) -> int:
        """Delete up to `limit` events older than this; gives how many."""
        ...


class UnitOfWork(Protocol):
    """Everything inside one `with` block is stored together by `commit()`, or not at all."""

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
    late_orders: LateOrders
    people_lists: PeopleLists
    erasure: Erasure
    families: Families
    alerts: Alerts
    mail: Mail
    calls: OutboundCalls
    review: ReviewList
    call_records: CallRecords
    care: Care
    day_plans: DayPlans

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def commit(self) -> None: ...
    def publish(self, event: Event) -> None: ...  # delivered to live screens after commit


class Stores(Protocol):
    """Where units of work come from."""

    def unit_of_work(self) -> UnitOfWork: ...
    def reading(self) -> UnitOfWork: ...  # one that will not write: it waits for nobody


class EventSink(Protocol):
    """Where committed events go, in the order of their ids."""

    def publish(self, event: Event, event_id: int) -> object: ...
