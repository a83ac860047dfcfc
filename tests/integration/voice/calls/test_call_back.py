"""A caller's telephone vanishes in mid-call over real SIP: the line rings it back once, and goes on where it stopped."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import select

from backend.domain.people import Elder
from bot.call_records import CallKeeper
from bot.composition import House, open_house
from bot.dialling import Dialler
from bot.outbound_book import call_back
from bot.outbound_calls import OutboundCalls
from bot.phone import PhoneAnswers
from config.outbound import load_outbound_rules
from tests.integration.voice.line.conftest import settings, until
from tests.integration.voice.line.rtp_phone import RtpPhone
from tests.integration.voice.line.sipp import Sipp
from tests.tones import tone
from tests.unit.voice.fakes import RATE, ScriptedHearing, desk, silence, speech
from voice.line.line import Connection, Samples
from voice.line.sip import SipLine
from voice.speaking.voice import Manner
from voice.stand_in import StandInVoice, duration_ms

ELDER = "13912345678"  # as sipp calls
NIGHT = datetime(2026, 11, 23, 23, 0)  # in the quiet hours
WORDS = {1_000: "我想订个午饭。", 2_000: "明天中午"}
GONE_MS, WITHIN_S = 3_000, 120


class Humming(StandInVoice):
    """Says everything as a tone of its length, so that the other end hears when the line has finished."""

    async def say(self, sentence: str, manner: Manner, rate: int) -> AsyncIterator[Samples]:
        yield tone(700, duration_ms(sentence, manner) / 1000, rate)


async def my_turn(phone: RtpPhone) -> None:
    """Until the line has said something new, and is silent."""
    before = len(phone.heard())

    def loud() -> NDArray[np.bool_]:  # by the second
        heard = phone.heard()[before:]
        return np.asarray(np.abs(heard[: len(heard) // RATE * RATE].reshape(-1, RATE)).max(axis=1) > 500)

    await until(lambda: bool(loud().any()) and not loud()[-1], 40)


class Office:
    """A line that takes calls and makes calls, on the real conversations; the ears are scripted."""

    def __init__(self, house: House, folder: Path, phone_port: int) -> None:
        self.house, self.line = house, SipLine(settings())
        began = time.monotonic()

        def clock() -> datetime:
            return NIGHT + timedelta(seconds=time.monotonic() - began)

        keeper = CallKeeper(house.store, None, folder, clock)
        answers = PhoneAnswers(house.conversations, call_back=call_back(house.store, clock))
        parts = desk(ScriptedHearing(WORDS), answers, clock=clock, speaking=Humming())  # type: ignore[arg-type]
        dialler = Dialler(lambda: [self.line], address=f"sip:{{number}}@127.0.0.1:{phone_port}")
        rules = replace(load_outbound_rules(), apart=timedelta(seconds=0.1))
        self.calls = OutboundCalls(
            house.store, replace(parts, answers=PhoneAnswers(house.conversations)), dialler, rules, keeper
        )
        self._keeper, self._desk = keeper, parts

    async def take(self, connection: Connection) -> None:
        await self._keeper.run(connection, self._desk)

    def ends(self) -> list[str | None]:
        """Why each call so far has ended."""
        with self.house.store.reading() as uow:
            return [record.reason for record in uow.call_records.page(limit=9)]

    def states(self) -> list[tuple[str, str, list[str]]]:
        with self.house.store.engine.connect() as connection:
            rows = connection.execute(select(self.house.store.tables.family.calls)).all()
        return sorted((row.reason, row.state, [result for _, result in row.tried]) for row in rows)

    def orders(self) -> list[tuple[str, str | None]]:
        with self.house.store.reading() as uow:
            return [(order.item, order.wanted.iso) for order in uow.orders.queue(limit=9)]


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setenv("NUANXIAN_KEYS", str(tmp_path / "keys"))
    monkeypatch.setattr("voice.turns.reception.GONE_MS", GONE_MS)
    opened = open_house(db=f"sqlite:///{tmp_path / 'line.sqlite'}", rescue=False)
    with opened.store.unit_of_work() as uow:
        uow.people.save(
            Elder(None, "k", "马秀英", phones=(ELDER,), address="银川市金凤区长城花园3号楼2单元501")
        )
        uow.calls.refuse(ELDER, NIGHT)  # «别再打了»: no calls but those of their own
        uow.commit()
    yield opened
    opened.store.close()


@asynccontextmanager
async def office_with_a_lost_caller(house: House, folder: Path, phone_port: int) -> AsyncIterator[Office]:
    """«我想订个午饭» — «什么时候送？» — and the caller's telephone is gone."""
    office = Office(house, folder, phone_port)
    await office.line.open(office.take)
    try:
        with RtpPhone() as phone:
            caller = await Sipp.start(
                "call_until_bye",
                line_port=office.line._settings.port,
                rtp_port=phone.port,
                within_s=WITHIN_S,
            )
            await my_turn(phone)  # «您想办什么，跟我说就行。»
            phone.say(speech(1_200))
            await my_turn(phone)  # «这个饭什么时候送？»
        await caller.stop()
        await until(lambda: office.ends() == ["lost"], 15)
        yield office
    finally:
        await office.line.close()


@pytest.mark.slow
async def test_a_caller_whose_telephone_vanished_is_rung_back_once_and_the_conversation_goes_on(
    house: House, tmp_path: Path
) -> None:
    with RtpPhone() as phone:
        answering = await Sipp.start("answers", rtp_port=phone.port, within_s=WITHIN_S)
        async with office_with_a_lost_caller(house, tmp_path, answering.port) as office:
            assert office.states() == [("callback", "wanted", [])] and not office.orders()
            with (
                house.store.unit_of_work() as uow
            ):  # of a call that is none of theirs the list and the hours hold
                uow.calls.want(ELDER, "送餐改到一点。", key="n", reason="news", urgent=False, at=NIGHT)
                uow.commit()
            assert await office.calls.look()
            await until(lambda: phone.remote is not None)
            phone.say(np.concatenate([silence(300), speech(600)]))  # «喂»
            await my_turn(phone)  # «刚才电话断了。咱们接着刚才的说。这个饭什么时候送？»
            phone.say(speech(2_200))
            await my_turn(phone)  # the read-back
            phone.press("1")
            await until(lambda: bool(office.orders()), 12)
            await office.calls.settle()
            await answering.finish()
            assert not await office.calls.look(), "once, and the news is not called for"
            assert office.orders() == [("meal", "2026-11-24T12:00")]
            assert ("callback", "done", ["reached"]) in office.states()
            assert ("news", "do_not_call", []) in office.states()
