"""Plays a scripted call on an in-memory line, as fast as possible or in real time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from voice.call import Call, Desk, Event, Recorder
from voice.line.line import FRAME_MS, Samples, Sound
from voice.line.loopback import LoopbackConnection, pair
from voice.simulate.caller import Planned, ScriptedCaller
from voice.simulate.check import faults
from voice.simulate.script import CallScript, Move
from voice.simulate.sound import RATE, CallerVoices, Microphone, noise_for
from voice.turns.actions import Reason

CALLED = "12345"
LONGEST_MS = 240_000  # a script that goes on for longer goes round in circles


@dataclass(slots=True)
class Simulated:
    """What happened, and what was not as expected."""

    script: CallScript
    events: list[Event] = field(default_factory=list)
    reason: Reason = Reason.LOST
    faults: list[str] = field(default_factory=list)
    spoken_ms: list[tuple[int, int]] = field(default_factory=list)  # from when to when the caller spoke

    @property
    def passed(self) -> bool:
        """A known failure must fail: what has become right must be taken off the list."""
        return bool(self.faults) == (self.script.known is not None)


async def simulate(
    script: CallScript,
    desk: Desk,
    voices: CallerVoices,
    *,
    recorder: Recorder | None = None,
    realtime: bool = False,
) -> Simulated:
    """One call from the greeting to the end, checked against what the script expects."""
    done = Simulated(script)
    conditions = script.conditions
    ours, theirs = pair(RATE, script.caller, CALLED, realtime=realtime, loss=conditions.loss)
    caller = ScriptedCaller(script)
    microphone = Microphone(conditions, noise_for(conditions, voices))
    telephone = _Telephone(theirs, microphone, lambda text: voices.say(text, conditions), done)

    def on_event(event: Event) -> None:
        done.events.append(event)
        telephone.plan(caller.on(event), event["at_ms"])

    call = Call(ours, desk, on_event, recorder=recorder, lockstep=not realtime)
    at_the_phone = asyncio.create_task(telephone.run())
    done.reason = await call.run()
    await at_the_phone
    done.faults = faults(script.expect, done.events, caller.stuck)
    return done


class _Telephone:
    """The caller's end: carries out the planned move when its time has come."""

    def __init__(
        self,
        phone: LoopbackConnection,
        microphone: Microphone,
        voice: Callable[[str], Samples],
        done: Simulated,
    ) -> None:
        self._phone, self._microphone, self._voice, self._done = phone, microphone, voice, done
        self._planned: tuple[int, Move] | None = None

    def plan(self, planned: Planned | None, now_ms: int) -> None:
        """Whoever is about to speak does so, whatever the line says meanwhile."""
        if planned is not None and self._planned is None:
            self._planned = (now_ms + planned.in_ms, planned.move)

    async def run(self) -> None:
        async for event in self._phone.events():
            if not isinstance(event, Sound):
                continue
            now = event.at_ms + FRAME_MS
            if now > LONGEST_MS:
                await self._phone.hang_up()
                continue
            if self._planned is not None and self._planned[0] <= now and not self._microphone.speaking:
                (_, move), self._planned = self._planned, None
                await self._make(move, now)
            self._phone.play(self._microphone.frame())

    async def _make(self, move: Move, now_ms: int) -> None:
        if move.hang_up:
            await self._phone.hang_up()
        elif move.keys is not None:
            await self._phone.send_keys(move.keys)
        elif move.text is not None:
            sound = self._voice(move.text)
            self._microphone.say(sound)
            self._done.spoken_ms.append((now_ms, now_ms + len(sound) * 1000 // RATE))
