"""Tells when messages come faster than they can be answered: then to acknowledge them comes first."""

from __future__ import annotations

from collections import deque
from threading import Lock

WINDOW_S = 1.0


class Rush:
    """Counts arrivals of the last second. Safe to share between threads."""

    def __init__(self, most: int) -> None:
        """`most`: arrivals in a second that can be answered as they come."""
        self._most = most
        self._lock = Lock()
        self._at: deque[float] = deque()

    def arrived(self, now_s: float) -> bool:
        """Note an arrival; whether it belongs to a rush."""
        with self._lock:
            self._at.append(now_s)
        return self.on(now_s)

    def on(self, now_s: float) -> bool:
        with self._lock:
            while self._at and self._at[0] <= now_s - WINDOW_S:
                self._at.popleft()
            return len(self._at) > self._most
