"""What every address of the API works with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi.params import Depends

from backend.services.live import Live
from backend.services.ports import Stores
from backend.web.api.caller import Door

PROBLEM: dict[str, Any] = {
    "description": "Refused; the document says why (RFC 9457).",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


@dataclass(frozen=True, slots=True)
class Desk:
    """The store, the door, and the live events."""

    store: Stores
    door: Door
    live: Live
    demo: bool

    @property
    def caller(self) -> Any:
        """The dependency that gives the `Caller`."""
        return Depends(self.door.caller)


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The answers that an address may give besides the good one; every address may refuse with 401, 403, 422, 429, 503."""
    return dict.fromkeys(sorted({400, 401, 403, 422, 429, 503, *statuses}), PROBLEM)
