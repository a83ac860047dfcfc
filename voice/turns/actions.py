"""What turn taking wants done. The call carries it out and tells of the result."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from voice.conversation import Answer
from voice.hearing.recogniser import Word


class Reason(StrEnum):
    """Why a call ended."""

    DONE = "done"  # we said goodbye
    CALLER = "caller"  # the caller hung up
    TRANSFERRED = "transferred"  # a person took over
    SILENCE = "silence"
    FAX = "fax"
    TOO_LONG = "too_long"
    LOST = "lost"  # the connection broke
    FAULT = "fault"  # something of ours is broken


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the caller's sound, in ms since the call was answered. Equal stretches are the same sound."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Recognise:
    """Find out what was said in this stretch. One at a time."""

    stretch: Stretch
    asks: str | None
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Abandon:
    """The caller goes on speaking: what is being recognised is of no use any more."""


@dataclass(frozen=True, slots=True)
class Ask:
    """The caller's turn is over: let the conversation answer. `text` None: nothing was said."""

    text: str | None
    alternatives: tuple[str, ...] = ()
    confidence: float | None = None
    by_key: bool = False
    stretch: Stretch | None = None
    engine: str = ""
    taken_as: str = ""  # the kind of phrase, by which the turn was taken …
    waited_ms: int = 0  # … after so much silence
    words: tuple[
        Word, ...
    ] = ()  # with their times since the call was answered, where the recogniser tells them


@dataclass(frozen=True, slots=True)
class Speak:
    """Say this answer, in place of anything that is being said."""

    answer: Answer


@dataclass(frozen=True, slots=True)
class Announce:
    """Say a sentence of the line itself: a key of `says` in turn_taking.yaml."""

    says: str
    question: Answer | None = None  # it is asked again: an answer to it is wanted


@dataclass(frozen=True, slots=True)
class Hush:
    """Be quiet at once. It may be taken up again with `Resume`."""


@dataclass(frozen=True, slots=True)
class Resume:
    """Go on from the beginning of the sentence that was interrupted."""


@dataclass(frozen=True, slots=True)
class StopRecording:
    """The caller does not want to be recorded: stop, and delete what there is."""


@dataclass(frozen=True, slots=True)
class Transfer:
    """Hand the caller to a person."""


@dataclass(frozen=True, slots=True)
class StopFetching:
    """The person who is being rung is not wanted any more."""


@dataclass(frozen=True, slots=True)
class HangUp:
    reason: Reason


@dataclass(frozen=True, slots=True)
class Note:
    """Something for the record of the call."""

    event: str
    facts: dict[str, Any] = field(default_factory=dict)


Action = (
    Recognise
    | Abandon
    | Ask
    | Speak
    | Announce
    | Hush
    | Resume
    | StopRecording
    | Transfer
    | StopFetching
    | HangUp
    | Note
)
