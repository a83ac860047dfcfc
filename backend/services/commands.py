"""What the outside may ask for: commands are imperative and plain data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from backend.domain.order import Wanted
from backend.domain.queue import TaskKind


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    key: str  # idempotency key: the same key never makes a second order
    item: str
    beneficiary: str
    caller: str
    session: str
    at: datetime
    wanted: Wanted
    beneficiary_name: str | None = None
    elder_id: int | None = None
    place: str | None = None
    phone: str | None = None
    details: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CancelOrder:
    number: str
    at: datetime
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class RescheduleOrder:
    number: str
    at: datetime
    actor: str
    wanted: Wanted
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AcceptOrder:
    number: str
    at: datetime
    actor: str
    assignee: str | None = None


@dataclass(frozen=True, slots=True)
class ReassignOrder:
    number: str
    at: datetime
    actor: str
    department: str
    reason: str


@dataclass(frozen=True, slots=True)
class FinishOrder:
    number: str
    at: datetime
    actor: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class OpenTask:
    key: str  # idempotency key
    kind: TaskKind
    session: str
    sender: str
    at: datetime
    text: str
    why: str
    who: str | None = None
    place: str | None = None
    phone: str | None = None
    elder_id: int | None = None
    order_number: str | None = None
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AcknowledgeTask:
    task_id: int
    at: datetime
    actor: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class RegisterCaller:
    """Somebody we did not know gave a name or an address on the way."""

    sender: str
    at: datetime
    name: str | None = None
    address: str | None = None
    phone: str | None = None
    pace: int | None = None
    loudness: int | None = None
