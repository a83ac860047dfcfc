"""How long to wait before something is tried again."""

from __future__ import annotations

from collections.abc import Iterator


def growing(first_s: float, longest_s: float) -> Iterator[float]:
    """Seconds before the second, third … try: each twice the one before, up to the longest. Never ends."""
    pause_s = first_s
    while True:
        yield pause_s
        pause_s = min(2 * pause_s, longest_s)
