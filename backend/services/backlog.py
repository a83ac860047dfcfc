"""How far behind those are who read the outbox, and what is on its way to webhooks, for whoever watches the server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from backend.services import news, replan
from backend.services.access_ports import Waiting
from backend.services.ports import UnitOfWork

WEBHOOKS = "webhooks"
READERS = (news.READER, replan.READER)  # besides the webhooks


@dataclass(frozen=True, slots=True)
class Backlog:
    """`lag_s`: by reader, the age in seconds of the oldest event it has not read (0: it has read all)."""

    lag_s: Mapping[str, float]
    webhooks: Waiting


def read_backlog(uow: UnitOfWork, now: datetime) -> Backlog:
    """As it stands at this moment. A reader that never began is left out: it reads from its beginning on."""
    places = {reader: uow.mail.position(reader) for reader in READERS} | {WEBHOOKS: uow.webhooks.place()}
    lags = {reader: _lag_s(place, uow, now) for reader, place in places.items() if place is not None}
    return Backlog(lags, uow.webhooks.backlog())


def _lag_s(place: int, uow: UnitOfWork, now: datetime) -> float:
    oldest = uow.outbox.after(place, limit=1)
    return max(0.0, (now - oldest[0].at).total_seconds()) if oldest else 0.0
