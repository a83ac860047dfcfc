"""The telephone of the running line: which lines are open, who hears and speaks on them, and how a call is served."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import structlog
from fastapi import FastAPI
from prometheus_client.registry import Collector

from backend.domain.local_time import local_now
from bot.call_records import CallKeeper, CallNote, recordings_folder
from bot.call_watch import CallWatch
from bot.channels.voice_messages import VoiceMessages
from bot.composition import House
from bot.dialling import Dialler
from bot.duty_phone import DutyPhone
from bot.outbound_book import call_back
from bot.outbound_calls import OutboundCalls
from bot.phone import PhoneAnswers
from bot.phone_desk import open_desk, recording_seals
from bot.telephone_lines import Lines, lines_of
from bot.telephone_watch import TelephoneFigures, TelephoneWatch, problems_of
from config.duty import load_duty
from config.outbound import load_outbound_rules
from config.telephone import TelephoneSettings
from config.wording import sentences
from voice.call import Desk
from voice.hearing.deaf import Deaf
from voice.hearing.pool import open_hearing
from voice.hearing.recogniser import Hearing, HearingError
from voice.line.line import Connection, Samples
from voice.line.waiting import Unserved, WaitingRoom, load_waiting_words
from voice.line.waiting_queue import Limits
from voice.speaking.speaking import VoiceSpeaking, open_speaking, voice_of, warm_all
from voice.speaking.tally import PromptFigures
from voice.speaking.voice import Manner

log = structlog.get_logger()


class Telephone:
    """All lines of one process. A line that can not be opened is told of, and tried again; the others and the pages go on.

    Raises SettingsError in plain words for settings that can not work.
    """

    def __init__(self, house: House, settings: TelephoneSettings) -> None:
        self._house, self._settings = house, settings
        self.voice_messages = VoiceMessages()  # heard by the recognisers of the calls
        self.lines = Lines(lines_of(settings))
        self._watch = TelephoneWatch(self.lines.states, house.store, local_now)
        self._watching: list[asyncio.Task[None]] = []  # the calls that we make, and over those that we take
        self._stop_warming = threading.Event()
        self._hearing: Hearing | None = None
        self._speaking: VoiceSpeaking | None = None

    @property
    def figures(self) -> tuple[Collector, ...]:
        """For `/metrics`."""
        voice = PromptFigures(lambda: self._speaking.tally if self._speaking is not None else None)
        return TelephoneFigures(self.lines.states), voice

    def trouble(self) -> str | None:
        """What keeps calls from coming in, for `/readyz`; None: nothing."""
        return "; ".join(problems_of(self.lines.states())) or None

    @asynccontextmanager
    async def lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        """Opens in the background: the pages need not wait for the models."""
        work = [asyncio.create_task(self.open()), asyncio.create_task(self._watch.run())]
        for task in work:
            task.add_done_callback(_tell)
        yield
        for task in work:
            task.cancel()
        await asyncio.gather(*work, return_exceptions=True)
        await self.close()

    async def open(self) -> None:
        options = voice_of(self._settings)
        self._speaking = open_speaking(options)
        self._hearing = await _hearing()
        await asyncio.to_thread(self._house.conversations.warm_up, local_now())
        self.voice_messages.use(self._hearing)
        dialler = Dialler(lambda: self.lines.open, address=self._settings.sip_dial)
        duty = DutyPhone(
            load_duty(), dialler, self._house.store, local_now, last_resort=self._settings.line_person
        )
        person = duty if duty.anybody else None
        desk = open_desk(self._house, hearing=self._hearing, speaking=self._speaking, person=person)
        calls_back = PhoneAnswers(
            self._house.conversations, call_back=call_back(self._house.store, local_now)
        )
        watch = CallWatch(calls_back, self._house.store, local_now)
        seal, _ = recording_seals(self._house.settings)
        keeper = CallKeeper(
            self._house.store, seal if self._settings.record_calls else None, recordings_folder(), local_now
        )
        serving = _Serving(keeper, replace(desk, answers=watch))
        room = WaitingRoom(
            Limits(
                self._settings.line_talking, self._settings.line_waiting, self._settings.line_longest_wait_s
            ),
            serve=serving,
            on_unserved=serving.note_unserved,
            say=self._say,
            words=load_waiting_words(),
            fetch=person.come if person else None,
        )
        self.lines.start(room.take)
        calls = OutboundCalls(
            self._house.store, desk, dialler, load_outbound_rules(), keeper,
            plans=bool(self._settings.sip_dial or self._settings.sip_registrar),
        )  # fmt: skip
        self._watching = [asyncio.create_task(work) for work in (calls.run(), watch.run())]
        for task in self._watching:
            task.add_done_callback(_tell)
        if self._settings.voice_warm:
            threading.Thread(
                target=warm_all,
                args=(options,),
                kwargs={"stop": self._stop_warming},
                name="warm",
                daemon=True,
            ).start()

    async def close(self) -> None:
        self._stop_warming.set()
        self.voice_messages.use(None)
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)
        await self.lines.close()
        for part in (self._hearing, self._speaking):
            if part is not None:
                await part.close()

    async def _say(self, text: str, rate: int) -> AsyncIterator[Samples]:
        if self._speaking is None:
            return
        for sentence in sentences(text):
            async for piece in self._speaking.say(sentence, Manner(), rate):
                yield piece


class _Serving:
    """Serves one call after another, and notes those that could not be served."""

    def __init__(self, keeper: CallKeeper, desk: Desk) -> None:
        self._keeper, self._desk = keeper, desk

    async def __call__(self, connection: Connection) -> None:
        await self._keeper.run(connection, self._desk)

    async def note_unserved(self, connection: Connection, why: Unserved, waited_s: float) -> None:
        """Staff see that somebody called and did not get through."""
        now, note = local_now(), CallNote(self._keeper.store)
        note.take({"event": "ended", "at_ms": round(waited_s * 1000), "reason": why.value})
        began = now - timedelta(seconds=waited_s)
        await asyncio.to_thread(note.begin, connection.id, connection.caller, began)
        await asyncio.to_thread(note.end, now)


async def _hearing() -> Hearing:
    try:
        return await open_hearing()
    except HearingError as problem:
        log.error("hearing_not_open", problem=str(problem))
        return Deaf()


def _tell(opening: asyncio.Task[None]) -> None:
    if not opening.cancelled() and (problem := opening.exception()) is not None:
        log.error("telephone_not_open", problem=str(problem), kind=type(problem).__name__)
