"""Which orders a list shows: what was asked for, within what the asker reaches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from backend.domain.access import Reach
from backend.domain.order import Order, State


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """All conditions hold together; None or empty: any."""

    reach: Reach
    states: tuple[State, ...] = ()
    item: str | None = None
    department: str | None = None
    regions: frozenset[str] | None = None
    worker: str | None = None
    person: int | None = None
    placed_from: datetime | None = None
    placed_before: datetime | None = None
    text: str | None = None  # a number, a whole phone number in any writing, or how a name begins


class OrderLists(Protocol):
    def page(self, wanted: OrderFilter, *, before: str | None, limit: int) -> Sequence[Order]:
        """Newest first; `before` is the number of the last order of the page before."""
        ...
