"""The end of a call is noted whatever happens in the moment it is noted."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from backend.domain.local_time import local_now
from bot import call_records
from bot.call_records import CallKeeper


async def test_a_server_that_is_stopped_while_the_end_is_noted_notes_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noting, noted = asyncio.Event(), []
    loop = asyncio.get_running_loop()

    class Note:
        def __init__(self, store: object) -> None: ...

        def begin(self, *told: object) -> None: ...

        def end(self, ended: object) -> None:
            loop.call_soon_threadsafe(noting.set)
            time.sleep(0.2)
            noted.append(ended)

    async def over() -> str:
        return "caller"

    monkeypatch.setattr(call_records, "CallNote", Note)
    monkeypatch.setattr(call_records, "Call", lambda *_, **__: SimpleNamespace(run=over))
    connection: Any = SimpleNamespace(id="c1", caller="13909510001", rate=8000, hang_up=over)
    store: Any = None
    desk: Any = None
    call = asyncio.create_task(CallKeeper(store, None, Path(), local_now).run(connection, desk))
    await noting.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert len(noted) == 1
