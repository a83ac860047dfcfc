"""A fax machine has called: its tones are 1100 Hz (calling) and 2100 Hz (answering), ITU-T T.30."""

from __future__ import annotations

import numpy as np

from config.turn_taking import Fax
from voice.audio.level import mean_power
from voice.line.line import FRAME_MS, Samples

QUIETEST = 100.0  # root mean square below which a tone is no tone


class FaxEar:
    """Notices a fax tone that lasts."""

    def __init__(self, rules: Fax, rate: int) -> None:
        self._rules = rules
        turns = np.outer(rules.tones_hz, np.arange(rate * FRAME_MS // 1000)) / rate
        self._waves = np.exp(-2j * np.pi * turns)
        self._lasted_ms = 0

    def hears_fax(self, samples: Samples) -> bool:
        """Add 20 ms; True once one of the tones has made up nearly all the sound for long enough."""
        power = mean_power(samples)
        if power < QUIETEST**2 or len(samples) != self._waves.shape[1]:
            self._lasted_ms = 0
            return False
        # A pure tone of amplitude a has mean power a²/2 and this projection a/2.
        sound = samples.astype(np.float64)
        share = 2 * float(np.max(np.abs(self._waves @ sound / len(sound)) ** 2)) / power
        self._lasted_ms = self._lasted_ms + FRAME_MS if share >= self._rules.share else 0
        return self._lasted_ms >= self._rules.lasting_ms
