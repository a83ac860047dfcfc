"""What turn taking needs to know of each 20 ms of sound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voice.audio.level import FULL_SCALE, level_dbfs
from voice.line.line import FRAME_MS, Samples

PITCH_HZ = (70, 400)  # of human voices
VOICED = 0.5  # autocorrelation at the pitch
HUM_BELOW_HZ = 800  # «嗯» has hardly any power above this
HUM_SHARE = 0.01  # the vowels of «你» and «明» have 0.02 and more on a telephone
ANALYSED_DB = -55.0  # softer frames are not looked into: most of a call is silence


@dataclass(frozen=True, slots=True)
class Frame:
    """20 ms that end at `at_ms` (since the call was answered)."""

    at_ms: int
    speech: float  # 0..1, by the voice detector
    level_db: float  # relative to full scale
    voiced: bool = True  # has a pitch: no cough, no knock, no breath
    hum: bool = False  # only a low hum: «嗯»
    echo: bool = False  # our own voice coming back


class FrameAnalyser:
    """Level, voicing and hum of one call's frames; remembers the frame before."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._before: Samples = np.zeros(rate * FRAME_MS // 1000, np.int16)

    def frame(self, samples: Samples, *, at_ms: int, speech: float, echo: bool = False) -> Frame:
        before, self._before = self._before, samples
        level_db = level_dbfs(samples)
        if level_db < ANALYSED_DB:
            return Frame(at_ms=at_ms, speech=speech, level_db=level_db, voiced=False, echo=echo)
        window = np.concatenate((before, samples)) / FULL_SCALE
        voiced = is_voiced(window, self.rate)
        hum = voiced and is_hum(window, self.rate)
        return Frame(at_ms=at_ms, speech=speech, level_db=level_db, voiced=voiced, hum=hum, echo=echo)


def is_voiced(window: NDArray[np.float64], rate: int) -> bool:
    """Whether the sound repeats itself at the pitch of a voice."""
    centred = window - window.mean()
    size = len(centred)
    spectrum = np.fft.rfft(centred, 2 * size)
    similar = np.fft.irfft(np.abs(spectrum) ** 2)[:size]
    first, last = rate // PITCH_HZ[1], min(size - 1, rate // PITCH_HZ[0])
    if similar[0] <= 0:
        return False
    # Fewer samples overlap at longer lags; without this a low voice would look less periodic.
    overlap = 1 - np.arange(first, last) / size
    return bool(np.max(similar[first:last] / overlap) / similar[0] >= VOICED)


def is_hum(window: NDArray[np.float64], rate: int) -> bool:
    power = np.abs(np.fft.rfft(window * np.hanning(len(window)))) ** 2
    border = HUM_BELOW_HZ * len(window) // rate
    return bool(power[border:].sum() <= HUM_SHARE * (power.sum() + 1e-12))
