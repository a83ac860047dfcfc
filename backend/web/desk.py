"""What every staff page works with, put together once per app."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request

from backend.services.access_ports import Access
from backend.services.live import Live
from backend.services.ports import Stores
from backend.web.guard import Guard, Visit
from backend.web.pages import Pages
from backend.web.words import Words


@dataclass(frozen=True, slots=True)
class Desk:
    """The store, the pages, the guard at the door and the live events."""

    store: Stores
    pages: Pages
    guard: Guard
    live: Live

    @property
    def words(self) -> Words:
        return self.pages.words

    def note_look(self, visit: Visit, request: Request, action: str, kind: str, key: str) -> None:
        """Write to the access log that this person is shown somebody's data in full, before the page leaves the house."""
        source = request.client.host if request.client else ""
        with self.store.unit_of_work() as uow:
            uow.access_log.note([Access(visit.now, visit.user.login, None, action, kind, key, source)])
            uow.commit()
