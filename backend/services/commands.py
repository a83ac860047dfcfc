"""What the outside may ask for: commands are imperative and plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from backend.domain.order import Move, Wanted
from backend.domain.queue import TaskKind


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    key: str | None  # idempotency key: the same key never makes a second order; None: never to be repeated
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
    origin: str = ""  # see `HistoryRow.origin`
    region: str | None = (
        None  # code in config/regions.yaml; else it is told by the person's record or the address
    )
    bundle: str | None = None


@dataclass(frozen=True, slots=True)
class MoveOrder:
    """Any move of an order. `backend/domain/payload.py` says what each needs."""

    number: str
    move: Move
    at: datetime
    actor: str
    reason: str = ""
    expected_version: int | None = None  # refuse when the order changed since this version
    payload: Mapping[str, Any] = field(default_factory=dict)
    origin: str = ""  # see `HistoryRow.origin`
    key: str | None = None  # idempotency key: the same move of the same order with this key is made once


@dataclass(frozen=True, slots=True)
class OfferOrder:
    """Ask a worker or a provider. Without `worker` the best one is asked; with it a person decides, and the scores are noted
    all the same. Whoever is ruled out is asked with `override` only."""

    number: str
    at: datetime
    actor: str
    worker: str | None = None  # code of a worker or a provider
    wants_gender: str | None = None  # "f" or "m": what the elder wished for
    override: bool = False
    reason: str = ""
    expected_version: int | None = None
    origin: str = ""
    key: str | None = None


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
    region: str | None = None  # when it is known already; else that of the person, the place or the order
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
