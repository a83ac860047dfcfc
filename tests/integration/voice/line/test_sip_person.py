"""Somebody asks for a person: the duty telephone is rung over real SIP, both are joined, and both are recorded."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np

from backend.store.open import open_store
from bot.dialling import Dialler
from bot.duty_phone import DutyPhone
from config.duty import Duty
from config.outbound import read_hours
from config.settings import load_settings
from tests.integration.voice.line.softphone import AnsweringSoftphone
from tests.tones import loudest_hz, tone
from tests.unit.voice.fakes import MONDAY, RATE, ScriptedAnswers, ScriptedHearing, desk
from tests.unit.voice.test_call import GREETING, Played, Script, _caller
from voice.call import Call
from voice.conversation import Answer
from voice.line.line import Samples
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
