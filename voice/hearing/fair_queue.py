"""Whose utterance is recognised next: each call in turn, however much one of them has waiting."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Round robin by call; within a call first come, first served. Bounded over all calls."""

    def __init__(self, most: int) -> None:
        self._most, self._size = most, 0
        self._waiting: dict[str, deque[T]] = {}  # in the order of their turns

    def __len__(self) -> int:
        return self._size

    def put(self, call_id: str, item: T) -> bool:
        """False when the queue is full, and nothing was put."""
        if self._size >= self._most:
            return False
        self._waiting.setdefault(call_id, deque()).append(item)
        self._size += 1
        return True

    def take(self) -> T | None:
        """The next one; its call goes to the end of the row. None when nothing waits."""
        if not self._waiting:
            return None
        call_id, items = next(iter(self._waiting.items()))
        del self._waiting[call_id]
        item = items.popleft()
        if items:
            self._waiting[call_id] = items
        self._size -= 1
        return item
