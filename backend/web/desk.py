"""What every staff page works with, put together once per app."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Request

from backend.services.access_ports import Access
from backend.services.live import Live
from backend.services.ports import Stores
from backend.store.pictures import Pictures
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
    pictures: Pictures | None = None  # where pictures of the work are kept; None: forms take none

    @property
    def words(self) -> Words:
        return self.pages.words

    def note_look(self, visit: Visit, request: Request, action: str, kind: str, key: str) -> None:
        """Write to the access log that this person is shown somebody's data in full, before the page leaves the house."""
        self.note_looks(visit, request, action, kind, [key])

    def note_looks(self, visit: Visit, request: Request, action: str, kind: str, keys: Sequence[str]) -> None:
        """The same for several at once; for none it asks nothing of the database."""
        if not keys:
            return
        source = request.client.host if request.client else ""
        login = visit.user.login
        with self.store.unit_of_work() as uow:
            uow.access_log.note([Access(visit.now, login, None, action, kind, key, source) for key in keys])
            uow.commit()
