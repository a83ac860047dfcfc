"""A server that is stopped in the middle of a call: it says goodbye in good order, and nothing of the call is lost."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from backend.domain.local_time import local_now
from backend.store.open import open_store
from bot.call_records import KeptRecordings
from bot.phone_desk import recording_seals
from bot.supervisor import ENDS_WITHIN_S
from config.settings import load_settings
from tests.integration.voice.line.sipp import Sipp
from tests.integration.voice.nodes.person import orders_lunch
from tests.integration.voice.nodes.server import VoiceNode

CALLS = 3


@pytest.mark.slow
async def test_calls_are_hung_up_and_kept_when_the_server_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = f"sqlite:///{tmp_path / 'line.sqlite'}"
    orders_lunch(tmp_path)
    async with VoiceNode(tmp_path, "voice", {"NUANXIAN_DB": database}) as server:
        await server.opened()
        callers = await Sipp.start("crowd", line_port=server.sip_port, calls=CALLS, folder=tmp_path)
        async with asyncio.timeout(20):
            while len(server.logged("line.connected")) < CALLS:  # noqa: ASYNC110 (another process)
                await asyncio.sleep(0.1)
        await asyncio.sleep(7)  # the callers speak
        began = time.monotonic()
        await server.stop(ENDS_WITHIN_S)
        assert time.monotonic() - began < ENDS_WITHIN_S
        await callers.finish()  # each was told that it is over
    monkeypatch.setenv("NUANXIAN_KEYS", str(tmp_path / "voice" / "var" / "keys"))
    house = load_settings(db=database)
    store = open_store(house)
    with store.reading() as uow:
        calls = uow.call_records.page(limit=9)
    store.close()
    kept = KeptRecordings(tmp_path / "voice" / "var" / "calls", recording_seals(house)[1])
    assert len(calls) == CALLS
    for call in calls:
        assert call.reason is not None, "its end was seen"
        assert call.began <= call.ended <= local_now()
        assert kept.story(call) is not None
