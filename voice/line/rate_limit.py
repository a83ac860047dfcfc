"""How many calls may come in how fast: a token bucket, on a clock that is handed in."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from voice.line.numbers import WITHHELD

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


@dataclass(frozen=True, slots=True)
class Allowed:
    """So many calls a minute, and so many of them at once."""

    per_minute: float
    burst: int


class CallRate:
    """Limits all calls together, and each caller so that one dialler does not use up everybody's share.

    Callers are known by their number. Those who withhold it are many people: they share what their `source` may have, the
    address that their calls come from.
    """

    def __init__(self, *, together: Allowed, caller: Allowed, withheld: Allowed) -> None:
        self._all = _bucket(together)
        self._caller, self._withheld = caller, withheld
        self._known: OrderedDict[tuple[str, str], TokenBucket] = OrderedDict()

    def allows(self, caller: str, source: str, now_s: float) -> bool:
        """The caller's own bucket is asked first: calls refused there cost the others nothing."""
        if caller == WITHHELD:
            who, allowed = (caller, source), self._withheld
        else:
            who, allowed = (caller, ""), self._caller
        bucket = self._known.setdefault(who, _bucket(allowed))
        self._known.move_to_end(who)
        if len(self._known) > MAX_CALLERS:
            self._known.popitem(last=False)
        return bucket.take(now_s) and self._all.take(now_s)


def _bucket(allowed: Allowed) -> TokenBucket:
    return TokenBucket(allowed.per_minute / 60, allowed.burst)
