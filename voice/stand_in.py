"""A voice that only takes as long as speech would: for replaying calls without listening to the answers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import numpy as np

from voice.line.line import Samples
from voice.speaking.voice import Manner
from voice.turns.phrase import bare

SYLLABLE_MS = 210  # of an unhurried Mandarin speaker
PAUSE_MS = 250  # after a sentence
PACE_STEP = 0.15


class StandInVoice:
    """Says everything as silence of the right length. Implements `Speaking`."""

    async def say(self, sentence: str, manner: Manner, rate: int) -> AsyncIterator[Samples]:
        yield np.zeros(duration_ms(sentence, manner) * rate // 1000, np.int16)

    def is_ready(self, sentence: str, manner: Manner, rate: int) -> bool:
        return True

    async def prepare(self, sentence: str) -> None:
        """Everything is ready."""

    async def close(self) -> None:
        """Nothing is held."""


def duration_ms(sentence: str, manner: Manner) -> int:
    """How long somebody needs to say it at this pace: a character is a syllable."""
    return round(len(bare(sentence)) * SYLLABLE_MS / (1 - PACE_STEP * manner.pace)) + PAUSE_MS
