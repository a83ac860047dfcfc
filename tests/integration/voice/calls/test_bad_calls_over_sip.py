"""Bad callers over the real SIP endpoint, with a whole call on top: it goes on, or ends with words, and nothing is ordered.

What harms the endpoint alone (malformed packets, strangers, floods, calls of no length, a codec that changes) stands in
`tests/integration/voice/line/test_sip_bad_input.py` and `test_sip_calls.py`; lost packets in `test_bad_network.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from config.turn_taking import TurnRules, load_turn_rules
from tests.integration.voice.calls.test_bad_calls import LUNCH, mortal_pool
from tests.integration.voice.line.conftest import settings, until
from tests.integration.voice.line.rtp_phone import RtpPhone
from tests.integration.voice.line.sipp import Sipp
from tests.tones import tone
from tests.unit.voice.fakes import ScriptedAnswers, ScriptedHearing, desk, kinds, silence, speech
from tests.unit.voice.test_call import GREETING, PLACE, Played
from voice.call import Call, Desk
from voice.conversation import Answer
from voice.line.line import Connection
from voice.line.sip import SipLine
from voice.turns.actions import Reason

RULES = load_turn_rules()
STILL_THERE = Answer(("您还在吗？",))
Act = Callable[[RtpPhone, Played], Awaitable[None]]
pytestmark = pytest.mark.slow


async def call_with(parts: Desk, act: Act, *, ms: int | None = None) -> Played:
    """A caller over SIP and RTP who does `act`; they hang up after `ms`, or wait for the line to do so."""
    played, line = Played(), SipLine(settings())

    async def take(connection: Connection) -> None:
        played.reason = await Call(connection, parts, played.events.append).run()

    await line.open(take)
    try:
        with RtpPhone() as phone:
            scenario: dict[str, Any] = {"ms": ms} if ms else {}
            caller = await Sipp.start(
                "call" if ms else "call_until_bye",
                line_port=line._settings.port,
                rtp_port=phone.port,
                within_s=60,
                **scenario,
            )
            await until(lambda: phone.remote is not None)
            await act(phone, played)
            await caller.finish()
            await until(lambda: played.reason is not None)
    finally:
        await line.close()
    return played


def patient(**given: Any) -> TurnRules:
    return replace(RULES, **given)


async def nothing(phone: RtpPhone, played: Played) -> None:
    """Says and presses nothing."""


async def test_a_fax_machine_is_told_that_this_is_a_telephone_and_left() -> None:
    async def calls(phone: RtpPhone, played: Played) -> None:
        phone.say(np.concatenate(3 * [tone(1100, 0.5), silence(3_000)]))

    played = await call_with(desk(ScriptedHearing({}), ScriptedAnswers([GREETING])), calls)
    assert played.reason is Reason.FAX
    assert "传真" in played.all("reply")[-1]["text"]


async def test_a_silent_caller_is_asked_and_left_in_the_end() -> None:
    rules = patient(silence=replace(RULES.silence, steps_ms=(1_000, 3_000), hang_up_ms=5_000))
    answers = ScriptedAnswers([GREETING, STILL_THERE])
    played = await call_with(desk(ScriptedHearing({}), answers, rules=rules), nothing)
    assert played.reason is Reason.SILENCE
    assert len(played.all("silence")) == 2 and set(answers.texts()) == {None}


async def test_a_call_that_is_too_long_ends_with_words() -> None:
    rules = patient(call=replace(RULES.call, longest_ms=7_000))
    played = await call_with(desk(ScriptedHearing({}), ScriptedAnswers([GREETING]), rules=rules), nothing)
    assert played.reason is Reason.TOO_LONG
    assert "再打来" in played.all("reply")[-1]["text"]


async def test_music_is_no_caller_and_orders_nothing() -> None:
    async def plays(phone: RtpPhone, played: Played) -> None:
        chords = [sum(tone(hz, 0.4) // 4 for hz in (262, 330, 392)), tone(440, 0.4), tone(523, 0.4) // 2]
        phone.say(np.concatenate(10 * chords).astype(np.int16))

    answers = ScriptedAnswers([GREETING, PLACE])
    played = await call_with(desk(ScriptedHearing({}), answers), plays, ms=13_000)
    assert played.reason is Reason.CALLER and not played.all("order")
    assert all(text in (None, RULES.keys.person_text) for text in answers.texts())


async def test_after_a_storm_of_keys_the_caller_is_heard() -> None:
    async def storms(phone: RtpPhone, played: Played) -> None:
        await until(lambda: "listening" in kinds(played.events), 20)
        phone.storm(500)
        await asyncio.sleep(1)
        phone.press("#")
        await asyncio.sleep(RULES.keys.between_ms / 1_000 + 1)
        phone.say(speech(1_500))
        await until(lambda: bool(played.all("heard")) and played.all("heard")[-1]["text"] == LUNCH, 20)

    answers = ScriptedAnswers([GREETING, PLACE])
    played = await call_with(desk(ScriptedHearing({1_000: LUNCH}), answers), storms, ms=25_000)
    assert played.reason is Reason.CALLER and "key" in kinds(played.events)


@pytest.mark.parametrize(
    ("deaths", "event"), [(1, "heard"), (99, "hearing_failed")], ids=["once", "for ever"]
)
async def test_a_recogniser_killed_in_mid_sentence_leaves_the_call_going(
    tmp_path: Path, deaths: int, event: str
) -> None:
    async def speaks(phone: RtpPhone, played: Played) -> None:
        await until(lambda: "listening" in kinds(played.events), 20)
        phone.say(speech(1_500))
        await until(lambda: event in kinds(played.events), 20)
        phone.press("0")
        await until(lambda: "key" in kinds(played.events), 20)

    answers = ScriptedAnswers([GREETING, PLACE])
    async with mortal_pool(tmp_path, deaths=deaths) as hearing:
        played = await call_with(desk(hearing, answers), speaks, ms=20_000)  # type: ignore[arg-type]
    assert played.reason is Reason.CALLER
    assert "转人工" in answers.texts() and (LUNCH in answers.texts()) is (deaths == 1)
