"""What the review list needs of the store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from backend.domain.review import Reason, Sentence


class ReviewList(Protocol):
    def note(
        self,
        text: str,
        *,
        key: str,
        understood: Sequence[str],
        reason: Reason,
        channel: str,
        asked: str | None,
        at: datetime,
    ) -> int:
        """Add a sentence, or count one more of those with this key; how often it has come."""
        ...

    def keep_newest(self, most: int) -> int:
        """Drop the waiting sentences that have not come for longest, beyond `most`; how many went."""
        ...

    def get(self, sentence_id: int) -> Sentence: ...  # raises SentenceNotFoundError
    def waiting(self, limit: int) -> Sequence[Sentence]: ...  # the most frequent first, then the newest
    def count_waiting(self) -> int: ...
    def labelled(self) -> Sequence[Sentence]: ...  # those that have labels, in the order they were decided
    def decide(self, sentence_id: int, labels: Sequence[str], *, by: str, at: datetime) -> bool: ...
    def take_back(self, sentence_id: int) -> bool: ...  # both: False when it was not so, or is gone
