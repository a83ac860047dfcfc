"""One call from its first sound to its last: carries out what turn taking decides.

Sound of the line → voice detector → `TurnTaking` → recogniser, conversation and voice, and back on the line. Everything
runs in one asyncio loop; the time of a call is that of its frames, so that a recording can be played faster than it was.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

import structlog

from config.turn_taking import TurnRules
from config.wording import sentences
from voice.conversation import Answer, Answers, Completeness, Judging, Said
from voice.ears import Ears
from voice.hearing.recogniser import Heard, Hearing, HearingError, Hint, Word
from voice.line.bridge import bridge
from voice.line.line import (
    FRAME_MS,
    Connection,
    Ended,
    Hangup,
    Held,
    Key,
    LineError,
    LineEvent,
    Samples,
    Sound,
)
from voice.person import BothSides, Person
from voice.speaking.voice import Speaking
from voice.talker import Talker
from voice.turns.actions import (
    Abandon,
    Action,
    Announce,
    Ask,
    HangUp,
    Hush,
    Note,
    Reason,
    Recognise,
    Resume,
    Speak,
    StopFetching,
    StopRecording,
    Transfer,
)
from voice.turns.manner import manner_for, sentences_for
from voice.turns.profile import Profiles
from voice.turns.reception import Reception
from voice.turns.turn_taking import TurnTaking

log = structlog.get_logger()

# A conversation that takes longer has broken down.
ANSWER_WITHIN_S = 20.0
# And a judgement that takes longer comes too late to be of use.
JUDGE_WITHIN_S = 0.5
NO_QUESTION = Answer(())
ENDED_BY = {
    Hangup.CALLER: Reason.CALLER,
    Hangup.LOST: Reason.LOST,
    Hangup.TRANSFERRED: Reason.TRANSFERRED,
}

Event = dict[str, Any]  # a JSON object: `event` (its kind), `at_ms`, and its facts


class Recorder(Protocol):
    """Takes the sound of both sides and the events of a call."""

    def add(self, caller: Samples, line: Samples) -> None: ...
    def event(self, event: Event) -> None: ...
    def discard(self) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """What all calls of an installation share."""

    hearing: Hearing
    speaking: Speaking
    answers: Answers
    profiles: Profiles
    rules: TurnRules
    clock: Callable[[], datetime]  # naive local time (Asia/Shanghai)
    person: Person | None = None  # who takes calls over; None: people call back


class Call:
    """One answered connection. `run` it once.

    `on_event` gets every event as it happens. With `lockstep` each frame is dealt with to the end before the next one is
    taken: recognition and answers then take no time of the call, and a recording gives the same events every time.
    """

    def __init__(
        self,
        connection: Connection,
        desk: Desk,
        on_event: Callable[[Event], None],
        *,
        recorder: Recorder | None = None,
        lockstep: bool = False,
    ) -> None:
        self.now_ms = 0  # since the call was answered
        self.has_greeted = False  # our first words were said to the end, or interrupted
        self._connection, self._desk, self._on_event = connection, desk, on_event
        self._recorder, self._lockstep = recorder, lockstep
        self._began_at = desk.clock()
        self._known = desk.profiles.load(connection.caller)
        self._turns = TurnTaking(
            desk.rules,
            self._known,
            can_transfer=desk.person is not None,
            records=recorder is not None,
        )
        self._reception, self._gave_up = Reception(), False
        self._ears = Ears(desk.hearing.detector(), desk.rules, connection.rate)
        self._talker = Talker(
            connection, desk.speaking, now_ms=lambda: self.now_ms, began=self._first_sound_left
        )
        self._answering = desk.answers.begin(caller=connection.caller, call_id=connection.id)
        self._one_turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._reading: asyncio.Task[None] | None = None  # what is being recognised
        self._fetching: asyncio.Task[None] | None = None  # a person is being rung
        self._person: Connection | None = None  # who has come to take over
        self._joined = False  # they are talking: the line is silent from then on
        self._unsaid: Answer | None = None  # its first sound has not left yet
        self._reason = Reason.LOST

    @property
    def idle_ms(self) -> int:
        """For how long nobody has spoken and nothing has been under way."""
        return 0 if self._talker.talking or self._tasks else self._turns.idle_ms

    async def run(self) -> Reason:
        """Until the call is over. Without ears there are the keys, without a conversation a person calls back."""
        with structlog.contextvars.bound_contextvars(call_id=self._connection.id):
            log.info("call_began")
            self._do(self._turns.begin())
            try:
                if (person := await self._converse()) is not None:
                    await self._join(person)
            finally:
                await self._close()
            log.info("call_ended", reason=self._reason.value, lasted_ms=self.now_ms)
        return self._reason

    async def _converse(self) -> Connection | None:
        """Until the caller hangs up, or a person has come to take over: then their connection."""
        async for event in self._connection.events():
            self._take(event)
            if self._lockstep:
                await self._settle()
            if self._person is not None and not isinstance(event, Ended):
                return self._person
        return None

    def _take(self, event: LineEvent) -> None:
        match event:
            case Sound():
                self._hear(event)
            case Key():
                self._do(self._turns.key(event.key, self.now_ms))
            case Held():
                self._do(self._turns.hold(event.on))
            case Ended():
                self.now_ms = max(self.now_ms, event.at_ms)
                self._reason = ENDED_BY.get(event.reason, self._reason)
                if self._reason is Reason.CALLER and self._reception.was_cut:
                    self._reason = Reason.LOST

    def _hear(self, sound: Sound) -> None:
        self.now_ms = sound.at_ms + FRAME_MS
        ours = self._talker.sound_at(self.now_ms)
        if self._recorder is not None:
            self._recorder.add(sound.samples, ours)
        frame = self._ears.listen(sound, ours)
        if self._talker.finished():
            self.has_greeted = True
            self._do(self._turns.speaking_ended())
            if self._turns.settled:
                self._emit("listening")
        if self._ears.hears_fax:
            self._do(self._turns.fax())
        self._reception.add(lost=sound.lost, speech=frame.speech)
        if not self._reception.is_hole:
            self._do(self._turns.frame(frame))
        elif self._reception.is_gone and not self._gave_up:
            self._gave_up = True
            self._emit("nothing_received")
            self._start(self._hang_up(Reason.LOST))

    def _do(self, actions: list[Action]) -> None:
        for action in actions:
            self._carry_out(action)

    def _carry_out(self, action: Action) -> None:
        match action:
            case Recognise():
                self._reading = self._start(self._recognise(action))
            case Abandon() if self._reading is not None:
                self._reading.cancel()
            case Ask():
                self._start(self._ask(action))
            case Speak():
                self._say(action.answer)
            case Announce():
                said = sentences(self._desk.rules.says[action.says])
                self._say(replace(action.question or NO_QUESTION, sentences=said))
            case Hush():
                self.has_greeted = True
                self._talker.hush()
            case Resume():
                self._emit("resumed")
                self._talker.resume()
            case StopRecording():
                self._stop_recording()
            case Transfer() if self._desk.person is not None:
                self._fetching = self._start(self._fetch(self._desk.person))
            case StopFetching():
                self._stop_fetching()
            case HangUp():
                self._start(self._hang_up(action.reason))
            case Note():
                self._emit(action.event, **action.facts)

    async def _recognise(self, action: Recognise) -> None:
        sound, hint = self._ears.sound_of(action.stretch), Hint(asks=action.asks, phrases=action.choices)
        connection = self._connection
        try:
            heard = await self._desk.hearing.recognise(sound, connection.rate, hint, call_id=connection.id)
        except HearingError as problem:
            log.error("hearing_failed", problem=str(problem))
            self._do(self._turns.not_heard(action.stretch))
        else:
            self._do(self._turns.heard(action.stretch, heard, await self._completeness(heard)))

    async def _completeness(self, heard: Heard) -> Completeness | None:
        """Whether the caller has said what is needed, as far as the conversation can tell in time."""
        if not heard.readings or not isinstance(self._answering, Judging):
            return None
        judgement = self._answering.completeness(self._turns.said_with(heard))
        try:
            return await asyncio.wait_for(judgement, None if self._lockstep else JUDGE_WITHIN_S)
        except Exception as problem:  # the words alone decide then
            log.warning("not_judged", problem=type(problem).__name__)
            return None

    async def _ask(self, ask: Ask) -> None:
        if ask.text is not None:
            self._emit_heard(ask)
        said = Said(
            text=ask.text,
            at=self._began_at + timedelta(milliseconds=self.now_ms),
            alternatives=ask.alternatives,
            confidence=ask.confidence,
            by_key=ask.by_key,
            pace=self._turns.profile.pace,
            loudness=self._turns.profile.loudness,
        )
        async with self._one_turn:
            try:
                answer = await asyncio.wait_for(self._answering.answer(said), ANSWER_WITHIN_S)
            except Exception:  # whatever is broken, the caller must not be left in silence
                log.exception("answer_failed")
                self._do(self._turns.failed())
                return
        for event in answer.events:
            self._emit(**event)
        self._do(self._turns.answered(answer))

    def _say(self, answer: Answer) -> None:
        if self._joined:
            return
        rules, profile = self._desk.rules, self._turns.profile
        self._unsaid = answer
        self._talker.say(sentences_for(answer, profile, rules), manner_for(profile, rules))

    def _first_sound_left(self, at_ms: int) -> None:
        answer, self._unsaid = self._unsaid, None
        if answer is None:  # taken up again after an interruption
            return
        self._emit("reply", text="".join(answer.sentences), starts_ms=at_ms)
        if answer.asks is not None:
            self._emit("asks", asks=answer.asks, choices=[text for _, text in answer.choices])

    async def _fetch(self, person: Person) -> None:
        self._emit("person_called")
        try:
            self._person = await person.come(self._connection)
        except LineError as problem:
            log.warning("nobody_came", problem=str(problem))
            self._emit("nobody_came")
            self._do(self._turns.not_transferred())

    def _stop_fetching(self) -> None:
        self._emit("person_unwanted")
        if self._fetching is not None:
            self._fetching.cancel()
        person, self._person = self._person, None
        if person is not None:  # who came in the moment in which the caller turned away
            self._start(person.hang_up())

    async def _join(self, person: Connection) -> None:
        """The caller and a person talk, until one of them hangs up; both are recorded as before."""
        self._joined = True
        self._talker.hush()
        self._emit("person_joined")
        self._reason = Reason.TRANSFERRED
        left = await bridge(self._connection, person, BothSides(self._connection, person, self._overhear))
        self._emit("person_left", by=left.value)

    def _overhear(self, sound: Sound, person: Samples) -> None:
        self.now_ms = sound.at_ms + FRAME_MS
        if self._recorder is not None:
            self._recorder.add(sound.samples, person)

    async def _hang_up(self, reason: Reason) -> None:
        self._reason = reason
        await self._connection.hang_up()

    def _stop_recording(self) -> None:
        if self._recorder is not None:
            self._recorder.discard()
            self._recorder = None
        self._emit("recording_refused")

    def _emit_heard(self, ask: Ask) -> None:
        facts: dict[str, Any] = {"text": ask.text, "by_key": ask.by_key}
        if ask.stretch is not None:
            facts |= {
                "alternatives": list(ask.alternatives),
                "confidence": ask.confidence,
                "engine": ask.engine,
                "start_ms": ask.stretch.start_ms,
                "end_ms": ask.stretch.end_ms,
                "taken_as": ask.taken_as,
                "waited_ms": ask.waited_ms,
                "words": [_told(word) for word in ask.words],
            }
        self._emit("heard", **facts)

    def _emit(self, event: str, **facts: Any) -> None:
        one = {"event": event, "at_ms": self.now_ms} | facts
        if self._recorder is not None:
            self._recorder.event(one)
        self._on_event(one)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (problem := task.exception()):
            log.error("call_step_failed", problem=repr(problem))

    async def _settle(self) -> None:
        """Until nothing is being recognised, answered or rendered. A telephone may ring as long as it likes."""
        while busy := {*self._tasks, *filter(None, [self._talker.rendering])} - {self._fetching}:
            await asyncio.wait(busy)

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._talker.close()
        if self._person is not None:  # who came in the moment in which the caller hung up
            with suppress(LineError):
                await self._person.hang_up()
        self._emit("ended", reason=self._reason.value)
        if self._recorder is not None:
            self._recorder.close()
        if self._turns.profile != self._known:
            self._desk.profiles.save(self._connection.caller, self._turns.profile)
        await self._answering.hung_up(self._reason.value)


def _told(word: Word) -> Event:
    """A word as the record keeps it: when it was said (ms since the call was answered), and how sure it is (0..1)."""
    return {
        "text": word.text,
        "start_ms": round(word.start_s * 1000),
        "end_ms": round(word.end_s * 1000),
        "confidence": round(word.confidence, 2),
    }
