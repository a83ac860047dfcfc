"""A recorded caller on the line: the file plays, the line answers, through everything a real call goes through."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from voice.audio.level import level_dbfs
from voice.call import Call, Desk, Event
from voice.line.line import FRAME_MS, Samples, Sound
from voice.line.loopback import LoopbackConnection, pair, until_hung_up
from voice.turns.actions import Reason

CALLED = "replay"
# When the recording has ended and the line has answered, and nobody has spoken for so long, the caller hangs up. Longer
# than any pause within a turn, shorter than the line's own patience.
QUIET_AT_END_MS = 3_500
# What counts as a pause of a patient caller.
PAUSE_MS = 600
SILENCE_BELOW_DB = 25.0
NARROW_HZ, WIDE_HZ = 8_000, 16_000


def line_rate(recorded_hz: int) -> int:
    """The rate of the line for a recording: wide band (G.722) where the recording has it, else as a telephone."""
    return WIDE_HZ if recorded_hz >= WIDE_HZ else NARROW_HZ


@dataclass(slots=True)
class Replayed:
    """A call that was played: its events, why it ended, and both sides in step (`caller` left, `line` right)."""

    rate: int
    events: list[Event] = field(default_factory=list)
    reason: Reason = Reason.LOST
    caller: list[Samples] = field(default_factory=list)
    line: list[Samples] = field(default_factory=list)

    def stereo(self) -> Samples:
        sides = [np.concatenate(side) if side else np.zeros(0, np.int16) for side in (self.caller, self.line)]
        shortest = min(map(len, sides))
        return np.stack([side[:shortest] for side in sides], axis=1)


@dataclass(frozen=True, slots=True)
class Pacing:
    """When the recorded caller speaks."""

    after_greeting: bool = True  # starts when the line has greeted; else at once, over the greeting
    patient: bool = False  # waits in the pauses of the recording while the line is thinking or speaking
    realtime: bool = False  # else as fast as possible, always with the same result


async def replay(
    recording: Samples,
    rate: int,
    desk: Desk,
    *,
    caller: str,
    on_event: Callable[[Event], None],
    pacing: Pacing = Pacing(),
) -> Replayed:
    """Play a recording (mono, at `rate`) to the line until the line has answered its end, then hang up."""
    played = Replayed(rate)
    ours, theirs = pair(rate, caller, CALLED, realtime=pacing.realtime)

    def note(event: Event) -> None:
        played.events.append(event)
        on_event(event)

    call = Call(ours, desk, note, lockstep=not pacing.realtime)
    player = asyncio.create_task(
        until_hung_up(_Player(recording, theirs, call, played, pacing).run(), theirs)
    )
    played.reason = await call.run()
    await player
    return played


class _Player:
    """The caller's end of the line: plays the recording frame by frame and keeps both sides."""

    def __init__(
        self, recording: Samples, phone: LoopbackConnection, call: Call, played: Replayed, pacing: Pacing
    ) -> None:
        self._phone, self._call, self._played, self._pacing = phone, call, played, pacing
        size = phone.rate * FRAME_MS // 1000
        padded = np.concatenate((recording, np.zeros(-len(recording) % size, np.int16)))
        self._frames = padded.reshape(-1, size)
        self._pauses = pauses(self._frames) if pacing.patient else np.zeros(len(self._frames), bool)
        self._silence = np.zeros(size, np.int16)
        self._next = 0

    async def run(self) -> None:
        async for event in self._phone.events():
            if not isinstance(event, Sound):
                continue
            self._played.line.append(event.samples)
            if self._next == len(self._frames) and self._call.idle_ms >= QUIET_AT_END_MS:
                await self._phone.hang_up()
                continue
            frame = self._frame()
            self._played.caller.append(frame)
            self._phone.play(frame)

    def _frame(self) -> Samples:
        if self._next == len(self._frames) or self._waits():
            return self._silence
        self._next += 1
        return np.asarray(self._frames[self._next - 1])

    def _waits(self) -> bool:
        if self._pacing.after_greeting and not self._call.has_greeted:
            return True
        return bool(self._pauses[self._next]) and self._call.idle_ms == 0


def pauses(frames: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Which frames (one a row) lie in a silence of more than `PAUSE_MS`, as seen against the loudest of the recording."""
    levels = np.array([level_dbfs(frame) for frame in frames])
    loud = levels > np.percentile(levels, 95) - SILENCE_BELOW_DB
    near = PAUSE_MS // FRAME_MS // 2
    spoken = np.convolve(loud, np.ones(2 * near + 1), "same") > 0
    return np.asarray(~spoken)
