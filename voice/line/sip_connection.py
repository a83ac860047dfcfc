"""One SIP call: the stack's audio buffers and events behind our `Connection`."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import uuid4

import numpy as np
import structlog
from baresip import (
    AudioNotActive,
    AudioRestarted,
    BaresipError,
    Call,
    Event,
    StackEvent,
    StaleHandleError,
)

from voice.audio.resample import Resampler
from voice.line.inbox import Inbox
from voice.line.intake import Intake
from voice.line.line import FRAME_MS, GoneError, Hangup, Held, Key, LineError, LineEvent, Samples
from voice.line.numbers import masked
from voice.line.playout import Playout
from voice.line.sip_outcome import outcome

log = structlog.get_logger(__name__)

BYTES = 2  # a sample
# So much is handed to the stack ahead of time: its own thread goes on sending while our event loop is busy.
AHEAD_MS = 800
# Read at once, about 100 ms: the binding makes a buffer of this size each time, so more would cost.
READ_BYTES = 2048
TRANSFER_S = 30
TRANSFERRED = "Call transfered"  # the stack's own spelling
SILENT = "rtp stream error"


def why_closed(text: str | None, *, by_us: bool) -> Hangup:
    """The stack's closing text as a reason. A plain BYE reads «Connection reset by peer»."""
    if text == TRANSFERRED:
        return Hangup.TRANSFERRED
    if by_us:
        return Hangup.LINE
    return Hangup.LOST if text == SILENT else Hangup.CALLER


class SipConnection:
    """An answered call. `tick` must be called every 20 ms or so; a late tick loses nothing."""

    def __init__(
        self,
        call: Call,
        *,
        caller: str,
        called: str,
        address_of: Callable[[str], str],
        on_end: Callable[[], None],
    ) -> None:
        info = call.audio.info()
        self.id = uuid4().hex
        self.caller, self.called = caller, called
        self.rate: int = info.rx_sample_rate
        self._call = call
        self._address_of = address_of
        self._on_end = on_end
        self._answered_s = time.monotonic()
        self._inbox = Inbox()
        self._playout = Playout(self.rate)
        self._intake = Intake(self.rate)
        self._to_line = Resampler(self.rate, info.tx_sample_rate)
        self._from_line = Resampler(info.rx_sample_rate, self.rate)
        self._flushing = False
        self._by_us = False
        self._held = False
        call.on(self._on_stack_event)

    # What everybody may use: `Connection`.

    def events(self) -> AsyncIterator[LineEvent]:
        return self._inbox.events()

    def play(self, samples: Samples) -> None:
        if not self._inbox.ended:
            self._playout.add(samples)
            self._send()

    def flush(self) -> None:
        self._playout.clear()
        try:
            self._call.audio.flush_tx()
            self._flushing = True
        except (AudioNotActive, AudioRestarted):
            pass  # nothing is queued then

    @property
    def pending_ms(self) -> int:
        return self._playout.pending_ms + (0 if self._flushing else self._ahead_ms())

    async def send_keys(self, keys: str) -> None:
        await self._do(self._call.send_dtmf(keys), f"keys could not be sent to call {self.id}")

    async def transfer(self, to: str) -> None:
        log.info("line.transfer", call=self.id, to=masked(to))
        await self._do(
            self._call.transfer(self._address_of(to), timeout=TRANSFER_S), f"call {self.id} not transferred"
        )

    async def hang_up(self) -> None:
        if self._inbox.ended:
            return
        self._by_us = True
        try:
            await self._call.hangup()
        except StaleHandleError:
            pass  # both hung up at once
        except BaresipError as error:
            log.error("line.hang_up_failed", call=self.id, why=str(error))
        self._end(Hangup.LINE)

    # What the line calls.

    def tick(self) -> None:
        """Hand over what came in, and send on what waits."""
        if self._inbox.ended:
            return
        for sound in self._intake.add(self._received(), self._now_ms(), expected=not self._held):
            self._inbox.put(sound)
        self._send()

    def _received(self) -> Samples:
        pieces = []
        try:
            while True:
                pieces.append(self._call.audio.read(READ_BYTES))
                if len(pieces[-1]) < READ_BYTES:
                    break
        except AudioNotActive:
            pass
        except AudioRestarted:
            self._renegotiated()
        return self._from_line.add(np.frombuffer(b"".join(pieces), np.int16))

    def _send(self) -> None:
        """Keep the stack's buffer filled up to AHEAD_MS."""
        try:
            if not self._playout.pending_ms or self._is_flushing():
                return
            room = (AHEAD_MS - self._ahead_ms()) // FRAME_MS
            for _ in range(room):
                frame = self._playout.take()
                if frame is None:
                    return
                self._call.audio.write(self._to_line.add(frame).tobytes())
        except AudioNotActive:
            return
        except AudioRestarted:
            self._renegotiated()

    def _is_flushing(self) -> bool:
        """The stack empties its buffer at its next frame, and new sound written before that would go with the old."""
        if self._flushing and self._ahead_ms() == 0:
            self._flushing = False
        return self._flushing

    def _ahead_ms(self) -> int:
        try:
            info = self._call.audio.info()
        except AudioNotActive:
            return 0
        return int(info.tx_buffered) * 1000 // (BYTES * info.tx_sample_rate) if info.tx_ready else 0

    def _renegotiated(self) -> None:
        """A re-INVITE changed the codec: the connection keeps its rate, whatever the line has now."""
        try:
            info = self._call.audio.info()
        except AudioNotActive:
            return
        self._flushing = False
        if not (info.tx_ready and info.rx_ready):
            return
        rates = info.rx_sample_rate, info.tx_sample_rate
        if rates != (self._from_line.rate, self._to_line.to_rate):
            self._from_line = Resampler(info.rx_sample_rate, self.rate)
            self._to_line = Resampler(self.rate, info.tx_sample_rate)
            log.info("line.codec_changed", call=self.id, rate=info.rx_sample_rate)

    def _on_stack_event(self, event: StackEvent) -> None:
        match event.event:
            case Event.CALL_DTMF_START if event.text:
                self._inbox.put(Key(event.text, self._now_ms()))
            case Event.CALL_HOLD | Event.CALL_RESUME:
                self._held = event.event is Event.CALL_HOLD
                self._inbox.put(Held(self._held, self._now_ms()))
            case Event.CALL_CLOSED:
                self._end(why_closed(event.text, by_us=self._by_us))

    def _end(self, reason: Hangup) -> None:
        if self._inbox.ended:
            return
        self._inbox.end(reason, self._now_ms())
        self._playout.clear()
        self._on_end()

    async def _do(self, asked: Awaitable[None], failed: str) -> None:
        """A request to the stack, its errors in our terms."""
        try:
            await outcome(asked)
        except (BaresipError, ValueError) as error:
            if self._inbox.ended or isinstance(error, StaleHandleError):
                raise GoneError(f"call {self.id} is over") from error
            raise LineError(f"{failed}: {error}") from error

    def _now_ms(self) -> int:
        return int((time.monotonic() - self._answered_s) * 1000)
