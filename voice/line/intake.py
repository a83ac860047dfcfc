"""Received sound, which comes in odd pieces and with holes, cut into frames on a 20 ms grid."""

from __future__ import annotations

import numpy as np

from voice.line.line import FRAME_MS, Samples, Sound

# A frame this late counts as lost. The jitter buffer in front has evened out what it could already.
LATE_MS = 60


class Intake:
    """The clock of one connection's incoming sound. What is missing is filled with silence and marked."""

    def __init__(self, rate: int) -> None:
        self._frame = rate * FRAME_MS // 1000
        self._rest: Samples = np.zeros(0, np.int16)
        self._silence: Samples = np.zeros(self._frame, np.int16)
        self.at_ms = 0

    def add(self, samples: Samples, now_ms: int, *, expected: bool = True) -> list[Sound]:
        """What is complete by `now_ms` since the answer. `expected` False: on hold, so silence is no loss."""
        waiting = np.concatenate([self._rest, samples]) if len(self._rest) else samples
        frames = []
        start = 0
        while len(waiting) - start >= self._frame:
            frames.append(self._next(waiting[start : start + self._frame], lost=False))
            start += self._frame
        self._rest = waiting[start:]
        while now_ms - self.at_ms > LATE_MS:
            frames.append(self._next(self._silence, lost=expected))
        return frames

    def _next(self, samples: Samples, *, lost: bool) -> Sound:
        sound = Sound(samples, self.at_ms, lost)
        self.at_ms += FRAME_MS
        return sound
