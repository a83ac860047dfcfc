"""Hears voice messages: with the recognisers of the telephone where it is on, else with some of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI

from bot.channels.contract import Hears
from voice.hearing.pool import open_hearing
from voice.hearing.recogniser import Hearing
from voice.hearing.voice_message import voice_message_hearing


class VoiceMessages:
    """A `Hears`. Before the recognisers are open nothing is understood: the person is asked to write."""

    def __init__(self) -> None:
        self._hears: Hears | None = None

    def __call__(self, sound: bytes, media_type: str) -> str | None:
        return self._hears(sound, media_type) if self._hears is not None else None

    def use(self, hearing: Hearing | None) -> None:
        """These recognisers, which belong to the running loop, from now on; None: they are being closed."""
        self._hears = None
        if hearing is not None:
            self._hears = voice_message_hearing(hearing, asyncio.get_running_loop())

    @contextlib.asynccontextmanager
    async def lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        """Recognisers of its own, opened and closed with the server."""
        hearing = await open_hearing()
        self.use(hearing)
        yield
        self.use(None)
        await hearing.close()
