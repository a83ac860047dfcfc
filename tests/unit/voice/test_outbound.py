"""Calls that the line makes: when, to whom, how often, and who answered."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from config.outbound import OutboundError, load_outbound_rules, read_outbound_rules
from config.turn_taking import load_turn_rules
from tests.unit.voice.fakes import RATE, LevelDetector, hum, silence, speech
from voice.answered_by import answered_by
from voice.audio.g711 import decode_ulaw
from voice.audio.level import amplified, level_dbfs
from voice.hearing.detect import make_detector
from voice.line.line import FRAME_MS, Connection, Hangup, Key, LineEvent, NotAnswered, Sound
from voice.line.loopback import LoopbackConnection
from voice.outbound import (
    MachineEar,
    Result,
    Verdict,
    Wanted,
    after_quiet_hours,
    due_now,
    next_try,
)

VOICES = Path(__file__).parents[2] / "calls" / "voices"
# Of scripted callers, each of three seconds and more.
LONG_SENTENCES = (
    "54325d4fc0cac03e", "3edc142b9aa5bc16", "50e303991e26b4db",
    "c5d7e3d6f4bab3ed", "705540b7fa899bae", "e18f69b997887d9d",
)  # fmt: skip
RULES = load_outbound_rules()
REMINDER, ALERT = (RULES.kinds[name] for name in ("reminder", "alert"))
NINE = datetime(2026, 11, 23, 9)


def wanted(number: str = "1", **given: object) -> Wanted:
    return Wanted(**({"id": number, "number": number, "kind": REMINDER, "due": NINE} | given))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("moment", "allowed"),
    [("09:00", "09:00"), ("07:59", "08:00"), ("12:30", "14:00"), ("14:00", "14:00"), ("19:59", "19:59")],
)
def test_nobody_is_called_in_quiet_hours(moment: str, allowed: str) -> None:
    asked = datetime.fromisoformat(f"2026-11-23T{moment}")
    assert after_quiet_hours(asked, RULES) == datetime.fromisoformat(f"2026-11-23T{allowed}")


def test_the_evening_is_put_off_until_the_next_morning_but_not_in_an_emergency() -> None:
    evening = datetime(2026, 11, 23, 21, 30)
    assert next_try(wanted(due=evening), NINE, RULES, ()) == datetime(2026, 11, 24, 8)
    assert next_try(wanted(due=evening, kind=ALERT), NINE, RULES, ()) == evening


def test_what_is_late_keeps_to_the_hours_and_expires_as_if_it_was_wanted_now() -> None:
    evening = datetime(2026, 11, 23, 20, 30)
    assert next_try(wanted(), evening, RULES, ()) == datetime(2026, 11, 24, 8)
    assert due_now([wanted()], evening, RULES) == []
    late = wanted(expires=evening - timedelta(minutes=1), kind=ALERT)
    assert next_try(late, evening, RULES, ()) is Verdict.EXPIRED


def test_every_way_of_not_answering_has_its_own_retries() -> None:
    assert {why.value for why in NotAnswered} <= set(RULES.retries)
    busy_once = wanted(tried=((NINE, Result.BUSY),))
    assert next_try(busy_once, NINE, RULES, ()) == NINE + timedelta(minutes=5)
    refused = wanted(tried=((NINE, Result.REFUSED),))
    assert next_try(refused, NINE, RULES, ()) is Verdict.GIVEN_UP
    rung_out = wanted(tried=tuple((NINE, Result.NO_ANSWER) for _ in range(3)))
    assert next_try(rung_out, NINE, RULES, ()) is Verdict.GIVEN_UP
    assert next_try(wanted(tried=((NINE, Result.REACHED),)), NINE, RULES, ()) is Verdict.DONE


def test_a_reminder_after_the_visit_and_a_call_to_somebody_who_wants_none_are_not_made() -> None:
    assert next_try(wanted(expires=NINE), NINE, RULES, ()) is Verdict.EXPIRED
    assert next_try(wanted("5"), NINE, RULES, {"5"}) is Verdict.DO_NOT_CALL
    assert next_try(wanted("5", kind=ALERT), NINE, RULES, {"5"}) == NINE


def test_never_more_calls_at_once_than_allowed_emergencies_first_and_one_a_number() -> None:
    calls = [wanted(str(number)) for number in range(10)]
    emergency = wanted("99", kind=ALERT)
    twice = Wanted("again", "0", REMINDER, NINE - timedelta(minutes=1))
    chosen = due_now([*calls, twice, emergency], NINE, RULES, busy={"1"}, under_way=1)
    assert len(chosen) == RULES.at_once - 1
    assert [call.id for call in chosen] == ["99", "again", "2"]
    assert due_now(calls, NINE - timedelta(minutes=1), RULES) == []


def _first_words(*sounds: tuple[np.ndarray, bool]) -> Result | None:
    ear = MachineEar(RULES.machine, RATE)
    size = RATE * FRAME_MS // 1000
    for sound, speaks in sounds:
        for at in range(0, len(sound) - size + 1, size):
            if result := ear.hears(sound[at : at + size], speaks=speaks):
                return result
    return None


def test_a_person_says_hello_and_waits_a_machine_goes_on_or_beeps() -> None:
    hello = speech(700)
    assert _first_words((hello, True), (silence(1_000), False)) is Result.REACHED
    assert _first_words(*6 * [(speech(900), True), (silence(300), False)]) is Result.MACHINE
    assert _first_words((speech(7_900), True)) is None, "no gap: that is the room"
    assert _first_words((speech(8_000), True)) is Result.REACHED
    beep = (8_000 * np.sin(2 * np.pi * 1_000 * np.arange(RATE // 2) / RATE)).astype(np.int16)
    assert _first_words((speech(1_000), True), (beep, False)) is Result.MACHINE
    assert _first_words((hum(200), True)) is None


def louder(sound: np.ndarray, to_db: float) -> np.ndarray:
    return amplified(sound, to_db - level_dbfs(sound[np.abs(sound) > 300]))


@pytest.mark.parametrize("at_db", [-20, -26, -32])
async def test_voices_in_the_room_are_no_machine_however_loud(at_db: float) -> None:
    """Real speech of six people at once, and the detector of the line."""
    room = decode_ulaw((VOICES / "babble.ulaw").read_bytes())
    for begins in range(0, len(room) - 10 * RATE, 4 * RATE):
        sound = louder(room[begins : begins + 10 * RATE], at_db)
        assert await _who(sound) is Result.REACHED


@pytest.mark.parametrize("at_db", [-16, -20, -26])
@pytest.mark.parametrize("lead_ms", [0, 300, 800])
async def test_an_announcement_is_a_machine_from_whenever_it_begins(at_db: float, lead_ms: int) -> None:
    files = [VOICES / f"{name}.ulaw" for name in LONG_SENTENCES[:5]]
    sentences = [louder(_trimmed(decode_ulaw(file.read_bytes())), at_db) for file in files]
    parts = [part for sentence in sentences for part in (sentence, silence(350))]
    assert await _who(np.concatenate([silence(lead_ms), *parts])) is Result.MACHINE


async def test_a_television_across_the_room_is_no_machine() -> None:
    files = [VOICES / f"{name}.ulaw" for name in LONG_SENTENCES]
    sentences = [louder(_trimmed(decode_ulaw(file.read_bytes())), -42) for file in files]
    assert await _who(np.concatenate(sentences)) is Result.REACHED


async def _who(sound: np.ndarray) -> Result:
    heard = _answers(*_heard(sound))
    return await answered_by(heard, make_detector(), RULES.machine, load_turn_rules().speech)


def _trimmed(sound: np.ndarray) -> np.ndarray:
    loud = np.flatnonzero(np.abs(sound) > 300)
    return sound[loud[0] : loud[-1] + 1]


def test_an_emergency_is_tried_again_within_minutes_and_when_nobody_acknowledged() -> None:
    busy = wanted(kind=ALERT, tried=((NINE, Result.BUSY),))
    assert next_try(busy, NINE, RULES, ()) == NINE + timedelta(minutes=1)
    unheard = wanted(kind=ALERT, tried=((NINE, Result.UNACKNOWLEDGED),))
    assert next_try(unheard, NINE, RULES, ()) == NINE + timedelta(minutes=3)
    assert {result.value for result in Result} - {"reached"} == set(RULES.urgent_retries)


def _answers(*events: LineEvent) -> Connection:
    """A connection on which this arrives."""
    ours = LoopbackConnection(RATE, "1", "2")
    for event in events:
        ours.inbox.put(event)
    ours.inbox.end(Hangup.CALLER, 99_999)
    return ours


def _heard(sound: np.ndarray) -> list[Sound]:
    size = RATE * FRAME_MS // 1000
    return [Sound(sound[at : at + size], at * 1000 // RATE) for at in range(0, len(sound) - size + 1, size)]


@pytest.mark.parametrize(
    ("events", "result"),
    [
        (_heard(np.concatenate([silence(900), speech(600), silence(1_000)])), Result.REACHED),
        (_heard(np.concatenate(6 * [speech(900), silence(300)])), Result.MACHINE),
        (_heard(silence(4_100)), Result.REACHED),  # waits for us
        ([*_heard(silence(300)), Key("1", 300)], Result.REACHED),
        (_heard(speech(300)), Result.NO_ANSWER),  # hung up at once
    ],
    ids=["hello", "announcement", "silent", "key", "gone"],
)
async def test_who_answered_is_known_by_the_first_words(events: list[LineEvent], result: Result) -> None:
    speech_rules = load_turn_rules().speech
    assert await answered_by(_answers(*events), LevelDetector(), RULES.machine, speech_rules) is result


def test_a_wrong_file_is_named() -> None:
    with pytest.raises(OutboundError, match="quiet_hours"):
        read_outbound_rules({})
