"""A person takes a call over: who fetches them, and both sides kept while they talk."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

import numpy as np

from voice.audio.resample import Resampler
from voice.line.bridge import Side
from voice.line.line import Connection, Key, Samples, Sound

# What the person says is kept in step with the caller's sound; more than this behind is dropped.
MOST_FRAMES_BEHIND = 15


class Person(Protocol):
    """Somebody who takes calls over."""

    async def come(self, caller: Connection) -> Connection | None:
        """Their connection, to be joined with the caller's; None: the exchange has handed the caller over to them.

        Raises LineError when nobody comes; the call then goes on.
        """
        ...


class HandedOver:
    """The simplest way: the exchange is asked to connect the caller with a number (blind transfer)."""

    def __init__(self, number: str) -> None:
        self._number = number

    async def come(self, caller: Connection) -> Connection | None:
        await caller.transfer(self._number)
        return None


class BothSides:
    """A tap of the bridge that keeps both sides in step: gives `keep` the caller's frame and what the person said."""

    def __init__(
        self, caller: Connection, person: Connection, keep: Callable[[Sound, Samples], None]
    ) -> None:
        self._resampler = Resampler(person.rate, caller.rate)
        self._keep = keep
        self._said: deque[Samples] = deque(maxlen=MOST_FRAMES_BEHIND)

    def __call__(self, side: Side, event: Sound | Key) -> None:
        match event:
            case Sound() if side is Side.PERSON:
                self._said.append(self._resampler.add(event.samples))
            case Sound():
                said = self._said.popleft() if self._said else np.zeros(0, np.int16)
                line = np.zeros_like(event.samples)
                line[: len(said)] = said[: len(line)]
                self._keep(event, line)
