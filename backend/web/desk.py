"""What every staff page works with, put together once per app."""

from __future__ import annotations

from dataclasses import dataclass

from backend.services.live import Live
from backend.services.ports import Stores
from backend.web.guard import Guard
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
