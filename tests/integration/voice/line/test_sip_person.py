"""Somebody asks for a person: the duty telephone is rung over real SIP, both are joined, and both are recorded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np

from backend.store.open import open_store
from bot.dialling import Dialler
from bot.duty_phone import DutyPhone
from config.duty import Duty
from config.outbound import read_hours
from config.settings import load_settings
from tests.integration.voice.line.conftest import settings, until
from tests.integration.voice.line.rtp_phone import RtpPhone
from tests.integration.voice.line.sipp import Sipp
from tests.integration.voice.line.softphone import AnsweringSoftphone
from tests.tones import loudest_hz, tone
from tests.unit.voice.fakes import MONDAY, RATE, ScriptedAnswers, ScriptedHearing, desk, kinds, speech
from tests.unit.voice.test_call import GREETING, Played, Script, _caller
from voice.call import Call
from voice.conversation import Answer, Completeness
from voice.line.line import Connection, Samples
from voice.line.loopback import pair
from voice.line.sip import SipLine
from voice.turns.actions import Reason

DUTY_NUMBER, CALLER_HZ, PERSON_HZ = "8001", 900, 440
HANDOFF = Answer(("好，这就请工作人员来。",), handoff=True, ended=True)


def loud(sound: Samples) -> Samples:
    return sound[np.abs(sound) > 500]


async def test_the_duty_telephone_is_rung_and_joined_with_the_call(line: SipLine, tmp_path: Path) -> None:
    phone = AnsweringSoftphone(tmp_path, DUTY_NUMBER, tone(PERSON_HZ, 30, 8_000), seconds=22)
    await phone.listening()
    store = open_store(load_settings(db=f"sqlite:///{tmp_path}/line.sqlite", keys=tmp_path / "keys"))
    dialler = Dialler(lambda: [line], address=f"sip:{{number}}@127.0.0.1:{phone.port}")
    always = Duty((read_hours("00:00", "24:00"),), 10, {})
    person = DutyPhone(always, dialler, store, lambda: MONDAY, last_resort=DUTY_NUMBER)
    ours, theirs = pair(RATE, "13909510001", "12345", realtime=True)
    played = Played()
    served = desk(ScriptedHearing({}), ScriptedAnswers([GREETING, HANDOFF]), person=person)
    script: Script = [(500, "0"), (4_000, tone(CALLER_HZ, 13, RATE)), (17_000, "hang up")]
    caller = asyncio.create_task(_caller(theirs, script, 60_000, played))
    reason = await Call(ours, served, played.events.append).run()
    await caller
    store.close()
    assert reason is Reason.TRANSFERRED and played.all("person_joined")
    heard_by_person = loud(await phone.heard())
    assert len(heard_by_person) > RATE and abs(loudest_hz(heard_by_person[:4_000]) - CALLER_HZ) < 120
    heard_by_caller = np.concatenate(played.heard[-150:])
    assert abs(loudest_hz(heard_by_caller) - PERSON_HZ) < 10


DANGER = Answer(
    ("您先别乱动。",), urgent=True, emergency=True, handoff=True, events=({"event": "emergency"},)
)
PLACE = Answer(("您住在哪里？",), asks="place", handoff=True)


class Judged(ScriptedAnswers):
    """A conversation that can tell danger from other words."""

    async def completeness(self, text: str) -> Completeness:
        return Completeness.ANSWERED if "摔" in text else Completeness.SETTLED


@asynccontextmanager
async def a_person_is_rung(
    hears: str, *answers: Answer
) -> AsyncIterator[tuple[Played, RtpPhone, Sipp, Sipp]]:
    """A caller over real SIP has pressed 0, and the duty telephone rings over real SIP, too; nobody takes it up.

    Whatever the caller says is read as `hears`. The call, the caller's telephone, their signalling, the duty telephone's.
    """
    played, line = Played(), SipLine(settings())
    duty = await Sipp.start("never_answers")

    class Duty:
        async def come(self, caller: Connection) -> Connection | None:
            return await line.dial(f"sip:{DUTY_NUMBER}@127.0.0.1:{duty.port}", ring_s=30)

    async def take(connection: Connection) -> None:
        conversation = Judged([GREETING, HANDOFF, *answers])
        served = desk(ScriptedHearing({1_000: hears}), conversation, person=Duty())
        played.reason = await Call(connection, served, played.events.append).run()

    await line.open(take)
    try:
        with RtpPhone() as phone:
            caller = await Sipp.start("call", line_port=line._settings.port, rtp_port=phone.port, ms=14_000)
            await until(lambda: bool(played.events))
            phone.press("0")
            await until(lambda: bool(played.all("person_called")))
            yield played, phone, caller, duty
            await until(lambda: played.reason is not None, 20)
    finally:
        await line.close()


async def test_danger_said_while_the_duty_telephone_rings_is_answered_at_once_and_it_rings_on() -> None:
    async with a_person_is_rung("我摔倒了起不来了", DANGER) as (played, phone, caller, duty):
        await asyncio.sleep(0.5)
        phone.say(speech(1_500))
        await until(lambda: bool(played.all("emergency")))
        await until(lambda: "".join(DANGER.sentences) in [reply["text"] for reply in played.all("reply")])
        assert not {"person_unwanted", "nobody_came"} & set(kinds(played.events))
        await caller.finish()
        await duty.finish()  # it was rung until the caller hung up
    assert played.reason is Reason.CALLER


async def test_the_star_key_stops_the_ringing_and_the_line_listens_again() -> None:
    async with a_person_is_rung("我想订个午饭", PLACE) as (played, phone, caller, duty):
        await asyncio.sleep(0.5)
        phone.press("*")
        await duty.finish()
        assert "person_unwanted" in kinds(played.events) and "nobody_came" not in kinds(played.events)
        await until(lambda: played.events[-1]["event"] == "listening")
        phone.say(speech(1_500))
        await until(lambda: bool(played.all("asks")))
        await caller.finish()
    assert [heard["text"] for heard in played.all("heard")][-1] == "我想订个午饭"
    assert kinds(played.events).count("person_called") == 1 and played.reason is Reason.CALLER
