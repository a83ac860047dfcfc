"""How often one token may ask: a token bucket each, in this process."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable

from backend.web.api.problem import ProblemError

KEPT = 10_000  # buckets; the one longest unused is forgotten


class RateLimit:
    """`rate_hz` requests a second for ever, `burst` at once."""

    def __init__(
        self, rate_hz: float, burst: int, clock: Callable[[], float] = time.monotonic, kept: int = KEPT
    ) -> None:
        self._rate_hz, self._burst, self._clock, self._kept = rate_hz, burst, clock, kept
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # key → (left, at)

    def take(self, key: str) -> None:
        """Raises ProblemError 429 with Retry-After in whole seconds when the bucket of this key is empty."""
        now = self._clock()
        left, at = self._buckets.pop(key, (float(self._burst), now))
        left = min(self._burst, left + (now - at) * self._rate_hz)
        allowed = left >= 1
        self._buckets[key] = (left - 1 if allowed else left, now)
        if len(self._buckets) > self._kept:
            self._buckets.popitem(last=False)
        if not allowed:
            wait_s = math.ceil((1 - left) / self._rate_hz)
            raise ProblemError(
                429, "too-many-requests", f"Too many requests with this token: try again in {wait_s} s.",
                headers={"Retry-After": str(wait_s)},
            )  # fmt: skip
