"""The telephone of the running line: which lines are open, who hears and speaks on them, and how a call is served."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime

import structlog
from fastapi import FastAPI

from backend.domain.local_time import local_now
from bot.call_records import CallNote, recordings_folder
from bot.composition import House
from bot.outbound_book import call_back
from bot.outbound_calls import OutboundCalls
from bot.phone import PhoneAnswers
from bot.phone_desk import open_desk, recording_seals
from config.outbound import load_outbound_rules
from config.telephone import TelephoneSettings
from config.wording import sentences
from voice.call import Call, Desk
from voice.hearing.deaf import Deaf
from voice.hearing.pool import open_hearing
from voice.hearing.recogniser import Hearing, HearingError
from voice.line.audiosocket import AudioSocketLine, AudioSocketSettings
from voice.line.line import Connection, Line, LineError, Samples
from voice.line.media_stream import MediaStreamLine, MediaStreamSettings
from voice.line.sip import SipLine
from voice.line.sip_settings import SipSettings, Srtp, Trunk
from voice.line.waiting import WaitingRoom, load_waiting_words, transfer_to
from voice.line.waiting_queue import Limits
from voice.recording import CallRecorder, start_recording
from voice.speaking.speaking import SpeakingOptions, VoiceSpeaking, open_speaking, warm_all
from voice.speaking.voice import Manner

log = structlog.get_logger()


class Telephone:
    """All lines of one process. A line that can not be opened is told in the log; the others and the pages go on."""

    def __init__(self, house: House, settings: TelephoneSettings) -> None:
        self._house, self._settings = house, settings
        self._lines: list[Line] = []
        self._calling: asyncio.Task[None] | None = None  # the calls that we make
        self._stop_warming = threading.Event()
        self._hearing: Hearing | None = None
        self._speaking: VoiceSpeaking | None = None

    @asynccontextmanager
    async def lifespan(self, _app: FastAPI) -> AsyncIterator[None]:
        """Opens in the background: the pages need not wait for the models."""
        opening = asyncio.create_task(self.open())
        opening.add_done_callback(_tell)
        yield
        opening.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await opening
        await self.close()

    async def open(self) -> None:
        options = speaking_options(self._settings)
        self._speaking = open_speaking(options)
        self._hearing = await _hearing()
        person = self._settings.line_person
        desk = open_desk(self._house, hearing=self._hearing, speaking=self._speaking, transfer_to=person)
        calls_back = PhoneAnswers(
            self._house.conversations, call_back=call_back(self._house.store, local_now)
        )
        room = WaitingRoom(
            Limits(
                self._settings.line_talking, self._settings.line_waiting, self._settings.line_longest_wait_s
            ),
            serve=_Serving(self._house, replace(desk, answers=calls_back), keeps=self._settings.record_calls),
            say=self._say,
            words=load_waiting_words(),
            hand_over=transfer_to(person) if person else None,
        )
        for line in _lines(self._settings):
            try:
                await line.open(room.take)
            except LineError as problem:
                log.error("line_not_open", line=line.name, problem=str(problem))
            else:
                self._lines.append(line)
        calls = OutboundCalls(
            self._house.store,
            desk,
            lambda: self._lines,
            load_outbound_rules(),
            address=self._settings.sip_dial,
        )
        self._calling = asyncio.create_task(calls.run())
        self._calling.add_done_callback(_tell)
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
        if self._calling is not None:
            self._calling.cancel()
            await asyncio.gather(self._calling, return_exceptions=True)
        for line in self._lines:
            await line.close()
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
    """Serves one call after another through `voice.call.Call`, notes it in the index, and keeps its record."""

    def __init__(self, house: House, desk: Desk, *, keeps: bool) -> None:
        self._store, self._desk, self._keeps = house.store, desk, keeps
        self._seal, _ = recording_seals(house.settings)

    async def __call__(self, connection: Connection) -> None:
        began, note = local_now(), CallNote(self._store)
        recorder = self._recorder(connection, began) if self._keeps else None
        noting = asyncio.create_task(asyncio.to_thread(note.begin, connection.id, connection.caller, began))
        try:
            await Call(connection, self._desk, note.take, recorder=recorder).run()
        finally:
            with suppress(LineError):
                await connection.hang_up()
            await noting  # the greeting does not wait for the database, the end does
            await asyncio.to_thread(note.end, local_now())

    def _recorder(self, connection: Connection, began: datetime) -> CallRecorder:
        return start_recording(recordings_folder(), connection.id, connection.rate, began, self._seal)


def speaking_options(settings: TelephoneSettings) -> SpeakingOptions:
    return SpeakingOptions(
        voice=settings.voice, speaker=settings.voice_speaker, sherpa_folder=settings.voice_folder
    )


def _lines(settings: TelephoneSettings) -> list[Line]:
    most = settings.line_talking + settings.line_waiting
    trunk = None
    if settings.sip_registrar and settings.sip_user:
        password = settings.sip_password.get_secret_value() if settings.sip_password else ""
        trunk = Trunk(
            settings.sip_registrar, settings.sip_user, password, auth_user=settings.sip_auth_user,
            proxy=settings.sip_proxy, transport=settings.sip_transport,
        )  # fmt: skip
    sip = SipSettings(
        address=settings.sip_address, port=settings.sip_port, rtp_ports=settings.sip_rtp_ports, trunk=trunk,
        certificate=settings.sip_certificate, srtp=Srtp(settings.sip_srtp), max_calls=most,
    )  # fmt: skip
    lines: list[Line] = [SipLine(sip)]
    if settings.audiosocket_port:
        lines.append(AudioSocketLine(AudioSocketSettings(port=settings.audiosocket_port, max_calls=most)))
    if settings.media_stream_port:
        secret = settings.media_stream_secret.get_secret_value() if settings.media_stream_secret else None
        lines.append(
            MediaStreamLine(
                MediaStreamSettings(port=settings.media_stream_port, secret=secret, max_calls=most)
            )
        )
    return lines


async def _hearing() -> Hearing:
    try:
        return await open_hearing()
    except HearingError as problem:
        log.error("hearing_not_open", problem=str(problem))
        return Deaf()


def _tell(opening: asyncio.Task[None]) -> None:
    if not opening.cancelled() and (problem := opening.exception()) is not None:
        log.error("telephone_not_open", problem=str(problem), kind=type(problem).__name__)
