"""Which packets of a bad network get lost: each by itself, or several in a row."""

from __future__ import annotations

import random


class Losses:
    """Says for each packet whether it gets lost; the same for the same `seed`.

    `share` (0..1, less than 1) of all packets. `burst`: how many are lost in a row on average (Gilbert's model); 0: each
    packet is lost or not by itself.
    """

    def __init__(self, share: float, *, burst: float = 0, seed: int = 0) -> None:
        if not 0 <= share < 1 or (burst and burst < 1):
            raise ValueError(
                "of all packets a share less than 1 gets lost, in bursts of 1 at least (0: no bursts)"
            )
        self._share, self._burst = share, burst
        self._random = random.Random(seed)  # noqa: S311 (repeatable, not secret)
        self._losing = False

    def __call__(self) -> bool:
        self._losing = self._random.random() < self._chance()
        return self._losing

    def _chance(self) -> float:
        if not self._burst:
            return self._share
        if self._losing:
            return 1 - 1 / self._burst
        return min(1.0, self._share / (self._burst * (1 - self._share)))
