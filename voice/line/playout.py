"""What is to be said, queued, and handed out in frames as the line sends them."""

from __future__ import annotations

from collections import deque

import numpy as np

from voice.line.line import FRAME_MS, Samples


class Playout:
    """A queue of sound at one rate. The line takes a frame every 20 ms."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.frame = rate * FRAME_MS // 1000  # samples
        self._pieces: deque[Samples] = deque()
        self._samples = 0

    def add(self, samples: Samples) -> None:
        if len(samples):
            self._pieces.append(samples)
            self._samples += len(samples)

    def clear(self) -> None:
        self._pieces.clear()
        self._samples = 0

    @property
    def pending_ms(self) -> int:
        return self._samples * 1000 // self.rate

    def take(self) -> Samples | None:
        """The next frame, its end filled with silence when the queue runs dry; None: nothing is queued."""
        if not self._samples:
            return None
        frame = np.zeros(self.frame, np.int16)
        filled = 0
        while self._pieces and filled < self.frame:
            piece = self._pieces.popleft()
            part = piece[: self.frame - filled]
            frame[filled : filled + len(part)] = part
            filled += len(part)
            if len(part) < len(piece):
                self._pieces.appendleft(piece[len(part) :])
        self._samples -= filled
        return frame
