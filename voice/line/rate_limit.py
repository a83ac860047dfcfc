"""How many calls may come in how fast: a token bucket, on a clock that is handed in."""

from __future__ import annotations

from collections import OrderedDict

# Callers remembered at once: a flood of made-up numbers must not fill the memory.
MAX_CALLERS = 1000


class TokenBucket:
    """`rate` tokens a second flow in, up to `burst`; each call takes one."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate, self._burst = rate, burst
        self._tokens = burst
        self._at_s = float("-inf")

    def take(self, now_s: float) -> bool:
        if self._at_s > float("-inf"):
            self._tokens = min(self._burst, self._tokens + (now_s - self._at_s) * self._rate)
        self._at_s = now_s
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class CallRate:
    """Limits all calls together, and each caller by number so that one dialler does not use up everybody's share."""

    def __init__(self, *, per_second: float, burst: int, per_caller_minute: float, caller_burst: int) -> None:
        self._all = TokenBucket(per_second, burst)
        self._per_caller = per_caller_minute / 60
        self._caller_burst = caller_burst
        self._callers: OrderedDict[str, TokenBucket] = OrderedDict()

    def allows(self, caller: str, now_s: float) -> bool:
        """The caller's own bucket is asked first: calls refused there cost the others nothing."""
        bucket = self._callers.setdefault(caller, TokenBucket(self._per_caller, self._caller_burst))
        self._callers.move_to_end(caller)
        if len(self._callers) > MAX_CALLERS:
            self._callers.popitem(last=False)
        return bucket.take(now_s) and self._all.take(now_s)
