"""Sound as whisper wants it: a log-mel spectrogram, no longer than needed."""

from __future__ import annotations

import numpy as np
import soxr
from faster_whisper.feature_extractor import FeatureExtractor
from numpy.typing import NDArray

from voice.line.line import Samples

WHISPER_RATE = 16_000
FRAMES_A_SECOND = 100
LONGEST_S = 30.0  # what the encoder has positions for
# whisper was trained on 30 s windows; encoding them costs six times as much as 10 s, which read as well. With less
# room behind the speech than this it repeats itself.
_SHORTEST_WINDOW_S, _ROOM_S = 10.0, 2.0

_extract = FeatureExtractor()


def log_mel(samples: Samples, rate: int) -> NDArray[np.float32]:
    """Shape (1, 80, frames), a frame each 10 ms; silence fills the window up. Sound beyond 30 s is cut off."""
    sound = soxr.resample(samples.astype(np.float32) / 32768, rate, WHISPER_RATE)
    features = _extract(sound[: int(LONGEST_S * WHISPER_RATE)])
    window_s = min(LONGEST_S, max(_SHORTEST_WINDOW_S, len(sound) / WHISPER_RATE + _ROOM_S))
    missing = round(window_s * FRAMES_A_SECOND) - features.shape[1]
    if missing > 0:
        # The quietest value of this very spectrogram is its silence; zero would be a hum to whisper.
        features = np.pad(features, ((0, 0), (0, missing)), constant_values=features.min())
    even = features.shape[1] // 2 * 2  # the encoder halves the frames
    return np.ascontiguousarray(features[None, :, :even], dtype=np.float32)
