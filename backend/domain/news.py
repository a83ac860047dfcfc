"""News of orders: who is told what, and when. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from backend.domain.family import Binding
from backend.domain.order import Move, Order, State
from backend.domain.phone import normal_phone


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody to be told. `bound`: they may see the elder's record; else only what they ordered themselves."""

    person: str  # a phone number or channel id
    bound: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """A month of one elder, in numbers."""

    done: int
    open: int
    cancelled: int


def recipients(order: Order, bindings: Iterable[Binding]) -> Sequence[Recipient]:
    """Bound relatives who may see, and whoever ordered by a message. Telephone callers are not written to unasked."""
    seen = {
        binding.sender: Recipient(binding.sender, bound=True) for binding in bindings if binding.rights.see
    }
    if is_written_to(order.caller):
        seen.setdefault(order.caller, Recipient(order.caller, bound=False))
    return tuple(seen.values())


def is_written_to(caller: str) -> bool:
    """Whether this is the address of somebody who ordered by a message."""
    return normal_phone(caller) is None and ":" in caller


def made_by_caller(order: Order, move: str) -> bool:
    """Whether the last change of this kind was made in the caller's own conversation."""
    row = next((row for row in reversed(order.history) if row.move == move), None)
    return row is None or row.actor == "caller"


def rating(order: Order) -> int | None:
    """How content the elder was, 1 to 5, when they said so."""
    for row in reversed(order.history):
        if row.move in (Move.CONFIRM, Move.FOLLOW_UP) and isinstance(row.payload.get("satisfaction"), int):
            satisfaction: int = row.payload["satisfaction"]
            return satisfaction
    return None


def photo_count(order: Order) -> int:
    """Pictures of the work that was done last."""
    finished = next((row for row in reversed(order.history) if row.move == Move.FINISH), None)
    photos = finished.payload.get("photos") if finished else None
    return len(photos) if isinstance(photos, Sequence) and not isinstance(photos, str) else 0


def due_at(now: datetime, quiet_from: time, quiet_until: time) -> datetime:
    """When a person may be written to: now, or when the quiet hours (over midnight or not) are over."""
    clock = now.time()
    over_midnight = quiet_from > quiet_until
    quiet = (
        (clock >= quiet_from or clock < quiet_until) if over_midnight else quiet_from <= clock < quiet_until
    )
    if not quiet:
        return now
    day = now.date() + timedelta(days=1) if over_midnight and clock >= quiet_from else now.date()
    return datetime.combine(day, quiet_until)


def month_before(day: date) -> tuple[date, date]:
    """The first day of the month before, and of this month."""
    this = day.replace(day=1)
    return (this - timedelta(days=1)).replace(day=1), this


def summary(orders: Iterable[Order], first: date, end: date) -> Summary:
    """The orders placed from `first` until before `end`."""
    of_month = [order for order in orders if first <= order.placed_at.date() < end]
    done = sum(order.stage is State.DONE for order in of_month)
    cancelled = sum(order.state is State.CANCELLED for order in of_month)
    return Summary(done, len(of_month) - done - cancelled, cancelled)
