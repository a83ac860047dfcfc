"""Voice messages are heard by the recognisers of the telephone, in their turn among the calls."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot import server
from bot.channels.voice_messages import VoiceMessages
from bot.composition import open_house
from bot.telephone import Telephone
from config.messaging import Messaging
from config.telephone import TelephoneSettings
from tests.unit.voice.fakes import LevelDetector, noise
from voice.hearing.recogniser import Heard, Hint, Reading
from voice.hearing.voice_message import LONGEST_PIECE_S, MESSAGES
from voice.line.line import Samples
from voice.sound_file import write_wav


class Counting:
    """Reads each piece as its number, and keeps whose it was and how long."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, float]] = []

    def detector(self) -> LevelDetector:
        return LevelDetector()

    async def recognise(self, samples: Samples, rate: int, hint: Hint, *, call_id: str) -> Heard:
        self.asked.append((call_id, len(samples) / rate))
        return Heard((Reading(f"第{len(self.asked)}段", 0.9),), "x", len(samples) / rate, 0.0)

    async def close(self) -> None:
        """Holds nothing."""


async def test_a_long_message_is_heard_in_pieces_that_share_one_turn() -> None:
    sound = io.BytesIO()
    write_wav(sound, np.stack([noise(30_000)] * 2, axis=1), 8_000)
    messages, hearing = VoiceMessages(), Counting()
    assert await asyncio.to_thread(messages, sound.getvalue(), "audio/wav") is None
    messages.use(hearing)
    assert await asyncio.to_thread(messages, sound.getvalue(), "audio/wav") == "第1段，第2段，第3段，第4段"
    assert {call for call, _ in hearing.asked} == {MESSAGES}
    assert max(length for _, length in hearing.asked) <= LONGEST_PIECE_S
    messages.use(None)
    assert await asyncio.to_thread(messages, sound.getvalue(), "audio/wav") is None


def test_the_server_lets_the_telephone_hear_the_messages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounted: list[Any] = []
    monkeypatch.setattr(server, "mount_channels", lambda _app, _house, hears, *_, **__: mounted.append(hears))
    house = open_house(db=f"sqlite:///{tmp_path / 'line.sqlite'}")
    telephone = Telephone(house, TelephoneSettings())
    server.build_app(house, Messaging(voice_messages=True), telephone)
    server.build_app(house, Messaging(voice_messages=True))
    server.build_app(house, Messaging(voice_messages=False), telephone)
    house.store.close()
    assert mounted == [telephone.voice_messages, None, None]
