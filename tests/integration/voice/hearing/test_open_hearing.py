"""The whole hearing as the line opens it: worker process, default engine, voice messages."""

import asyncio
from pathlib import Path

import pytest

from tests.unit.voice.hearing.speech import RATE, spoken
from tests.unit.voice.hearing.test_media import encoded
from voice.hearing.pool import open_hearing
from voice.hearing.recogniser import HearingError, Hint
from voice.hearing.settings import HearingSettings
from voice.hearing.voice_message import voice_message_hearing

SENTENCE = next(row for row in spoken() if row.text == "后天陪我去医院看病")


@pytest.mark.slow
async def test_calls_and_voice_messages_are_heard() -> None:
    hearing = await open_hearing(HearingSettings(engine="whisper", timeout_s=60))
    try:
        heard = await hearing.recognise(SENTENCE.samples, RATE, Hint(), call_id="a")
        assert "医院看病" in (heard.text or "")
        hear = voice_message_hearing(hearing, asyncio.get_running_loop())
        message = encoded(SENTENCE.samples, "ogg", "libopus")
        assert "医院看病" in (await asyncio.to_thread(hear, message, "audio/ogg") or "")
        assert await asyncio.to_thread(hear, b"OggS broken", "audio/ogg") is None
    finally:
        await hearing.close()


async def test_a_missing_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(HearingError, match=r"does not exist: get a model from https://alphacephei"):
        await open_hearing(HearingSettings(engine="vosk", models=tmp_path))


async def test_a_server_without_address_says_what_to_set() -> None:
    with pytest.raises(HearingError, match="NUANXIAN_HEARING_URL"):
        await open_hearing(HearingSettings(engine="openai", url=None))
