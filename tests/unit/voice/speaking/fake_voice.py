"""Voices for tests; their classes are loaded by the worker process, so they live in a module."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import numpy as np

from voice.line.line import Samples
from voice.speaking.voice import SpeakingError

RATE = 24_000
SYLLABLE = RATE // 5


@dataclass
class Timed:
    samples: Samples
    ends: tuple[int, ...]


class ToneVoice:
    """200 ms of tone for each character. «死» kills its process, «哑» can not be spoken, «坏» is a fault of the engine."""

    name = "tone"
    rate = RATE

    def render(self, text: str, *, speed: float = 1.0) -> Samples:
        return self.render_timed(text, speed=speed).samples

    def render_timed(self, text: str, *, speed: float = 1.0) -> Timed:
        print("an engine that prints")  # noqa: T201
        if "死" in text:
            os._exit(9)
        if "哑" in text:
            raise SpeakingError("this can not be spoken")
        if "坏" in text:
            raise ZeroDivisionError("of the engine")
        if "慢" in text:
            time.sleep(0.5)
        at = np.arange(SYLLABLE * len(text))
        tone = (6000 * np.sin(2 * np.pi * 200 * at / RATE)).astype(np.int16)
        return Timed(tone, tuple(SYLLABLE * (at + 1) for at in range(len(text))))


def no_voice() -> ToneVoice:
    raise SpeakingError("the package of this voice is missing")
