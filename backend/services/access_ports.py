"""What the HTTP API and the supervision of access need of the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Token:
    """An API token. Its secret is not kept: only a digest, to recognise it by."""

    id: str
    owner: str  # staff login: the token never reaches further than this person
    name: str
    scopes: tuple[str, ...]  # actions of config/access.yaml, or `group.*`
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = None
    revoked_at: datetime | None = None


class TokenNotFoundError(Exception):
    """No token has this id."""


class Tokens(Protocol):
    def add(self, token: Token, digest: bytes) -> None: ...
    def by_digest(self, digest: bytes) -> Token | None: ...
    def get(self, token_id: str) -> Token: ...  # raises TokenNotFoundError
    def all(self, owner: str | None = None) -> Sequence[Token]: ...  # newest first
    def used(self, token_id: str, at: datetime) -> None: ...
    def revoke(self, token_id: str, at: datetime) -> None: ...  # a second time changes nothing


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that was given under an idempotency key."""

    request: bytes  # digest of the request it answered
    status: int
    body: str
    etag: str | None = None


class Answers(Protocol):
    def claim(self, owner: str, key: str, request: bytes, at: datetime) -> Answer | None:
        """Reserve the key till commit; the answer given under it before, if there is one.

        Waits for whoever is just answering the same key. `owner` keeps the keys of two users apart.
        """
        ...

    def keep(self, owner: str, key: str, answer: Answer) -> None: ...  # of a key that was claimed
    def forget_before(self, at: datetime, *, limit: int) -> int: ...  # how many were deleted


@dataclass(frozen=True, slots=True)
class Access:
    """Somebody saw personal data in full."""

    at: datetime
    actor: str  # staff login
    token: str | None  # id of the token that was used
    action: str
    kind: str  # "order", "person", "export" …
    key: str  # order number, id of the person …
    source: str  # address it was asked from
    id: int | None = None


class AccessLog(Protocol):
    def note(self, accesses: Sequence[Access]) -> None: ...
    def page(
        self, *, before: int | None = None, actor: str | None = None, kind: str | None = None,
        key: str | None = None, limit: int = 50,
    ) -> Sequence[Access]:  # fmt: skip
        """Newest first; `before` is the id of the last row of the page before."""
        ...


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that is told of events."""

    id: str
    owner: str
    url: str
    secret: str
    events: tuple[str, ...]  # names of events; empty: all
    created_at: datetime


class WebhookNotFoundError(Exception):
    """No webhook has this id."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event on its way to one webhook."""

    id: int
    webhook: str
    event: str  # id of the event; the receiver tells doubles by it
    name: str
    body: str
    attempts: int
    next_at: datetime
    state: str  # "waiting", "delivered" or "dead"
    last_status: int | None = None
    last_error: str | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is on its way to webhooks: how many deliveries wait, since when the oldest has been due, how many were given up."""

    waiting: int
    oldest_due: datetime | None
    dead: int


class Webhooks(Protocol):
    def add(self, webhook: Webhook) -> None: ...
    def get(self, webhook_id: str) -> Webhook: ...  # raises WebhookNotFoundError
    def all(self) -> Sequence[Webhook]: ...
    def remove(self, webhook_id: str) -> None: ...  # with what was on its way to it
    def put(self, webhook_id: str, event: str, name: str, body: str, at: datetime) -> None:
        """Set an event on its way. One that is on its way to this webhook already stays as it is."""
        ...

    def waiting(self, at: datetime) -> Sequence[str]:
        """The webhooks that something is to be sent to now, whoever has waited longest first."""
        ...

    def due(self, webhook_id: str, at: datetime, *, limit: int) -> Sequence[Delivery]:
        """What is to be sent to one of them, oldest first, locked till commit: two processes never take the same."""
        ...

    def tried(self, delivery: Delivery) -> None: ...  # store what became of an attempt
    def deliveries(
        self, webhook_id: str, *, state: str | None = None, before: int | None = None, limit: int = 50
    ) -> Sequence[Delivery]:
        """Newest first; `before`: the last one of the page before."""
        ...

    def cursor(self) -> int:
        """How far the stream of events was turned into deliveries; locked till commit."""
        ...

    def advance(self, cursor: int) -> None: ...
    def place(self) -> int | None:
        """The cursor as it stands, read only; None: nothing was turned into deliveries yet."""
        ...

    def backlog(self) -> Waiting: ...
    def forget_before(self, at: datetime, *, limit: int) -> int:
        """Delete what was delivered, or given up, before `at`."""
        ...


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What went with a person, so that the files that belong to it can go, too."""

    orders: tuple[str, ...]  # numbers of those that were made anonymous
    sessions: tuple[str, ...]  # conversations that were erased


class Erasure(Protocol):
    def open_orders_of(self, elder_id: int) -> Sequence[str]: ...  # their numbers
    def forget_person(self, elder_id: int) -> Forgotten:
        """Delete the record, with all that was said and was to be told; erase the person in orders and tasks.

        Raises ElderNotFoundError.
        """
        ...

    def erase_talk_before(self, at: datetime, *, limit: int) -> int: ...  # how many contacts
    def erase_orders_before(
        self, at: datetime, *, limit: int
    ) -> int: ...  # finished ones, last changed before
    def erase_tasks_before(self, at: datetime, *, limit: int) -> int: ...  # taken ones
