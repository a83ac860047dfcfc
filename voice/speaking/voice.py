"""What a voice is, and what a call needs to speak with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from voice.line.line import Samples


@dataclass(frozen=True, slots=True)
class Manner:
    """How something is said."""

    pace: int = 0  # steps slower than normal, 0..3, each -15 %
    loudness: int = 0  # steps louder, 0..2, each +6 dB with a limiter
    deep: bool = False  # lower pitched, for the hard of hearing


class Voice(Protocol):
    """An engine. Blocking: `Speaking` runs it elsewhere."""

    name: str
    rate: int  # samples a second of what it makes

    def render(self, text: str, *, speed: float = 1.0) -> Samples:
        """`text` holds words only (figures already written out). Speed 0.6 is slow. Raises SpeakingError."""
        ...


class Speaking(Protocol):
    """The one voice of this installation with its cache."""

    def say(self, sentence: str, manner: Manner, rate: int) -> AsyncIterator[Samples]:
        """The sentence at the rate of the line, piece by piece, the first piece as early as possible.

        Never raises for want of a voice: falls back to a simpler one, and to a tone as the last.
        """
        ...

    def is_ready(self, sentence: str, manner: Manner, rate: int) -> bool:
        """It would start at once (from the cache)."""
        ...

    async def prepare(self, sentence: str) -> None:
        """Render now what of the sentence is not there yet, so that `say` can start at once (a caller's name, address)."""
        ...

    async def close(self) -> None: ...


class SpeakingError(Exception):
    """This text can not be spoken by this voice; the text says why."""
