"""Long sound cut where it is quietest, so that no word is cut through."""

from __future__ import annotations

import numpy as np

from voice.line.line import Samples

_STEP_S = 0.1


def cut_at_quiet(samples: Samples, rate: int, longest_s: float) -> list[Samples]:
    """Pieces of at most `longest_s` that make up `samples`; each cut lies in the later half of its piece."""
    longest, step = int(longest_s * rate), int(_STEP_S * rate)
    pieces: list[Samples] = []
    while len(samples) > longest:
        half = longest // 2
        steps = (longest - half) // step
        loudness = (
            np.abs(samples[half : half + steps * step].astype(np.int32)).reshape(steps, step).mean(axis=1)
        )
        cut = half + int(loudness.argmin()) * step + step // 2
        pieces.append(samples[:cut])
        samples = samples[cut:]
    return [*pieces, samples]
