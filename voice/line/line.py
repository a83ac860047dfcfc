"""What a telephone line is: SIP, Asterisk's AudioSocket and the media-stream WebSocket all look like this.

Sound is mono, signed 16-bit samples (`numpy.int16`), at the `rate` of the connection (8000, or 16000 for G.722).
Everything here belongs to one asyncio loop; an implementation that has threads of its own hands over with
`loop.call_soon_threadsafe`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]
FRAME_MS = 20


class LineError(Exception):
    """A line can not do what was asked; the text says what and what to do.

    LineError
    ├── NotAnsweredError   the called person was busy, did not answer, or refused (`why` says which)
    └── GoneError          the connection is over
    """


class NotAnsweredError(LineError):
    """An outgoing call was not answered."""

    def __init__(self, why: NotAnswered, text: str = "") -> None:
        super().__init__(text or why.value)
        self.why = why


class GoneError(LineError):
    """The other side has hung up already."""


class NotAnswered(StrEnum):
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"  # no route, number unknown, trunk down


class Hangup(StrEnum):
    """Why a connection ended."""

    CALLER = "caller"  # the other side hung up
    LINE = "line"  # we did
    TRANSFERRED = "transferred"
    LOST = "lost"  # no sound for long, or the connection broke


@dataclass(frozen=True, slots=True)
class Sound:
    """20 ms of what the other side says. `lost` frames were not received: silence stands in for them."""

    samples: Samples
    at_ms: int  # since the connection was answered
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the telephone was pressed: one of 0-9 * # A-D."""

    key: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Held:
    """The other side put us on hold (`on`) or took us back."""

    on: bool
    at_ms: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The last event of a connection."""

    reason: Hangup
    at_ms: int


LineEvent = Sound | Key | Held | Ended


class Connection(Protocol):
    """One answered call."""

    id: str  # unique, safe in a file name
    caller: str  # the other side's number as given, digits where it has some; "anonymous" when withheld
    called: str
    rate: int  # samples a second, both ways

    def events(self) -> AsyncIterator[LineEvent]:
        """Everything that arrives, in order; ends after `Ended`. Read by one reader."""
        ...

    def play(self, samples: Samples) -> None:
        """Send this after what is queued already. Returns at once; ignored after the end."""
        ...

    def flush(self) -> None:
        """Forget what is queued: the other side hears silence within a frame or two."""
        ...

    @property
    def pending_ms(self) -> int:
        """How much of what was queued has not been sent yet."""
        ...

    async def send_keys(self, keys: str) -> None: ...
    async def transfer(self, to: str) -> None:
        """Hand the call to another number (blind). Raises LineError when it is refused; the call then goes on."""
        ...

    async def hang_up(self) -> None: ...


OnCall = Callable[
    [Connection], Awaitable[None]
]  # runs for the length of the call; what it raises ends the call


class Line(Protocol):
    """A way for calls to come in and go out."""

    name: str

    async def open(self, on_call: OnCall) -> None:
        """Start taking calls; each is answered and given to `on_call`. Raises LineError (port taken, trunk refused)."""
        ...

    async def dial(self, number: str, *, ring_s: float = 30) -> Connection:
        """Call out. Raises NotAnsweredError; LineError where this line can not call out."""
        ...

    async def close(self) -> None:
        """Hang up what is left and free the ports."""
        ...

    def health(self) -> dict[str, Any]:
        """For operators: registered or not, calls now, calls in all, the last error."""
        ...
