"""Hears voice messages with the recognisers of the telephone line, which are opened and closed with the server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI

from bot.channels.contract import Hears
from voice.hearing.pool import open_hearing
from voice.hearing.voice_message import voice_message_hearing


class VoiceMessages:
    """A `Hears`. Before the recognisers are open nothing is understood: the person is asked to write."""

    def __init__(self) -> None:
        self._hears: Hears | None = None

    def __call__(self, sound: bytes, media_type: str) -> str | None:
        return self._hears(sound, media_type) if self._hears is not None else None

    @contextlib.asynccontextmanager
    async def lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        hearing = await open_hearing()
        self._hears = voice_message_hearing(hearing, asyncio.get_running_loop())
        yield
        self._hears = None
        await hearing.close()
