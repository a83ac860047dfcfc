"""What else staff must look at besides orders: emergencies, people who want a person, complaints."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class TaskKind(StrEnum):
    EMERGENCY = "emergency"
    HANDOFF = "handoff"
    COMPLAINT = "complaint"
    LATE = "late"  # an order was reported to the next level


@dataclass(frozen=True, slots=True)
class Task:
    """An entry of the staff queue that is not an order. It stays open until somebody acknowledges it."""

    id: int | None
    kind: TaskKind
    session: str
    sender: str
    opened_at: datetime
    text: str  # what was said that caused it
    why: str  # danger kind and words, reason of the hand-off, what is complained of
    who: str | None = None  # name of the person concerned, if known
    place: str | None = None
    phone: str | None = None
    elder_id: int | None = None
    order_number: str | None = None
    region: str | None = None  # code of config/regions; None: not known, so it is everybody's
    told: tuple[str, ...] = ()  # contacts to be told (emergencies), "name relation phone"
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    note: str = ""


class AlreadyAcknowledgedError(Exception):
    """Somebody else took this task first."""
