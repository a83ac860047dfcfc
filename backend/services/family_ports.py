"""What binding, news and letters need of the store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from backend.domain.family import Binding, Code, CodeKind, Guesses, Rights
from backend.domain.mail import Letter, LetterState, Posting


@dataclass(frozen=True, slots=True)
class Alert:
    """One person told of one emergency."""

    id: int
    task_id: int
    person: str  # a phone number or channel id
    told_at: datetime
    acknowledged_at: datetime | None = None


class Families(Protocol):
    def issue(
        self,
        code: str,
        elder_id: int,
        kind: CodeKind,
        rights: Rights,
        *,
        at: datetime,
        by: str,
        ends: datetime,
    ) -> bool:
        """False when this very code is open already: draw another one."""
        ...

    def code(self, code: str, now: datetime) -> Code | None: ...  # open ones only
    def use(self, code_id: int, now: datetime) -> bool: ...  # False: somebody was faster
    def withdraw(self, elder_id: int, kind: CodeKind, now: datetime) -> int:
        """End all open codes of this kind; how many there were."""
        ...

    def guesses(self, sender: str, now: datetime) -> Guesses: ...
    def note_guess(self, sender: str, at: datetime) -> None: ...
    def bind(
        self, elder_id: int, sender: str, relation: str, rights: Rights, *, at: datetime, by: str
    ) -> Binding: ...
    def revoke(self, binding_id: int, *, at: datetime, by: str) -> Binding: ...  # raises BindingGoneError
    def get(self, binding_id: int) -> Binding: ...  # raises BindingGoneError; revoked ones are found, too
    def of_elder(self, elder_id: int) -> Sequence[Binding]: ...  # those that stand, oldest first
    def bound_among(self, elder_ids: Collection[int]) -> Collection[int]: ...  # those who have one
    def of_sender(self, sender: str) -> Sequence[Binding]: ...
    def everybody(self) -> Iterable[Binding]: ...  # all that stand, of all elders
    def is_shut_out(self, sender: str, elder_id: int | None) -> bool: ...  # bound once, and revoked


class Alerts(Protocol):
    def tell(self, task_id: int, person: str, at: datetime) -> bool: ...  # False: told before
    def get(self, alert_id: int) -> Alert: ...
    def of_task(self, task_id: int) -> Sequence[Alert]: ...
    def open_of(
        self, person: str, *, since: datetime
    ) -> Sequence[Alert]: ...  # not acknowledged yet, newest first
    def acknowledge(self, alert_id: int, at: datetime) -> bool: ...  # False: acknowledged before


class Mail(Protocol):
    def post(
        self,
        box: str,
        lane: str,
        body: dict[str, Any],
        *,
        key: str,
        at: datetime,
        due: datetime | None = None,
    ) -> bool:
        """False when a letter with this key was posted into this box before."""
        ...

    def post_all(
        self, postings: Sequence[Posting], at: datetime
    ) -> None: ...  # those that are not posted yet
    def has(self, box: str, key: str) -> bool: ...
    def waits(
        self, boxes: Sequence[str], lane: str
    ) -> bool: ...  # whether a letter of this lane is not settled

    def next_due(self, box: str) -> datetime | None: ...
    def take(self, box: str, now: datetime, *, most: int, beside: Sequence[str] = ()) -> Sequence[Letter]:
        """The first waiting letters of their lanes that are due; they are this process's for a minute.

        `beside`: boxes whose letters of the same lane come first, too, if they were posted before.
        """
        ...

    def settle(self, letter: Letter, state: LetterState = LetterState.DONE) -> None: ...
    def rest(self, letter: Letter, until: datetime, body: dict[str, Any] | None = None) -> None:
        """Try again then; with a new `body`, as a letter that was never tried."""
        ...

    def position(
        self, reader: str
    ) -> int | None: ...  # how far this reader of events is; None: it never read
    def advance(self, reader: str, before: int | None, after: int) -> bool:
        """False when another process moved it since. Waits for whoever is just moving it."""
        ...

    def forget_before(self, moment: datetime) -> int: ...  # settled ones


@dataclass(frozen=True, slots=True)
class OutboundCall:
    """A call that somebody wants the line to make. `tried`: when it was, and what came of it, the latest last."""

    id: int
    phone: str
    text: str
    reason: str  # which kind of call, by the names of config/outbound.yaml
    urgent: bool
    wanted_at: datetime
    due_at: datetime
    claims: int
    tried: tuple[tuple[datetime, str], ...] = ()
    order_number: str | None = None  # the order that it is about
    elder_id: int | None = None  # the person who is asked how they are


class OutboundCalls(Protocol):
    def want(
        self, phone: str, text: str, *, key: str, reason: str, urgent: bool, at: datetime,
        order_number: str | None = None, elder_id: int | None = None,
    ) -> bool:  # fmt: skip
        """Ask the telephone side to call and say this, not before `at`. False: asked before with this key."""
        ...

    def stand_by(self, phone: str, *, key: str, reason: str, urgent: bool, now: datetime) -> None:
        """Call this person back unless `stand_on` or `stand_down` comes within 30 seconds: their call runs now."""
        ...

    def stand_on(self, keys: Sequence[str], now: datetime) -> None: ...  # these calls run still
    def stand_down(self, key: str) -> None: ...  # it is over; nobody need be called back for it
    def call_up(self, now: datetime) -> int:
        """Want the calls back whose process has died. Returns how many."""
        ...

    def due(self, now: datetime, *, most: int) -> Sequence[OutboundCall]:
        """Wanted, and nobody is making them; urgent ones first, then the longest wanted."""
        ...

    def under_way(self, now: datetime) -> Sequence[OutboundCall]: ...
    def claim(self, call: OutboundCall, now: datetime) -> OutboundCall | None:
        """This call is this process's for a minute, with `tried` stored as given. None: another process was faster."""
        ...

    def renew(self, call: OutboundCall, now: datetime) -> bool:
        """For a minute more. False: the minute was over, and another process has it."""
        ...

    def put_off(self, call: OutboundCall, until: datetime) -> bool:
        """Not now, with `tried` as given. Like `renew` and `settle`: False when another process has claimed it since."""
        ...

    def settle(self, call: OutboundCall, state: str) -> bool:
        """It is not made any more; `state` says what came of it."""
        ...

    def forget_before(self, moment: datetime) -> int: ...  # settled ones
    def refuse(self, phone: str, at: datetime) -> None: ...  # this number wants no calls, but in an emergency
    def allow(self, phone: str) -> bool: ...  # calls are welcome again; False: they always were
    def refuses(self, phone: str) -> bool: ...
