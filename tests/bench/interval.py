"""How sure a measured share or percentile is: 95 % intervals, said beside the number."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tests.bench.machine import percentile

Z = 1.96  # 95 % of a normal distribution


def wilson(hits: int, of: int) -> tuple[float, float]:
    """Between which shares (0..1) the true one lies, by Wilson's score; holds for few and for none, too."""
    if not of:
        return 0.0, 1.0
    share, squared = hits / of, Z**2 / of
    middle = (share + squared / 2) / (1 + squared)
    wide = Z * math.sqrt(share * (1 - share) / of + squared / (4 * of)) / (1 + squared)
    return max(0.0, middle - wide), min(1.0, middle + wide)


def share_of(hits: int, of: int) -> str:
    """«3 of 320 (0.9 %, 95 % interval 0.3 to 2.7 %)»"""
    low, high = wilson(hits, of)
    share = hits / of if of else 0.0
    return f"{hits} of {of} ({100 * share:.1f} %, 95 % interval {100 * low:.1f} to {100 * high:.1f} %)"


def percentile_between(seconds: Sequence[float], share: float) -> tuple[float, float]:
    """Between which measurements (ms) the true percentile lies, by their order alone."""
    ordered, wide = sorted(seconds), Z * math.sqrt(share * (1 - share) * len(seconds))
    places = (math.floor(share * len(ordered) - wide), math.ceil(share * len(ordered) + wide))
    low, high = (ordered[min(len(ordered) - 1, max(0, place))] * 1000 for place in places)
    return low, high


def spread(seconds: Sequence[float]) -> str:
    """«p50 140, p95 220 (95 % interval 200 to 260), most 400 ms of 120»"""
    if not seconds:
        return "none"
    p50, p95, most = (percentile(seconds, share) for share in (0.5, 0.95, 1))
    low, high = percentile_between(seconds, 0.95)
    return f"p50 {p50:.0f}, p95 {p95:.0f} (95 % interval {low:.0f} to {high:.0f}), most {most:.0f} ms of {len(seconds)}"
