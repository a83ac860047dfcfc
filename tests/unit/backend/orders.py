"""An order to begin with, and what happens to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from backend.domain.order import HistoryRow, Move, Order, State, Wanted

NOW = datetime(2026, 11, 23, 9, 10)  # a Monday

# What each move comes with at the least.
PAYLOADS: dict[Move, dict[str, Any]] = {
    Move.ROUTE: {"department": "town"},
    Move.OFFER: {"worker": "w1"},
    Move.START: {"place": "长城花园3号楼"},
    Move.PAUSE: {"waiting_for": ["户口本"]},
    Move.RESCHEDULE: {"iso": "2026-11-26"},
}


def placed(item: str = "meal", *, at: datetime = NOW, wanted: Wanted | None = None) -> Order:
    return Order(
        number="11230001", item=item, beneficiary="self", beneficiary_name="马秀英", elder_id=1, caller="13909510001",
        wanted=wanted or Wanted(), place=None, phone=None, details=(), session="s", placed_at=at,
        history=(HistoryRow(at, "caller", "place", State.PLACED),),
    )  # fmt: skip


def after(order: Order, *moves: Move, at: datetime = NOW) -> Order:
    for move in moves:
        order = order.moved(move, at=at, actor="x", reason="so", payload=PAYLOADS.get(move, {}))
    return order
