"""The keys of a telephone as sound (DTMF, ITU-T Q.23), for lines that carry no key events of ours."""

from __future__ import annotations

import numpy as np

from voice.line.line import Samples

_LOW_HZ = (697, 770, 852, 941)
_HIGH_HZ = (1209, 1336, 1477, 1633)
_KEYS = ("123A", "456B", "789C", "*0#D")
KEY_TONES = {
    key: (low, high)
    for low, row in zip(_LOW_HZ, _KEYS, strict=True)
    for high, key in zip(_HIGH_HZ, row, strict=True)
}
_LOUDNESS = 0.18  # of full scale, each of the two tones: about -9 dBm0 together


def key_sound(key: str, rate: int, ms: int = 100) -> Samples:
    """The sound of one key. Raises KeyError for what is no key."""
    at = np.arange(rate * ms // 1000) / rate
    low, high = KEY_TONES[key]
    wave = np.sin(2 * np.pi * low * at) + np.sin(2 * np.pi * high * at)
    return np.asarray(wave * _LOUDNESS * 32767, np.int16)
