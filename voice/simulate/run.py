"""Plays a scripted call on an in-memory line, as fast as possible or in real time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from voice.call import Call, Desk, Event, Recorder
from voice.conversation import Answer, Answering, Answers, Completeness, Judging, Said
from voice.line.line import FRAME_MS, Samples, Sound
from voice.line.loopback import LoopbackConnection, pair, until_hung_up
from voice.simulate.attentive import AttentiveCaller
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
    said: int = 0  # how often a caller who listens had to give the answer that is looked at …
    turns: int = 0  # … and to say or press anything
    packets: dict[str, tuple[int, int]] = field(
        default_factory=dict
    )  # over a bad network: carried, lost, by side

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
    ours, theirs = pair(
        RATE,
        script.caller,
        CALLED,
        realtime=realtime,
        loss=conditions.loss,
        burst=conditions.burst,
        seed=conditions.seed,
    )
    caller = AttentiveCaller(script.means) if script.means else ScriptedCaller(script)
    microphone = Microphone(conditions, noise_for(conditions, voices))
    telephone = _Telephone(theirs, microphone, lambda text: voices.say(text, conditions), done)

    def on_event(event: Event) -> None:
        done.events.append(event)
        telephone.plan(caller.on(event), event["at_ms"])

    if script.already:
        desk = replace(desk, answers=already_told(desk.answers, script.already))
    call = Call(ours, desk, on_event, recorder=recorder, lockstep=not realtime)
    at_the_phone = asyncio.create_task(until_hung_up(telephone.run(), theirs))
    done.reason = await call.run()
    await at_the_phone
    done.faults = faults(script.expect, done.events, caller.stuck)
    if isinstance(caller, AttentiveCaller):
        done.said, done.turns = caller.said, caller.turns
    return done


def already_told(answers: Answers, texts: tuple[str, ...]) -> Answers:
    """Conversations that have been told something in writing before the call began."""
    return _Already(answers, texts)


@dataclass(frozen=True, slots=True)
class _Already:
    """See `already_told`."""

    answers: Answers
    texts: tuple[str, ...]

    def begin(self, *, caller: str, call_id: str) -> Answering:
        return _Told(self.answers.begin(caller=caller, call_id=call_id), self.texts)


class _Told:
    """The first turn, which is the greeting, answers what was told already."""

    def __init__(self, answering: Answering, texts: tuple[str, ...]) -> None:
        self._answering, self._texts = answering, texts

    async def answer(self, said: Said) -> Answer:
        for text in self._texts[:-1]:
            await self._answering.answer(replace(said, text=text))
        if self._texts:
            said = replace(said, text=self._texts[-1])
        self._texts = ()
        return await self._answering.answer(said)

    async def completeness(self, text: str) -> Completeness:
        if isinstance(self._answering, Judging):
            return await self._answering.completeness(text)
        return Completeness.OPEN

    async def hung_up(self, reason: str) -> None:
        await self._answering.hung_up(reason)


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
