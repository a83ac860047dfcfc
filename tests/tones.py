"""Tones to say, and a way to know them again."""

from __future__ import annotations

import numpy as np

from voice.line.line import Samples

RATE = 8000


def tone(hz: float, seconds: float, rate: int = RATE) -> Samples:
    at = np.arange(int(rate * seconds)) / rate
    return np.asarray(np.sin(2 * np.pi * hz * at) * 8000, np.int16)


def loudest_hz(samples: Samples, rate: int = RATE) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.fft.rfftfreq(len(samples), 1 / rate)[int(np.argmax(spectrum))])
