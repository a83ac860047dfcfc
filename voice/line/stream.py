"""What connections over a byte stream have in common: they keep their own time, inwards and outwards."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Coroutine
from typing import Any
from uuid import uuid4

import numpy as np
import structlog

from voice.audio.resample import Resampler
from voice.audio.tones import KEY_TONES, key_sound
from voice.line.inbox import Inbox
from voice.line.intake import Intake
from voice.line.line import FRAME_MS, GoneError, Hangup, Key, LineError, LineEvent, OnCall, Samples
from voice.line.playout import Playout
from voice.line.taking import take_call

log = structlog.get_logger(__name__)

# A peer that sends nothing at all for so long is gone: both protocols send sound, if only silence, all the time.
SILENT_S = 60
KEY_PAUSE_MS = 80


class StreamConnection(ABC):
    """`carry` runs its clock until the end; what the peer sends comes in by `heard`, `pressed` and `over`.

    `ahead_ms`: how far sound is sent ahead of its time. `fills`: silence is sent too.
    """

    def __init__(self, *, caller: str, called: str, rate: int, ahead_ms: int, fills: bool) -> None:
        self.id = uuid4().hex
        self.caller, self.called, self.rate = caller, called, rate
        self._ahead_s, self._fills = ahead_ms / 1000, fills
        self._inbox = Inbox()
        self._playout = Playout(rate)
        self._intake = Intake(rate)
        self._from_line = Resampler(rate, rate)
        self._silence = np.zeros(self._playout.frame, np.int16)
        self._received: list[Samples] = []
        self._answered_s = self._heard_s = self._sent_until_s = time.monotonic()

    def events(self) -> AsyncIterator[LineEvent]:
        return self._inbox.events()

    def play(self, samples: Samples) -> None:
        if not self._inbox.ended:
            self._playout.add(samples)

    def flush(self) -> None:
        self._playout.clear()
        self._sent_until_s = time.monotonic()

    @property
    def pending_ms(self) -> int:
        sent_ahead = max(0.0, self._sent_until_s - time.monotonic())
        return self._playout.pending_ms + int(sent_ahead * 1000)

    async def send_keys(self, keys: str) -> None:
        """As sound: neither protocol carries keys in this direction."""
        if self._inbox.ended:
            raise GoneError(f"call {self.id} is over")
        if not set(keys) <= set(KEY_TONES):
            raise LineError("keys are 0-9, *, # and A-D")
        pause = np.zeros(self.rate * KEY_PAUSE_MS // 1000, np.int16)
        for key in keys:
            self.play(np.concatenate([key_sound(key, self.rate), pause]))

    async def transfer(self, to: str) -> None:
        raise LineError("this line can not transfer calls: bridge a person in, or let the exchange do it")

    async def hang_up(self) -> None:
        if not self._inbox.ended:
            self._end(Hangup.LINE)
            await self._close()

    # What the peer does.

    def heard(self, samples: Samples, rate: int) -> None:
        if rate != self._from_line.rate:
            self._from_line = Resampler(rate, self.rate)
        self._received.append(self._from_line.add(samples))
        self._heard_s = time.monotonic()

    def pressed(self, key: str) -> None:
        self._inbox.put(Key(key, self._now_ms()))

    def played(self) -> None:
        """The peer reports that everything sent has been heard."""
        self._sent_until_s = time.monotonic()

    def over(self, reason: Hangup) -> None:
        self._end(reason)

    async def carry(self) -> None:
        """The clock. After a blocked event loop what is overdue is skipped: a burst would only pile up over there."""
        while not self._inbox.ended:
            await asyncio.sleep(FRAME_MS / 1000)
            received = np.concatenate(self._received) if self._received else self._silence[:0]
            self._received.clear()
            for sound in self._intake.add(received, self._now_ms()):
                self._inbox.put(sound)
            if time.monotonic() - self._heard_s > SILENT_S:
                log.warning("line.lost", call=self.id, why=f"nothing received for {SILENT_S} s")
                self._end(Hangup.LOST)
                await self._close()
                return
            await self._send_due()

    async def _send_due(self) -> None:
        now = time.monotonic()
        self._sent_until_s = max(self._sent_until_s, now)
        while self._sent_until_s - now < self._ahead_s:
            frame = self._playout.take()
            if frame is None and not self._fills:
                return
            self._sent_until_s += FRAME_MS / 1000
            await self._send(self._silence if frame is None else frame)

    @abstractmethod
    async def _send(self, frame: Samples) -> None:
        """20 ms of sound, now."""

    @abstractmethod
    async def _close(self) -> None:
        """Tell the peer that the call is over, and leave."""

    def _end(self, reason: Hangup) -> None:
        self._inbox.end(reason, self._now_ms())
        self._playout.clear()

    def _now_ms(self) -> int:
        return int((time.monotonic() - self._answered_s) * 1000)


async def talk(connection: StreamConnection, listening: Coroutine[Any, Any, None], on_call: OnCall) -> None:
    """The length of a call: its clock and its listening run beside whoever takes it."""
    background = [asyncio.create_task(connection.carry()), asyncio.create_task(listening)]
    try:
        await take_call(on_call, connection)
    finally:
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
