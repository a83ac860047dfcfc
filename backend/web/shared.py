"""What many screens ask for at the same moment, made once for all of them.

When something happens every open screen shows its list again. What two screens show differs by the view they chose and by what
their logins may see and do; between two people of equal sight only the token of their forms differs, and that is put in last.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from starlette.concurrency import run_in_threadpool

from backend.services.live import Live
from backend.web.guard import Visit

KEPT_S = 1.0  # what changes without an event (names, «3 minutes ago») is seen after this
MOST_KEPT = 200
PLACE_OF_TOKEN = f"token-{secrets.token_hex(16)}"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Made:
    """A value that is made, or just being made, from what stood in the database after the event `last_id`."""

    last_id: int
    at: float  # of a clock that never jumps
    value: asyncio.Task[Any]

    def is_fresh(self, last_id: int) -> bool:
        if (self.last_id, self.value.get_loop()) != (last_id, asyncio.get_running_loop()):
            return False
        failed = self.value.done() and (self.value.cancelled() or self.value.exception() is not None)
        return not failed and time.monotonic() - self.at < KEPT_S


class Shared:
    """The values that were made last."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._made: dict[Hashable, _Made] = {}

    async def value(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value of this key; `make` makes it in a thread, once for all who ask before the next event."""
        last_id = self._live.last_id
        made = self._made.get(key)
        if made is None or not made.is_fresh(last_id):
            if len(self._made) >= MOST_KEPT:
                self._made.clear()
            task = asyncio.create_task(run_in_threadpool(make))
            made = self._made[key] = _Made(last_id, time.monotonic(), task)
        value: T = await asyncio.shield(made.value)  # whoever goes away does not take it from the others
        return value

    async def part(self, view: Hashable, visit: Visit, render: Callable[[Visit], str]) -> str:
        """The part of a page that this visit sees; `render` gets a visit of equal sight."""
        html, _ = await self.part_of(view, visit, lambda anybody: (render(anybody), None))
        return html

    async def part_of(
        self, view: Hashable, visit: Visit, render: Callable[[Visit], tuple[str, T]]
    ) -> tuple[str, T]:
        """The same, with what it was made of."""
        anybody = replace(visit, csrf=PLACE_OF_TOKEN)
        html, made_of = await self.value((view, visit.sight), lambda: render(anybody))
        return html.replace(PLACE_OF_TOKEN, visit.csrf), made_of
