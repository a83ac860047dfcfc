"""Twenty callers at once at the real server: some talk, some wait, some are told that all places are taken."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import httpx
import pytest

from backend.store.open import open_store
from bot.call_records import KeptRecordings
from bot.phone_desk import recording_seals
from config.settings import load_settings
from tests.integration.voice.line.sipp import Sipp
from tests.integration.voice.nodes.person import orders_lunch
from tests.integration.voice.nodes.server import VoiceNode

TALKING, WAITING, TOO_MANY = 8, 8, 4


@pytest.mark.slow
async def test_twenty_calls_at_once_are_all_taken_and_all_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = f"sqlite:///{tmp_path / 'line.sqlite'}"
    orders_lunch(tmp_path)
    places = {"NUANXIAN_LINE_TALKING": str(TALKING), "NUANXIAN_LINE_WAITING": str(WAITING)}
    async with VoiceNode(tmp_path, "voice", {"NUANXIAN_DB": database, **places}) as server:
        await server.opened()
        callers = await Sipp.start(
            "crowd", line_port=server.sip_port, calls=20, rate=10, folder=tmp_path, within_s=100
        )
        await callers.finish()
        async with httpx.AsyncClient(timeout=30) as client:
            health = await client.get(f"http://127.0.0.1:{server.http_port}/healthz")
            assert health.status_code == 200
    assert len(server.logged("line.connected")) == 20
    assert len(server.logged("line.waits")) == WAITING and len(server.logged("line.full")) == TOO_MANY
    for trouble in (
        "line.call_failed",
        "call_step_failed",
        "answer_failed",
        "call_not_noted",
        "line.tick_failed",
    ):
        assert not server.logged(trouble)
    monkeypatch.setenv("NUANXIAN_KEYS", str(tmp_path / "voice" / "var" / "keys"))
    house = load_settings(db=database)
    store = open_store(house)
    with store.reading() as uow:
        calls = uow.call_records.page(limit=50)
    store.close()
    kept = KeptRecordings(tmp_path / "voice" / "var" / "calls", recording_seals(house)[1])
    stories = [kept.story(call) for call in calls if call.reason == "caller"]
    heard = [one.text for story in stories if story for one in story.spoken if one.by_caller]
    assert len({call.caller for call in calls}) == 20
    became = Counter(call.reason for call in calls)
    assert became["full"] == TOO_MANY
    assert became["caller"] >= TALKING and became["caller"] + became["waited"] == TALKING + WAITING
    assert any("午饭" in text for text in heard)
