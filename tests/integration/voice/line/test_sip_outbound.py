"""A wanted call goes out over real SIP, a softphone answers, its person hears the message and says yes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
from sqlalchemy import select

from backend.store.open import open_store
from bot.call_records import CallKeeper
from bot.dialling import Dialler
from bot.outbound_calls import OutboundCalls
from config.outbound import load_outbound_rules
from config.settings import load_settings
from tests.integration.voice.line.softphone import AnsweringSoftphone
from tests.tones import loudest_hz, tone
from tests.unit.voice.fakes import MONDAY, ScriptedAnswers, ScriptedHearing, desk, silence, speech
from voice.line.line import Samples
from voice.line.sip import SipLine
from voice.speaking.voice import Manner
from voice.stand_in import StandInVoice, duration_ms

SON = "13809510005"
HELLO = np.concatenate([silence(500), speech(600)])
YES = speech(1_200)  # said three times: a busy machine may be late with the message


class Humming(StandInVoice):
    """Says everything as a tone of its length."""

    async def say(self, sentence: str, manner: Manner, rate: int) -> AsyncIterator[Samples]:
        yield tone(700, duration_ms(sentence, manner) / 1000, rate)


async def test_a_softphone_answers_hears_the_message_and_its_person_acknowledges(
    line: SipLine, tmp_path: Path
) -> None:
    rules = load_outbound_rules()
    short = replace(rules.kinds["alert"], opening="{text}", offer="", closing="好。")
    rules = replace(rules, kinds={**rules.kinds, "alert": short}, apart=timedelta(seconds=0.1))
    phone = AnsweringSoftphone(
        tmp_path, SON, np.concatenate([HELLO, *3 * [silence(3_600), YES], silence(20_000)]), seconds=18
    )
    await phone.listening()
    store = open_store(load_settings(db=f"sqlite:///{tmp_path}/line.sqlite", keys=tmp_path / "keys"))
    parts = desk(ScriptedHearing({1_000: "好的。"}), ScriptedAnswers([]), speaking=Humming())
    keeper = CallKeeper(store, None, tmp_path, parts.clock)
    address = f"sip:{{number}}@127.0.0.1:{phone.port}"
    calls = OutboundCalls(store, parts, Dialler(lambda: [line], address=address), rules, keeper)
    with store.unit_of_work() as uow:
        uow.calls.want(SON, "妈妈摔倒了。", key="k", reason="alert", urgent=True, at=MONDAY)
        uow.commit()
    assert await calls.look()
    await calls.settle()
    with store.engine.connect() as connection:
        row = connection.execute(select(store.tables.family.calls)).one()
    store.close()
    assert (row.state, [result for _, result in row.tried]) == ("acknowledged", ["reached"])
    heard = await phone.heard()
    loud = np.flatnonzero(np.abs(heard) > 500)
    assert len(loud) > 2_000
    assert abs(loudest_hz(heard[loud[0] : loud[0] + 4_000]) - 700) < 10
