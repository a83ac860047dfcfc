"""Finding people by name or number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from backend.domain.access import Reach
from backend.domain.people import Elder


class PeopleLists(Protocol):
    def page(self, text: str, reach: Reach, *, after: int | None, limit: int) -> Sequence[Elder]:
        """People whose name begins like `text`, or with this whole number (in any writing), their contacts' included.

        By id; `after` is the id of the last one of the page before.
        """
        ...

    def lock(self, elder_id: int) -> None:
        """Nobody else changes this person till commit."""
        ...
