"""What asking people how they are needs of the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from backend.domain.people import Elder


@dataclass(frozen=True, slots=True)
class CareRecord:
    """One contact: what was asked and answered. `answers`: key of the question → `text`, and `yes` or `stars`."""

    elder_id: int
    at: datetime
    way: str  # "phone"
    answers: Mapping[str, Mapping[str, Any]]


class Care(Protocol):
    def add(self, record: CareRecord, session: str) -> None: ...
    def of_session(self, session: str) -> CareRecord | None: ...
    def forget_before(self, at: datetime, *, limit: int) -> int: ...  # how many were deleted
    def waiting(self, groups: Sequence[str], *, since: datetime, limit: int) -> Sequence[Elder]:
        """People of these groups whom nobody has asked, and whom no call was wanted for, since then."""
        ...
