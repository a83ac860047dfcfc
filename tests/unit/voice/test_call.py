"""A whole call with scripted ears and answers, on the clock of its own sound."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from config.turn_taking import load_turn_rules
from tests.unit.voice.fakes import (
    RATE,
    KeptProfiles,
    ScriptedAnswers,
    ScriptedHearing,
    desk,
    hum,
    kinds,
    noise,
    speech,
)
from voice.call import Call, Event
from voice.conversation import Answer
from voice.line.line import (
    FRAME_MS,
    Connection,
    NotAnswered,
    NotAnsweredError,
    Samples,
    Sound,
)
from voice.line.loopback import LoopbackConnection, pair
from voice.person import HandedOver
from voice.turns.actions import Reason

RULES = load_turn_rules()
GREETING = Answer(("您好，这里是暖线。", "您想办什么，跟我说就行。"))
PLACE = Answer(("您住在哪里？",), asks="place")
CONFIRM = Answer(
    ("安排送饭，明天中午。", "对不对？"), asks="confirm", choices=(("对", "对"), ("不对", "不对"))
)
GOODBYE = Answer(("您保重身体。",), ended=True)


@dataclass
class Played:
    events: list[Event] = field(default_factory=list)
    reason: Reason | None = None
    heard: list[Samples] = field(default_factory=list)

    def all(self, kind: str) -> list[Event]:
        return [event for event in self.events if event["event"] == kind]


Script = list[tuple[int, Samples | str]]  # what the caller does when: sound, a key, "hang up", "out of reach"


async def play(
    script: Script,
    hearing: ScriptedHearing,
    answers: ScriptedAnswers,
    *,
    until_ms: int = 60_000,
    **given: Any,
) -> Played:
    """Run a call with a caller who does things at fixed times of the call, and hangs up at the end."""
    ours, theirs = pair(RATE, "13909510001", "12345", realtime=False)
    played = Played()
    recorder = given.pop("recorder", None)
    call = Call(ours, desk(hearing, answers, **given), played.events.append, recorder=recorder, lockstep=True)
    caller = asyncio.create_task(_caller(theirs, script, until_ms, played))
    played.reason = await asyncio.wait_for(call.run(), 30)
    await caller
    return played


async def _caller(phone: LoopbackConnection, script: Script, until_ms: int, played: Played) -> None:
    waiting = sorted(script, key=lambda step: step[0])
    async for event in phone.events():
        if not isinstance(event, Sound):
            continue
        played.heard.append(event.samples)
        now = event.at_ms + FRAME_MS
        while waiting and waiting[0][0] <= now:
            await _do(phone, waiting.pop(0)[1])
        if now >= until_ms:
            await phone.hang_up()


async def _do(phone: LoopbackConnection, what: Samples | str) -> None:
    if isinstance(what, np.ndarray):
        phone.play(what)
    elif what in ("out of reach", "in reach"):
        phone.out_of_reach = what == "out of reach"
    elif what == "hang up":
        await phone.hang_up()
    else:
        await phone.send_keys(what)


async def test_the_line_greets_hears_answers_and_says_goodbye() -> None:
    answers = ScriptedAnswers([GREETING, GOODBYE])
    played = await play([(6_000, speech(1_500))], ScriptedHearing({1_000: "我要订个午饭"}), answers)
    assert answers.texts() == [None, "我要订个午饭"]
    assert [kind for kind in kinds(played.events) if kind != "silence"] == [
        "reply", "listening", "heard", "reply", "listening", "ended",
    ]  # fmt: skip
    assert played.reason is Reason.DONE and answers.left == ["done"]


async def test_the_reply_starts_soon_after_the_caller_stopped() -> None:
    played = await play([(6_000, speech(1_500))], ScriptedHearing({1_000: "我要订个午饭。"}), ScriptedAnswers([GREETING, PLACE]), until_ms=12_000)  # fmt: skip
    heard, reply = played.all("heard")[0], played.all("reply")[1]
    assert 7_440 <= heard["end_ms"] <= 7_520
    assert heard["taken_as"] == "open" and 1_000 <= heard["waited_ms"] <= 1_200
    assert 600 <= reply["starts_ms"] - 7_500 <= 1_200


async def test_a_pause_after_an_unfinished_phrase_is_waited_out() -> None:
    hearing = ScriptedHearing({800: "我想订", 2_000: "我想订明天的午饭"})
    answers = ScriptedAnswers([GREETING, PLACE])
    await play([(6_000, speech(1_000)), (9_000, speech(1_500))], hearing, answers, until_ms=14_000)
    assert answers.texts() == [None, "我想订明天的午饭"]


async def test_words_of_the_caller_stop_our_speech_within_200_ms() -> None:
    hearing = ScriptedHearing({800: "我要找人帮忙"})
    played = await play([(1_000, speech(1_200))], hearing, ScriptedAnswers([GREETING, PLACE]), until_ms=8_000)
    stopped = played.all("barge_in")[0]["at_ms"]
    assert 1_000 < stopped <= 1_200 + FRAME_MS
    assert played.all("heard")[0]["text"] == "我要找人帮忙"


async def test_a_word_that_begins_with_a_hum_stops_our_speech_soon() -> None:
    ming = np.concatenate([hum(100), speech(600)])  # «明天»
    played = await play([(1_000, ming)], ScriptedHearing({}), ScriptedAnswers([GREETING]), until_ms=4_500)
    assert played.all("barge_in")[0]["at_ms"] <= 1_200


@pytest.mark.parametrize("sound", [hum(300), noise(250), speech(80)], ids=["hum", "cough", "knock"])
async def test_a_hum_a_cough_or_a_knock_does_not_stop_our_speech(sound: Samples) -> None:
    played = await play([(1_000, sound)], ScriptedHearing({}), ScriptedAnswers([GREETING]), until_ms=4_500)
    assert "barge_in" not in kinds(played.events)
    assert not played.all("heard")


async def test_speech_goes_on_after_an_interruption_that_was_nothing() -> None:
    played = await play(
        [(1_000, speech(400))], ScriptedHearing({}), ScriptedAnswers([GREETING]), until_ms=9_000
    )
    order = [kind for kind in kinds(played.events) if kind in ("barge_in", "resumed", "listening", "heard")]
    assert order == ["barge_in", "resumed", "listening"]


async def test_a_television_in_the_background_neither_stops_us_nor_is_heard() -> None:
    murmur = noise(20_000, level_db=-42)
    answers = ScriptedAnswers([GREETING, PLACE])
    played = await play([(0, murmur)], ScriptedHearing({100: "电视"}), answers, until_ms=4_900)
    assert "barge_in" not in kinds(played.events) and not played.all("heard")


async def test_our_own_echo_does_not_stop_us() -> None:
    played = Played()
    ours, theirs = pair(RATE, "1", "2", realtime=False)
    talking = desk(ScriptedHearing({}), ScriptedAnswers([GREETING]), speaking=_NoiseVoice())
    call = Call(ours, talking, played.events.append, lockstep=True)

    async def telephone() -> None:
        delay = [np.zeros(RATE * FRAME_MS // 1000, np.int16)] * 7
        async for event in theirs.events():
            if isinstance(event, Sound):
                delay.append((event.samples // 3).astype(np.int16))
                theirs.play(delay.pop(0))
                if event.at_ms > 4_000:
                    await theirs.hang_up()

    caller = asyncio.create_task(telephone())
    await call.run()
    await caller
    assert "barge_in" not in kinds(played.events) and not played.all("heard")


async def test_silence_is_met_with_three_steps_and_the_call_ends() -> None:
    answers = ScriptedAnswers([GREETING, Answer(("您还在吗？",)), Answer(("按零找人。",)), GOODBYE])
    played = await play([], ScriptedHearing({}), answers)
    steps = [event["lasting_ms"] for event in played.all("silence")]
    assert steps == [5_000, 12_000, 20_000]
    assert answers.texts() == [None] * 4
    assert played.reason is Reason.DONE


async def test_zero_on_the_keys_is_a_person_and_stops_our_speech() -> None:
    answers = ScriptedAnswers([GREETING, GOODBYE])
    played = await play([(1_000, "0")], ScriptedHearing({}), answers)
    assert answers.texts() == [None, "转人工"] and answers.said[1].by_key
    assert played.all("reply")[1]["starts_ms"] < 1_200


async def test_a_choice_is_taken_by_key_and_a_number_ends_with_a_pause() -> None:
    phone = Answer(("您留个电话。",), asks="phone")
    answers = ScriptedAnswers([GREETING, CONFIRM, phone, PLACE])
    script: Script = [
        (6_000, speech(1_500)),
        (14_000, "1"),
        (20_000, "0951"),
        (20_500, "2345678"),
        (20_800, "#"),
    ]
    await play(script, ScriptedHearing({1_000: "我要订个午饭。"}), answers, until_ms=25_000)
    assert answers.texts()[2:] == ["对", "09512345678"]


async def test_with_a_dead_recogniser_the_keys_are_offered_and_then_a_person_comes() -> None:
    answers = ScriptedAnswers([GREETING, GOODBYE])
    script: Script = [(6_000, speech(1_500)), (16_000, speech(1_500))]
    played = await play(script, ScriptedHearing({}, alive=False), answers)
    assert "按键" in played.all("reply")[1]["text"]
    assert "转人工" in answers.texts()
    assert len(played.all("hearing_failed")) == 2


async def test_a_broken_conversation_ends_with_kind_words() -> None:
    played = await play([], ScriptedHearing({}), ScriptedAnswers([GREETING], broken=True))
    assert played.reason is Reason.FAULT
    assert "工作人员" in played.all("reply")[0]["text"]


async def test_what_is_added_right_after_the_turn_is_answered_together() -> None:
    answers = ScriptedAnswers([GREETING, PLACE, CONFIRM])
    hearing = ScriptedHearing({1_000: "我要订个午饭。"})
    profiles = KeptProfiles()
    script: Script = [(6_000, speech(1_200)), (8_400, speech(1_500))]
    played = await play(script, hearing, answers, until_ms=15_000, profiles=profiles)
    assert len(played.all("heard")) == 2
    known = profiles.known["13909510001"]
    assert max(known.pauses_ms) >= 850 and known.resumed_ms >= 850


async def test_who_speaks_soon_after_a_short_answer_was_heard_has_not_been_cut_off() -> None:
    answers = ScriptedAnswers([GREETING, Answer(("好。",)), PLACE])
    profiles = KeptProfiles()
    script: Script = [(6_000, speech(1_200)), (9_300, speech(1_500))]
    played = await play(
        script, ScriptedHearing({1_000: "我要订个午饭。"}), answers, until_ms=15_000, profiles=profiles
    )
    taken, resumed = played.all("heard")
    assert resumed["start_ms"] - taken["at_ms"] < RULES.endpoint.resumed_within_ms
    known = profiles.known["13909510001"]
    assert known.resumed_ms == 0 and not known.pauses_ms


async def test_a_person_is_reached_by_transfer_and_otherwise_calls_back() -> None:
    handoff = Answer(("好，这就请工作人员来。",), handoff=True, ended=True)
    reached = await play([(1_000, "0")], ScriptedHearing({}), ScriptedAnswers([GREETING, handoff]), person=HandedOver("8001"))  # fmt: skip
    assert reached.reason is Reason.TRANSFERRED
    alone = await play([(1_000, "0")], ScriptedHearing({}), ScriptedAnswers([GREETING, handoff]))
    assert alone.reason is Reason.DONE


class _Desk:
    """A person on duty: answers at once, says something, and hears what the caller says; or nobody answers."""

    def __init__(self, *, answers: bool) -> None:
        self._answers = answers
        self.heard_ms = 0
        self.rung: list[str] = []

    async def come(self, caller: Connection) -> Connection | None:
        self.rung.append(caller.caller)
        if not self._answers:
            raise NotAnsweredError(NotAnswered.NO_ANSWER)
        ours, theirs = pair(RATE, "8001", "12345", realtime=False)
        theirs.play(speech(2_000))
        self._task = asyncio.create_task(self._talk(theirs))
        return ours

    async def _talk(self, phone: LoopbackConnection) -> None:
        async for event in phone.events():
            if isinstance(event, Sound):
                self.heard_ms += FRAME_MS * bool(np.abs(event.samples).max() > 500)


class _Kept:
    """A recorder that measures what our side says after the greeting."""

    def __init__(self) -> None:
        self.said_by_line_ms = 0
        self._joined = False

    def add(self, caller: Samples, line: Samples) -> None:
        self.said_by_line_ms += FRAME_MS * (self._joined and bool(np.abs(line).max() > 500))

    def event(self, event: Event) -> None:
        self._joined |= event["event"] == "person_joined"

    def discard(self) -> None: ...
    def close(self) -> None: ...


async def test_a_person_who_is_rung_is_joined_with_the_call_and_both_sides_are_kept() -> None:
    handoff = Answer(("好，这就请工作人员来。",), handoff=True, ended=True)
    person, kept = _Desk(answers=True), _Kept()
    script: Script = [(1_000, "0"), (8_000, speech(1_500)), (11_000, "hang up")]
    played = await play(
        script, ScriptedHearing({}), ScriptedAnswers([GREETING, handoff]), person=person, recorder=kept
    )
    assert played.reason is Reason.TRANSFERRED and person.rung == ["13909510001"]
    assert [event for event in kinds(played.events) if event.startswith("person")] == [
        "person_called", "person_joined", "person_left",
    ]  # fmt: skip
    assert person.heard_ms > 1_200
    assert played.all("person_left")[0]["by"] == "caller"
    assert kept.said_by_line_ms > 1_500  # what the person said is on our side of the recording


class _Ringing:
    """A person whose telephone rings until it is stopped."""

    stopped = False

    async def come(self, caller: Connection) -> Connection | None:
        try:
            await asyncio.Event().wait()
        finally:
            self.stopped = True
        raise AssertionError("nobody takes it up")


async def test_the_star_key_stops_the_ringing_and_the_call_goes_on() -> None:
    handoff = Answer(("好，这就请工作人员来。",), handoff=True, ended=True)
    person, answers = _Ringing(), ScriptedAnswers([GREETING, handoff, PLACE])
    script: Script = [(1_000, "0"), (8_000, "*"), (16_000, speech(1_500))]
    played = await play(
        script, ScriptedHearing({1_000: "我要订个午饭。"}), answers, person=person, until_ms=22_000
    )
    assert person.stopped and kinds(played.events).count("person_unwanted") == 1
    assert "nobody_came" not in kinds(played.events)
    assert answers.texts()[-1] == "我要订个午饭。" and played.all("asks")[-1]["asks"] == "place"


async def test_a_caller_who_hangs_up_while_a_person_is_rung_stops_the_ringing() -> None:
    handoff = Answer(("好，这就请工作人员来。",), handoff=True, ended=True)
    person = _Ringing()
    played = await play([(1_000, "0"), (8_000, "hang up")], ScriptedHearing({}), ScriptedAnswers([GREETING, handoff]), person=person)  # fmt: skip
    assert person.stopped and played.reason is Reason.CALLER


class _Prompt(_Desk):
    """Comes in the very moment in which the caller turns away."""

    async def come(self, caller: Connection) -> Connection | None:
        self.ours = await super().come(caller)
        return self.ours


async def test_a_person_who_comes_in_the_moment_in_which_the_caller_turns_away_is_let_go() -> None:
    handoff = Answer(("好，这就请工作人员来。",), handoff=True, ended=True)
    ours, theirs = pair(RATE, "13909510001", "12345", realtime=False)
    person = _Prompt(answers=True)
    call = Call(ours, desk(ScriptedHearing({}), ScriptedAnswers([GREETING, handoff]), person=person), lambda event: None)  # fmt: skip
    call._person = await person.come(ours)
    call._stop_fetching()
    await asyncio.wait_for(person._task, 5)
    assert call._person is None
    await theirs.hang_up()


async def test_when_nobody_comes_the_caller_is_told_so_and_may_go_on() -> None:
    handoff = Answer(("好，这就请工作人员来。",), handoff=True, ended=True)
    answers = ScriptedAnswers([GREETING, handoff, PLACE])
    script: Script = [(1_000, "0"), (10_000, speech(1_500))]
    played = await play(
        script, ScriptedHearing({1_000: "我要订个午饭。"}), answers, person=_Desk(answers=False)
    )
    assert "回电话" in played.all("reply")[2]["text"] and played.all("nobody_came")
    assert answers.texts()[2] == "我要订个午饭。"


async def test_a_fax_machine_is_told_and_left() -> None:
    at = np.arange(RATE * 3) / RATE
    tone = (8_000 * np.sin(2 * np.pi * 1_100 * at)).astype(np.int16)
    played = await play([(500, tone)], ScriptedHearing({}), ScriptedAnswers([GREETING]))
    assert played.reason is Reason.FAX


async def test_music_without_end_keeps_memory_bounded_and_never_orders() -> None:
    answers = ScriptedAnswers([GREETING, Answer(("您还在吗？",))])
    hearing = ScriptedHearing({})
    await play([(3_000, speech(80_000))], hearing, answers, until_ms=75_000)
    assert set(answers.texts()) == {None}
    assert max(length for length, _ in hearing.asked) < 30


async def test_a_call_of_no_length_ends_quietly() -> None:
    played = await play([(0, "hang up")], ScriptedHearing({}), ScriptedAnswers([GREETING]))
    assert played.reason is Reason.CALLER
    assert kinds(played.events)[-1] == "ended"


class _NoiseVoice:
    """Speaks in noise of the loudness of speech, a piece at a time."""

    async def say(self, sentence: str, manner: object, rate: int):  # type: ignore[no-untyped-def]
        yield noise(200 * len(sentence), seed=len(sentence))

    def is_ready(self, sentence: str, manner: object, rate: int) -> bool:
        return True

    async def prepare(self, sentence: str) -> None:
        """Has everything."""

    async def close(self) -> None:
        """Holds nothing."""


async def test_a_caller_who_is_cut_off_is_given_up_soon_and_not_taken_for_a_silent_one() -> None:
    played = await play([(8_000, "out of reach")], ScriptedHearing({}), ScriptedAnswers([GREETING]))
    assert played.reason is Reason.LOST
    assert 22_000 <= played.events[-1]["at_ms"] <= 24_000
    assert "nothing_received" in kinds(played.events)
    assert all(event["at_ms"] < 12_000 for event in played.all("silence")), (
        "a hole is no silence of the caller's"
    )


async def test_a_network_that_ends_a_call_in_a_hole_has_lost_the_caller() -> None:
    lost = await play(
        [(8_000, "out of reach"), (12_000, "hang up")], ScriptedHearing({}), ScriptedAnswers([GREETING])
    )
    left = await play([(12_000, "hang up")], ScriptedHearing({}), ScriptedAnswers([GREETING]))
    assert (lost.reason, left.reason) == (Reason.LOST, Reason.CALLER)


async def test_a_telephone_that_sends_nothing_in_silence_is_not_lost() -> None:
    script: Script = [
        (0, "out of reach"), (5_900, "in reach"), (6_000, speech(1_500)), (7_800, "out of reach"),
        (50_000, "in reach"), (51_000, "hang up"),
    ]  # fmt: skip
    played = await play(
        script, ScriptedHearing({1_000: "我要订个午饭"}), ScriptedAnswers([GREETING, *[PLACE] * 9])
    )
    assert played.reason in (Reason.CALLER, Reason.SILENCE, Reason.DONE)
    assert "nothing_received" not in kinds(played.events)
    assert played.all("silence"), "its caller is asked whether they are still there"
