"""What the calls page needs: the index of calls in the store, and the recordings that the telephone side keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

SESSION_PREFIX = "call-"  # a call's conversation is named by its id


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A telephone call as the index knows it. Times are naive local time (Asia/Shanghai)."""

    id: int
    session: str
    caller: str
    began: datetime
    ended: datetime | None  # None: it goes on, or its process was killed
    length_s: int | None
    reason: str | None  # why it ended, in the terms of the telephone line
    flags: tuple[str, ...]  # "emergency", "handoff"
    orders: tuple[str, ...]  # numbers of the orders placed or changed in it
    purpose: str | None = None  # why we called, by the names of config/outbound.yaml; None: the call came in

    @property
    def call_id(self) -> str:
        return self.session.removeprefix(SESSION_PREFIX)


class CallNotFoundError(Exception):
    """No call has this id, or it is kept no longer."""


class CallRecords(Protocol):
    """The index of calls. Withdrawn ones are shown nowhere; they wait for their recording to be deleted."""

    def begin(self, session: str, caller: str, began: datetime, *, purpose: str | None = None) -> int:
        """Its id. `caller` is the other side, whoever called; `purpose`: why we called them."""
        ...

    def mark(self, record_id: int, flags: Sequence[str]) -> None: ...  # while it goes on
    def end(
        self, record_id: int, *, ended: datetime, length_s: int, reason: str,
        flags: Sequence[str], orders: Sequence[str],
    ) -> None: ...  # fmt: skip
    def get(self, record_id: int) -> CallRecord: ...  # raises CallNotFoundError
    def of_session(self, session: str) -> CallRecord | None: ...
    def page(self, *, before: int | None = None, limit: int) -> Sequence[CallRecord]:
        """Newest first; `before` is the id of the last call of the page before."""
        ...

    def withdrawn(self, *, limit: int) -> Sequence[CallRecord]: ...  # of forgotten people
    def remove(self, record_id: int) -> None: ...
    def forget_before(self, at: datetime, *, limit: int) -> int: ...  # how many were deleted


@dataclass(frozen=True, slots=True)
class Spoken:
    """One thing said in a call, as it was heard or spoken."""

    at_s: int  # since the call was answered
    by_caller: bool
    text: str
    confidence: float | None = None  # of what was heard, 0 to 1; None: not known
    by_key: bool = False


@dataclass(frozen=True, slots=True)
class Happened:
    """Something else that happened in a call."""

    at_s: int
    event: str
    detail: str = ""  # the number of the order, the key that was pressed


@dataclass(frozen=True, slots=True)
class CallStory:
    """What was said and what happened in a call, in the order of time."""

    spoken: tuple[Spoken, ...]
    happened: tuple[Happened, ...]


class RecordingUnreadableError(Exception):
    """A recording is there and can not be read; the text says why."""


class Recordings(Protocol):
    """The recordings of this installation. Both raise RecordingUnreadableError."""

    def story(self, call: CallRecord) -> CallStory | None: ...  # None: nothing was kept
    def wav(self, call: CallRecord) -> bytes | None:
        """Both sides as a 16-bit WAV file: the caller left, the line right."""
        ...
