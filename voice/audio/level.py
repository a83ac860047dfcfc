"""How loud sound is."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from voice.line.line import Samples

FULL_SCALE = 32768
QUIETEST_DBFS = -96.0  # silence, instead of minus infinity: one step of 16 bits


def level_dbfs(samples: Samples) -> float:
    """Root mean square against full scale: 0 is a square wave at the limit, speech on a line about -20."""
    power = mean_power(samples)
    return max(QUIETEST_DBFS, 10 * math.log10(power / FULL_SCALE**2)) if power else QUIETEST_DBFS


def mean_power(samples: Samples) -> float:
    """The mean of the squares. Every 20 ms of every call is measured with this, so that microseconds count."""
    values = samples.astype(np.float32)
    return float(values.dot(values)) / len(values) if len(values) else 0.0


def amplified(samples: Samples, gain_db: float) -> Samples:
    """Louder or softer; what would not fit is clipped."""
    return _clipped(np.rint(samples * 10 ** (gain_db / 20)))


def mixed(first: Samples, second: Samples) -> Samples:
    """Two voices at once, of equal length; what would not fit is clipped."""
    return _clipped(first.astype(np.float64) + second)


def _clipped(values: NDArray[np.float64]) -> Samples:
    return np.asarray(np.clip(values, -FULL_SCALE, FULL_SCALE - 1), np.int16)
