"""Both sides of a call kept in memory, to be listened to."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from voice.call import Event
from voice.line.line import Samples


@dataclass(slots=True)
class Tape:
    """Implements `voice.call.Recorder` for calls that a person listens to afterwards."""

    frames: list[Samples] = field(default_factory=list)

    def add(self, caller: Samples, line: Samples) -> None:
        self.frames.append(np.stack((caller, line), axis=1))

    def event(self, event: Event) -> None:
        """Events are kept by whoever watches the call."""

    def discard(self) -> None:
        self.frames.clear()

    def close(self) -> None:
        """Nothing is held but memory."""

    def stereo(self) -> Samples:
        """Shape (samples, 2): the caller left, the line right."""
        return np.concatenate(self.frames) if self.frames else np.zeros((0, 2), np.int16)
