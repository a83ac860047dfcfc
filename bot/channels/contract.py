"""What a text channel is: platform messages come in as `Incoming`, answers go out as `Outgoing`, the rest is the same for all.

A channel does four things and no more:

1. checks that a message really comes from its platform, and refuses what does not;
2. reads it into an `Incoming`: who speaks (`sender`), which conversation it belongs to (`session`), the platform's own
   `message_id` (so that a message delivered three times is answered once and orders once), and its content;
3. gives it to `Reception.receive`, which answers every kind of content;
4. shows the answer: `outgoing` cuts it to what the platform can carry, with the quick answers on the last piece.

`tests/integration/channels/test_every_channel.py` says what all of them must do; docs/channels.md shows how to add one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from backend.domain.local_time import LOCAL
from bot.dialogue.turn import Channel, Choice, Reply

LONGEST_ID = 200  # characters of a session, sender or message id

Hears = Callable[[bytes, str], str | None]  # sound and its media type in, words out; None: nothing understood


class ChannelError(Exception):
    """A message can not be taken or given. Its text is for the log and holds nothing personal.

    ChannelError
    ├── ForgedError      it does not come from the platform
    ├── BrokenError      it comes from there but can not be read
    └── MediaError       its picture or sound can not be fetched
    """


class ForgedError(ChannelError):
    """The signature, the secret or the time of a message is wrong, or it was seen before."""


class BrokenError(ChannelError):
    """The message is no message."""


class MediaError(ChannelError):
    """A picture or sound can not be fetched from the platform."""


@dataclass(frozen=True, slots=True)
class Text:
    """Words, typed or pressed. `alternatives`: other readings, best first."""

    text: str | None
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice message. `recognised` is what the platform understood, if it says so; else `fetch` gives the sound."""

    fetch: Callable[[], bytes]  # raises MediaError
    media_type: str
    recognised: str | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo: of the broken tap, of a certificate."""

    fetch: Callable[[], bytes]  # raises MediaError
    caption: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A position on the map (WGS-84 or what the platform uses, degrees), with its address where the platform gives one."""

    latitude: float
    longitude: float
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Phone:
    """A telephone number sent as such. `own`: the platform vouches that it is the sender's."""

    number: str
    own: bool


@dataclass(frozen=True, slots=True)
class Hello:
    """The person opened the conversation without a word."""


@dataclass(frozen=True, slots=True)
class More:
    """The person pressed «more» of a group of services (`config/wording/channels.yaml`)."""

    group: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something we can not read; `kind` is `link` or `other`."""

    kind: str = "other"


Content = Text | Voice | Picture | Place | Phone | Hello | More | Unreadable


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message of a person on a platform."""

    session: str  # the conversation: one person in one chat
    sender: str  # the person: a phone number, or `platform:id`
    message_id: str | None
    at: datetime  # naive local time (Asia/Shanghai)
    content: Content
    channel: Channel = Channel.BUTTONS


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message to a person: words, or a picture."""

    text: str
    choices: tuple[Choice, ...] = ()
    urgent: bool = False
    picture: bytes | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What a platform can carry in one message, by its own way of counting."""

    longest: int
    measure: Callable[[str], int] = len
    most_choices: int = 8


def outgoing(reply: Reply, limits: Limits) -> tuple[Outgoing, ...]:
    """The reply as messages that the platform carries: cut between sentences where possible, nothing left out."""
    pieces = split(reply.sentences, limits)
    last = len(pieces) - 1
    return tuple(
        Outgoing(piece, reply.choices[: limits.most_choices] if number == last else (), reply.urgent)
        for number, piece in enumerate(pieces)
    )


def split(sentences: tuple[str, ...], limits: Limits) -> list[str]:
    """Fill messages with whole sentences; only a sentence that is too long by itself is cut."""
    pieces: list[str] = []
    for sentence in sentences:
        for part in _cut(sentence, limits):
            if pieces and limits.measure(pieces[-1] + part) <= limits.longest:
                pieces[-1] += part
            else:
                pieces.append(part)
    return pieces


def _cut(text: str, limits: Limits) -> list[str]:
    parts: list[str] = []
    while limits.measure(text) > limits.longest:
        keep = min(len(text), limits.longest)
        while limits.measure(text[:keep]) > limits.longest:
            # At least one character goes out each time, so that this ends whatever the measure says.
            keep = max(1, keep - max(1, (limits.measure(text[:keep]) - limits.longest) // 4))
            if keep == 1:
                break
        parts.append(text[:keep])
        text = text[keep:]
    return [*parts, text] if text else parts


def utf8_bytes(text: str) -> int:
    """How WeChat counts."""
    return len(text.encode("utf-8", "replace"))


def utf16_units(text: str) -> int:
    """How Telegram counts."""
    return len(text.encode("utf-16-le", "replace")) // 2


def local_time(unix_s: float) -> datetime:
    """Seconds since 1970 as naive local time."""
    return datetime.fromtimestamp(unix_s, LOCAL).replace(tzinfo=None)
