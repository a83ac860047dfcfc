"""G.711: 8 bits a sample, µ-law and A-law (ITU-T G.711), by tables."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from voice.line.line import Samples

_ULAW_BIAS = 33 << 2  # of the 14-bit law, in our 16-bit samples


def _ulaw_table() -> Samples:
    """Value of each code: the bits come inverted; sign, three bits of segment, four of step."""
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = ((((code & 0x0F) << 3) + _ULAW_BIAS) << ((code >> 4) & 7)) - _ULAW_BIAS
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _alaw_table() -> Samples:
    """As µ-law, but every second bit comes inverted and the lowest segment is linear."""
    code = np.arange(256, dtype=np.int32) ^ 0x55
    segment, step = (code >> 4) & 7, (code & 0x0F) << 4
    magnitude = np.where(segment == 0, step + 8, (step + 0x108) << np.maximum(segment - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


def _encoding_table(values: Samples) -> NDArray[np.uint8]:
    """The nearest code for each of the 65,536 sample values, indexed by the sample seen as unsigned."""
    order = np.argsort(values, kind="stable")
    ascending = values[order].astype(np.int32)
    borders = (ascending[1:] + ascending[:-1] + 1) // 2
    samples = np.arange(65536, dtype=np.uint16).view(np.int16)
    return order[np.searchsorted(borders, samples, side="right")].astype(np.uint8)


_ULAW, _ALAW = _ulaw_table(), _alaw_table()
_TO_ULAW, _TO_ALAW = _encoding_table(_ULAW), _encoding_table(_ALAW)


def encode_ulaw(samples: Samples) -> bytes:
    return _TO_ULAW[samples.view(np.uint16)].tobytes()


def decode_ulaw(data: bytes) -> Samples:
    return _ULAW[np.frombuffer(data, np.uint8)]


def encode_alaw(samples: Samples) -> bytes:
    return _TO_ALAW[samples.view(np.uint16)].tobytes()


def decode_alaw(data: bytes) -> Samples:
    return _ALAW[np.frombuffer(data, np.uint8)]
