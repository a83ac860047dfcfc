"""The list of orders that are past a limit. `backend/store/late_orders.py` implements it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from backend.domain.deadlines import Deadline
from backend.domain.order import Order
from backend.services.order_filter import OrderFilter


@dataclass(frozen=True, slots=True)
class LateFilter(OrderFilter):
    """Of those orders the ones that were reported, or that are past a limit of one of these steps at this moment."""

    at: datetime | None = None  # always given: the fields before it may be left out
    steps: tuple[str, ...] = ()


class LateOrders(Protocol):
    def page(self, wanted: LateFilter, *, before: str | None, limit: int) -> Sequence[Order]:
        """Newest first; `before` is the number of the last order of the page before."""
        ...

    def clocks(self, numbers: Collection[str]) -> Mapping[str, Sequence[Deadline]]:
        """The clocks of each of these orders, asked for at once."""
        ...
