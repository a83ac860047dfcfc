"""What goes into the conversation and what comes out: one turn, one reply, and the commands it causes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from backend.domain.family import NO_GUESSES, Binding, Code, Guesses
from backend.domain.order import Order
from backend.domain.people import Caller
from backend.services.commands import CancelOrder, OpenTask, PlaceOrder, RegisterCaller, RescheduleOrder
from backend.services.family_commands import (
    AcknowledgeAlert,
    BindRelative,
    IssueCode,
    NoteGuess,
    RevokeBinding,
    ShutOut,
)  # fmt: skip
from nlu.understanding import Expecting as Asks

FamilyCommand = AcknowledgeAlert | BindRelative | IssueCode | NoteGuess | RevokeBinding | ShutOut
Command = PlaceOrder | CancelOrder | RescheduleOrder | OpenTask | RegisterCaller | FamilyCommand


class Channel(StrEnum):
    """How the words reach the person; the wording has a variant for each."""

    SPOKEN = "spoken"
    TEXT = "text"
    BUTTONS = "buttons"  # text with quick answers to press


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing said (or not said) by the person."""

    session: str
    sender: str
    now: datetime  # naive local time (Asia/Shanghai)
    text: str | None  # None or blank: silence
    channel: Channel = Channel.TEXT
    alternatives: tuple[str, ...] = ()
    message_id: str | None = None
    pace: int = 0  # how a caller liked to be spoken to in the call before: steps as in `Reply`
    loudness: int = 0
    returning: bool = False  # the conversation was broken off and this is the first turn after it


@dataclass(frozen=True, slots=True)
class Family:
    """What the records say of relatives; looked up only for sentences that may be about them."""

    relatives: tuple[Binding, ...] = ()  # of the elder who speaks
    shut_out: frozenset[str] = frozenset()  # phones of contacts whom this elder does not want any more
    own: tuple[Binding, ...] = ()  # of whoever speaks
    code: Code | None = None  # the code that was just said, if it is open
    guesses: Guesses = NO_GUESSES
    fresh_code: str = ""  # drawn at random, for an elder who asks for one
    alerts: tuple[int, ...] = ()  # emergencies that the speaker was told of and has not answered


@dataclass(frozen=True, slots=True)
class World:
    """What the conversation may know of the records: who speaks, and the orders they may ask about."""

    caller: Caller
    orders: tuple[Order, ...] = ()  # of this sender and their elders; open ones first, newest first
    family: Family = field(default_factory=Family)


@dataclass(frozen=True, slots=True)
class Choice:
    """A quick answer: what the button shows and what is sent when it is pressed."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What the line says. `sentences` are short enough to be spoken one by one."""

    sentences: tuple[str, ...]
    asks: Asks | None = None
    choices: tuple[Choice, ...] = ()
    urgent: bool = False
    ended: bool = False
    emergency: bool = False
    handoff: bool = False
    pace: int = 0  # steps slower than normal, 0..3
    loudness: int = 0  # steps louder than normal, 0..2
    happened: tuple[str, ...] = field(
        default=()
    )  # for logs and the review list: "not_understood", "order_placed" ...

    @property
    def text(self) -> str:
        return "".join(self.sentences)


__all__ = ["Asks", "Channel", "Choice", "Command", "Family", "Reply", "Turn", "World"]
