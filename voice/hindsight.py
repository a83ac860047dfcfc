"""The last of what the caller said, to be recognised once it is known where it began."""

from __future__ import annotations

from collections import deque

import numpy as np

from voice.line.line import FRAME_MS, Samples
from voice.turns.actions import Stretch


class Hindsight:
    """Keeps the latest frames of a call, bounded whatever its length."""

    def __init__(self, kept_ms: int) -> None:
        self._frames: deque[tuple[int, Samples]] = deque(maxlen=kept_ms // FRAME_MS)

    def add(self, at_ms: int, samples: Samples) -> None:
        """A frame that began at `at_ms`."""
        self._frames.append((at_ms, samples))

    def between(self, stretch: Stretch) -> Samples:
        """The sound of this stretch, as far as it is still there and has come already."""
        within = [frame for at_ms, frame in self._frames if stretch.start_ms <= at_ms < stretch.end_ms]
        return np.concatenate(within) if within else np.zeros(0, np.int16)
