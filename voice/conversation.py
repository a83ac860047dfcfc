"""What a call needs of whoever answers it. `bot/phone.py` implements it with the conversation core."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Said:
    """One turn of the caller. `text` None: silence, or the greeting is wanted (the first turn of a call)."""

    text: str | None
    at: datetime  # naive local time (Asia/Shanghai)
    alternatives: tuple[str, ...] = ()  # other readings, best first
    confidence: float | None = None  # 0..1 of `text`; None: not known (typed on the keys)
    by_key: bool = False
    pace: int = 0  # how the caller is spoken to, from the call before on: steps as in `Answer`
    loudness: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the line says now, and what it expects next."""

    sentences: tuple[str, ...]  # spoken one by one, in this order
    asks: str | None = None  # what was asked, by the names of `nlu.understanding.Expecting`
    choices: tuple[tuple[str, str], ...] = ()  # quick answers: what is heard or shown, and what it stands for
    urgent: bool = False  # said at once, over anything that is being said
    emergency: bool = False
    handoff: bool = False  # a person is wanted
    ended: bool = False
    pace: int = 0  # steps slower than normal, 0..3, each -15 %
    loudness: int = 0  # steps louder than normal, 0..2, each +6 dB (limited)
    events: tuple[dict[str, Any], ...] = field(
        default=()
    )  # JSON objects for the record: order, emergency, handoff


class Answering(Protocol):
    """One caller's conversation. Not safe for several turns at once: a call asks one at a time."""

    async def answer(self, said: Said) -> Answer: ...
    async def hung_up(
        self, reason: str
    ) -> None: ...  # the call is over; `reason` is one of `voice.call.Reason`


class Completeness(StrEnum):
    """How much of what the line needs has been said, while the caller pauses."""

    ANSWERED = "answered"  # enough, however unfinished it may sound: just what was asked for, or danger
    WHOLE = "whole"  # a whole request beyond doubt, whatever its last word
    SETTLED = "settled"  # a whole request, or an answer: nothing more is needed
    LISTING = "listing"  # a whole request that names things: one more may follow
    OPEN = "open"  # could stand so, could go on
    MISSING = "missing"  # nothing that could be answered yet: «后天上午……»


@runtime_checkable
class Judging(Protocol):
    """An `Answering` that can tell whether more is to be expected. What it is told changes nothing."""

    async def completeness(self, text: str) -> Completeness: ...


class Answers(Protocol):
    """Where conversations come from: one for each call."""

    def begin(self, *, caller: str, call_id: str) -> Answering: ...
