"""A person on a telephone: listens until the line is silent, then speaks. Knows nothing of the line but its sound."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.unit.voice.fakes import speech
from voice.audio.g711 import encode_alaw
from voice.audio.level import level_dbfs
from voice.line.line import FRAME_MS, Connection, Ended, LineEvent, Sound
from voice.simulate.script import Conditions
from voice.simulate.sound import CallerVoices

VOICES = Path(__file__).parents[3] / "calls" / "voices"
SPEAKS_DB = -50.0
TURN_MS = (
    1_200  # of silence after speech: it is my turn; longer than any pause between two sentences of the line
)
LISTENS_S = 60.0


class Person:
    """One call of one person."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._events = connection.events()

    async def listen(self) -> int:
        """Until the line has spoken and is silent. How many milliseconds it spoke."""
        spoken_ms = silent_ms = 0
        async with asyncio.timeout(LISTENS_S):
            while not spoken_ms or silent_ms < TURN_MS:
                event = await self._next()
                assert not isinstance(event, Ended), f"the line hung up: {event.reason}"
                if isinstance(event, Sound):
                    speaks = level_dbfs(event.samples) > SPEAKS_DB
                    spoken_ms += FRAME_MS * speaks
                    silent_ms = 0 if speaks else silent_ms + FRAME_MS
        return spoken_ms

    async def say(self, text: str) -> None:
        """In a synthetic voice; the text must have been rendered for the scripted calls."""
        self._connection.play(_voices().say(text, Conditions()))
        await self._until_said()

    async def hello(self) -> None:
        """What whoever picks up says."""
        self._connection.play(speech(500))
        await self._until_said()

    async def hang_up(self) -> None:
        await self._connection.hang_up()

    async def _until_said(self) -> None:
        while self._connection.pending_ms:
            await self._next()

    async def _next(self) -> LineEvent:
        return await anext(self._events)


def _voices() -> CallerVoices:
    def no_voice(speaker: str) -> None:
        raise AssertionError(f"{speaker} has not been rendered in {VOICES}")

    return CallerVoices(VOICES, no_voice)  # type: ignore[arg-type]


def orders_lunch(folder: Path) -> None:
    """Puts what the callers of the sipp scenario «crowd» play into its folder."""
    lunch = CallerVoices(VOICES, lambda speaker: pytest.fail(f"{speaker} is not rendered"))
    (folder / "speech.alaw").write_bytes(encode_alaw(lunch.say("我想订个午饭", Conditions())))
