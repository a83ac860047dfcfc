"""Our own voice that comes back from the caller's telephone."""

from __future__ import annotations

import numpy as np

from voice.line.line import Samples

WINDOW_MS = 320  # of what is heard
LONGEST_DELAY_MS = 600  # of the echo: a loudspeaker at the far end of a mobile network
EVERY_MS = 60  # an echo does not come and go within this


class EchoGuard:
    """Compares what is heard with what was said shortly before. Fed with every frame of both sides."""

    def __init__(self, rate: int, threshold: float) -> None:
        self._threshold = threshold
        self._heard = np.zeros(rate * WINDOW_MS // 1000, np.int16)
        self._said = np.zeros(rate * (WINDOW_MS + LONGEST_DELAY_MS) // 1000, np.int16)
        self._due_ms = 0
        self._is_echo = False

    def add(self, heard: Samples, said: Samples) -> None:
        """The next frame of both sides, each of 20 ms."""
        self._heard = np.concatenate((self._heard[len(heard) :], heard))
        self._said = np.concatenate((self._said[len(said) :], said))

    def is_echo(self, now_ms: int) -> bool:
        """Whether the latest sound is our own voice, delayed. Loud talk over it lowers the likeness: then it is not."""
        if not self._said.any():
            return False
        if now_ms >= self._due_ms:
            self._due_ms = now_ms + EVERY_MS
            self._is_echo = likeness(self._heard, self._said) >= self._threshold
        return self._is_echo


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
