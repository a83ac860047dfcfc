"""Our own voice that comes back from the caller's telephone."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import numpy as np

from voice.line.line import FRAME_MS, Samples

WINDOW_MS = 320  # of what is heard
LONGEST_DELAY_MS = 600  # of the echo: a loudspeaker at the far end of a mobile network
EVERY_MS = 60  # an echo does not come and go within this


class EchoGuard:
    """Compares what is heard with what was said shortly before. Fed with every frame of both sides."""

    def __init__(self, rate: int, threshold: float) -> None:
        self._threshold = threshold
        silence = np.zeros(rate * FRAME_MS // 1000, np.int16)
        heard, said = WINDOW_MS // FRAME_MS, (WINDOW_MS + LONGEST_DELAY_MS) // FRAME_MS
        self._heard: deque[Samples] = deque([silence] * heard, maxlen=heard)
        self._said: deque[Samples] = deque([silence] * said, maxlen=said)
        self._silent = said  # frames since we said something
        self._due_ms = 0
        self._is_echo = False

    def add(self, heard: Samples, said: Samples) -> None:
        """The next frame of both sides, each of 20 ms."""
        self._heard.append(heard)
        self._said.append(said)
        self._silent = 0 if said.any() else self._silent + 1

    def is_echo(self, now_ms: int) -> bool:
        """Whether the latest sound is our own voice, delayed. Loud talk over it lowers the likeness: then it is not."""
        if self._silent >= len(self._said):
            return False
        if now_ms >= self._due_ms:
            self._due_ms = now_ms + EVERY_MS
            self._is_echo = _likeness_of(self._heard, self._said) >= self._threshold
        return self._is_echo


def _likeness_of(heard: Iterable[Samples], said: Iterable[Samples]) -> float:
    return likeness(np.concatenate(tuple(heard)), np.concatenate(tuple(said)))


def likeness(heard: Samples, said: Samples) -> float:
    """The highest normalised correlation (0..1) of `heard` with any stretch of `said` of the same length."""
    sound, reference = heard.astype(np.float64), said.astype(np.float64)
    energy = float(sound @ sound)
    if energy == 0 or not reference.any():
        return 0.0
    size = len(reference)
    spectrum = np.fft.rfft(reference, 2 * size) * np.conj(np.fft.rfft(sound, 2 * size))
    correlation = np.fft.irfft(spectrum)[: size - len(sound) + 1]
    sums = np.concatenate(([0.0], np.cumsum(reference**2)))
    energies = sums[len(sound) :] - sums[: size - len(sound) + 1]
    # Where we were silent there is nothing to come back.
    enough = energies > 1e-4 * energies.max()
    return float(np.max(np.abs(correlation[enough]) / np.sqrt(energies[enough] * energy)))
