"""Change of sample rate: of whole recordings, and of live sound."""

from __future__ import annotations

import math

import numpy as np
import soxr
from numpy.typing import NDArray

from voice.line.line import Samples

# Length of the filter in periods of the lower rate: 2 ms of delay at 8 kHz, more than 60 dB of damping.
_HALF_LENGTH = 16
# Share of the lower rate's band that passes; telephone sound ends at 3400 Hz of 4000.
_PASS = 0.92
_KAISER_BETA = 6.0


def resample(samples: Samples, rate: int, to_rate: int) -> Samples:
    """A whole recording at another rate."""
    if rate == to_rate:
        return samples
    return np.asarray(soxr.resample(samples, rate, to_rate), np.int16)


class Resampler:
    """Live sound at another rate, piece by piece without seams, 2 ms late.

    A polyphase filter of our own: soxr's streams hand out their sound in bursts of 60 to 100 ms, too late for a call.
    """

    def __init__(self, rate: int, to_rate: int) -> None:
        self.rate, self.to_rate = rate, to_rate
        common = math.gcd(rate, to_rate)
        self._up, self._down = to_rate // common, rate // common
        self._taps = _low_pass(self._up, self._down)
        self._history = np.zeros(len(self._taps) - 1)
        self._skip = 0  # of the raised stream, until the next sample that is kept

    def add(self, samples: Samples) -> Samples:
        if self.rate == self.to_rate or not len(samples):
            return samples
        raised = np.zeros(len(samples) * self._up)
        raised[:: self._up] = samples
        stream = np.concatenate([self._history, raised])
        self._history = stream[len(raised) :]
        filtered = np.convolve(stream, self._taps, "valid")
        kept = filtered[self._skip :: self._down]
        self._skip = (self._skip - len(filtered)) % self._down
        return np.clip(np.rint(kept), -32768, 32767).astype(np.int16)


def _low_pass(up: int, down: int) -> NDArray[np.float64]:
    """A windowed sinc at the raised rate that passes what both rates can carry; its gain makes up for the zeros."""
    longest = max(up, down)
    at = np.arange(-_HALF_LENGTH * longest, _HALF_LENGTH * longest + 1)
    taps = np.sinc(at * _PASS / longest) * np.kaiser(len(at), _KAISER_BETA)
    return np.asarray(taps * up / taps.sum())
