"""What the services need of the store. `backend/store` implements it; the tests run every port on the real database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import TracebackType
from typing import Any, Protocol, Self

from backend.domain.order import Order, State
from backend.domain.people import Caller, Elder
from backend.domain.providers import Provider, Worker
from backend.domain.queue import Task
from backend.domain.staff import StaffUser


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
    def by_key(self, key: str) -> Order | None: ...
    def save(self, order: Order) -> None:
        """Optimistic: raises StaleError when order.version - 1 is not what is stored."""
        ...

    def claim_key(self, key: str) -> bool:
        """Reserve the key till commit. False: another order has it, see by_key. Waits for whoever is just reserving it."""
        ...

    def remember_key(self, key: str, number: str) -> None: ...  # of a key that was claimed
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

    def counts(self, department: str | None = None) -> dict[State, int]: ...


class People(Protocol):
    def find_caller(self, sender: str) -> Caller: ...
    def get(self, elder_id: int) -> Elder: ...
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
        """The stored task. One that has this key already gets its gaps filled (who, place, phone, told) and the text appended."""
        ...

    def by_key(self, key: str) -> Task | None: ...
    def get(self, task_id: int) -> Task: ...  # raises TaskNotFoundError
    def save(self, task: Task) -> None: ...  # raises AlreadyAcknowledgedError when somebody was faster
    def open(self, limit: int = 100) -> Sequence[Task]: ...  # emergencies first, then oldest first
    def closed(self, limit: int = 100) -> Sequence[Task]: ...  # acknowledged ones, newest first


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


class UnitOfWork(Protocol):
    """Everything inside one `with` block is stored together by `commit()`, or not at all."""

    orders: Orders
    people: People
    tasks: Tasks
    contacts: Contacts
    staff: Staff
    providers: Providers

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


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, for live screens. Past tense: `OrderPlaced`, `TaskOpened` ..."""

    name: str
    key: str  # order number or task id
    data: dict[str, Any]


class EventSink(Protocol):
    """Where committed events go."""

    def publish(self, event: Event) -> object: ...
