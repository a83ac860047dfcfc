"""Scripted callers: what they say next, how they sound, and what counts as right."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.unit.voice.fakes import ScriptedAnswers, ScriptedHearing, desk, noise, speech
from tests.unit.voice.test_call import GREETING
from voice.audio.level import level_dbfs
from voice.line.line import Samples
from voice.simulate.attentive import AttentiveCaller
from voice.simulate.caller import ScriptedCaller
from voice.simulate.check import faults
from voice.simulate.run import simulate
from voice.simulate.script import (
    CallScript,
    Conditions,
    Means,
    Move,
    ScriptError,
    load_scripts,
    read_script,
)
from voice.simulate.sound import RATE, CallerVoices, Microphone, levelled, trimmed
from voice.speaking.voice import SpeakingError

CALLS = Path(__file__).parents[2] / "calls"
REPLY = {"event": "reply", "at_ms": 0, "text": "您住在哪里？"}
LISTENING = {"event": "listening", "at_ms": 0}
ASKS_CONFIRM = {"event": "asks", "asks": "confirm", "at_ms": 0}


def script(**given: Any) -> CallScript:
    return read_script({"name": "n"} | given)


def test_every_script_can_be_read_and_no_two_have_the_same_name() -> None:
    scripts = [one for file in sorted(CALLS.glob("*.yaml")) for one in load_scripts(file)]
    assert len(scripts) >= 40
    assert len({one.name for one in scripts}) == len(scripts)


def test_every_item_of_the_catalogue_is_ordered_by_voice_in_some_script() -> None:
    from config.catalogue import load_catalogue

    scripts = [one for file in sorted(CALLS.glob("*.yaml")) for one in load_scripts(file)]
    orders = [one.expect["orders"] for one in scripts if isinstance(one.expect.get("orders"), list)]
    assert set(load_catalogue()) <= {order["item"] for wanted in orders for order in wanted}


def test_a_caller_says_the_script_then_answers_then_leaves() -> None:
    caller = ScriptedCaller(script(says=["订饭"], answers={"place": ["一", "二"]}))
    assert _next(caller) == Move("订饭")
    assert _next(caller, {"event": "asks", "asks": "place", "at_ms": 0}) == Move("一")
    assert [_next(caller, {"event": "asks", "asks": "place", "at_ms": 0}).text for _ in range(2)] == [
        "二",
        "二",
    ]
    more = REPLY | {"text": "您还要办别的吗？"}
    assert caller.on(more) is None
    assert _plan(caller).text == "没有了"
    assert _next(caller).hang_up


def test_something_asked_without_an_answer_is_a_fault() -> None:
    caller = ScriptedCaller(script(says=[]))
    assert _next(caller, {"event": "asks", "asks": "phone", "at_ms": 0}).hang_up
    assert caller.stuck is not None and "phone" in caller.stuck


async def test_a_caller_whose_voice_fails_ends_the_call_with_the_reason() -> None:
    """The line must not listen for ever to a caller who is gone."""

    def open_voice(speaker: str) -> Any:
        raise SpeakingError(f"the speaker {speaker} has not been fetched yet")

    voices = CallerVoices(Path("nowhere"), open_voice)
    line = desk(ScriptedHearing({}), ScriptedAnswers([GREETING]))
    async with asyncio.timeout(20):
        with pytest.raises(SpeakingError, match="not been fetched"):
            await simulate(script(says=["订饭"]), line, voices)


def test_a_caller_who_listens_says_no_to_what_is_wrong_and_yes_to_what_is_right() -> None:
    caller = AttentiveCaller(Means("time", ("后天", "后儿"), reads="后天", instead="后天", no="不对，是后天"))
    assert _hears(caller, "您看什么时候合适？", "time") == Move("后天")
    assert _hears(caller, "给您安排送餐，今天。对不对？", "confirm") == Move("不对，是后天")
    assert _hears(caller, "哪里不对，您跟我说。", "detail") == Move("后天")
    assert _hears(caller, "您看什么时候合适？", "time") == Move("后儿")
    assert _hears(caller, "给您安排送餐，后天。对不对？", "confirm") == Move("对")
    again = _hears(caller, "我没听清。您再慢慢说一遍，好吗？", "confirm")  # what was read back still holds
    assert again.text == "都对，没有错"
    assert caller.said == 2 and caller.turns == 6
    assert _hears(caller, "后天的送餐，安排好了。", None).hang_up


def test_a_caller_who_listens_presses_the_keys_that_are_offered() -> None:
    caller = AttentiveCaller(Means("phone", ("幺三九",), reads="139", keys="139"))
    assert _hears(caller, "您留个电话，行吗？", "phone") == Move("幺三九")
    assert _hears(caller, "没听全。您在电话上按号码，行吗？", "phone") == Move(keys="139")
    assert _hears(caller, "给您安排送餐。电话是138。对，请按1。", "confirm") == Move(keys="2")
    assert _hears(caller, "您说要办什么就行。不方便说，就按零找人。", "phone") == Move("幺三九")


def test_the_answer_looked_at_may_be_a_yes_or_a_no() -> None:
    no = AttentiveCaller(Means("confirm", ("不成",), reads="后天", is_yes=False, instead="后天"))
    assert _hears(no, "给您安排送餐，明天。对不对？", "confirm") == Move("不成")
    assert _hears(no, "哪里不对，您跟我说。", "detail") == Move("后天")
    assert _hears(no, "给您安排送餐，后天。对不对？", "confirm") == Move("对")
    assert no.said == 1
    yes = AttentiveCaller(Means("confirm", ("成", "中"), reads="明天"))
    assert _hears(yes, "给您安排送餐，明天。对不对？", "confirm") == Move("成")
    assert _hears(yes, "哪里不对，您跟我说。", "detail").text == "都对，没有错"
    assert _hears(yes, "给您安排送餐，明天。对不对？", "confirm") == Move("中")


def test_a_caller_who_listens_gives_up_in_the_end_and_says_what_they_could_not_answer() -> None:
    caller = AttentiveCaller(Means("time", ("后天",), reads="后天"))
    assert _hears(caller, "您住在哪里？", "place").hang_up
    assert caller.stuck is not None and "place" in caller.stuck
    patient = AttentiveCaller(Means("time", ("后天",), reads="后天"))
    moves = [_hears(patient, "您看什么时候合适？", "time") for _ in range(9)]
    assert [move.hang_up for move in moves] == [False] * 8 + [True]


def test_a_caller_may_talk_over_the_line() -> None:
    caller = ScriptedCaller(script(says=[{"text": "喂", "over_ms": 700}]))
    planned = caller.on(REPLY)
    assert planned is not None and planned.in_ms == 700 and planned.move.text == "喂"


def test_an_answer_may_be_said_into_the_question() -> None:
    over = {"text": "对", "over_ms": 1_500}
    caller = ScriptedCaller(script(says=["订饭"], answers={"confirm": [over, "对着呢"]}))
    assert caller.on(ASKS_CONFIRM) is None  # the script has its own words to say first
    assert _plan(caller).text == "订饭"
    planned = caller.on(ASKS_CONFIRM)
    assert planned is not None and planned.in_ms == 1_500 and planned.move.text == "对"
    assert _next(caller, ASKS_CONFIRM).text == "对着呢"


def test_whoever_talks_over_the_line_in_a_script_really_does() -> None:
    """By its name."""
    scripts = [one for file in sorted(CALLS.glob("*.yaml")) for one in load_scripts(file)]
    over = [one for one in scripts if "talks over" in one.name]
    assert len(over) >= 2
    assert all("over_ms" in str(one.answers) or any(move.over_ms for move in one.says) for one in over)


def test_at_least_sixty_calls_end_with_an_order() -> None:
    scripts = [one for file in sorted(CALLS.glob("*.yaml")) for one in load_scripts(file)]
    wanted = [one for one in scripts if isinstance(one.expect.get("orders"), list)]
    assert sum(bool(one.expect["orders"]) for one in wanted) >= 60


@pytest.mark.parametrize(
    ("expect", "fault"),
    [
        ({"orders": [{"item": "meal", "time": "2026-11-24T12:00"}]}, None),
        ({"orders": []}, "too many"),
        ({"orders": [{"item": "bath"}]}, "bath|status|item"),
        ({"orders": [{"item": "meal", "time_startswith": "2026-11-25"}]}, "time is"),
        ({"orders": [{"item": "meal", "status": "cancelled"}]}, "status is"),
        ({"orders": "any", "emergency": True}, "emergency is False"),
        ({"orders": "any", "heard": ["午饭"], "says": ["安排好"], "reason": "done"}, None),
        ({"orders": "any", "heard": ["晚饭"]}, "never heard"),
        ({"orders": "any", "events": ["barge_in"]}, "no event barge_in"),
        ({"orders": "any", "most_turns": 0}, "took 1 turns"),
        ({"orders": "any", "speling": 1}, "nobody knows"),
    ],
)
def test_what_came_is_compared_with_what_was_expected(expect: dict[str, Any], fault: str | None) -> None:
    import re

    events = [
        {"event": "heard", "at_ms": 1, "text": "订个午饭"},
        {"event": "order", "at_ms": 2, "number": "1", "item": "meal", "time": "2026-11-24T12:00", "status": "routed"},
        {"event": "reply", "at_ms": 2, "text": "安排好了。"},
        {"event": "ended", "at_ms": 3, "reason": "done"},
    ]  # fmt: skip
    found = faults(expect, events)
    assert bool(found) == (fault is not None), found
    assert fault is None or re.search(fault, found[0])


def test_speech_is_rendered_once_with_its_pauses(tmp_path: Path) -> None:
    class Voice:
        name, rate, rendered = "v", 16_000, 0

        def render(self, text: str, *, speed: float = 1.0) -> Samples:
            self.rendered += 1
            return np.repeat(speech(500), 2)

    voice = Voice()
    voices = CallerVoices(tmp_path, lambda speaker: voice)
    said = voices.say("我想[1.5]订饭", Conditions())
    assert abs(len(said) / RATE - 2.5) < 0.1
    assert not said[int(0.7 * RATE) : int(1.8 * RATE)].any()
    again = CallerVoices(tmp_path, lambda speaker: voice).say("我想[1.5]订饭", Conditions())
    assert voice.rendered == 2 and np.array_equal(again, said)
    assert abs(level_dbfs(voices.babble()) - -22) < 2


def test_the_microphone_adds_noise_at_its_distance_and_keeps_time() -> None:
    microphone = Microphone(Conditions(noise="white", snr_db=15), levelled(noise(1_000), -22))
    microphone.say(speech(40, -22))
    levels = [level_dbfs(microphone.frame()) for _ in range(5)]
    assert levels[0] > -23 and not microphone.speaking
    assert all(abs(level - -37) < 1.5 for level in levels[2:])


def test_silence_around_words_is_cut_off() -> None:
    padded = np.concatenate((np.zeros(4_000, np.int16), speech(500), np.zeros(4_000, np.int16)))
    assert abs(len(trimmed(padded)) - 4_000) <= 320


def test_a_wrong_script_is_named(tmp_path: Path) -> None:
    for text in ("{name: n, speling: 1}", "{name: n, conditions: {noise: thunder}}", "- ["):
        (tmp_path / "a.yaml").write_text(text, "utf-8")
        with pytest.raises(ScriptError, match=r"a\.yaml"):
            load_scripts(tmp_path / "a.yaml")


def _hears(caller: AttentiveCaller, text: str, asks: str | None) -> Move:
    assert caller.on(REPLY | {"text": text}) is None
    if asks is not None:
        assert caller.on({"event": "asks", "asks": asks, "at_ms": 0}) is None
    planned = caller.on(LISTENING)
    assert planned is not None
    return planned.move


def _next(caller: ScriptedCaller, *asks: dict[str, Any]) -> Move:
    for event in (REPLY, *asks):
        assert caller.on(event) is None
    return _plan(caller)


def _plan(caller: ScriptedCaller) -> Move:
    planned = caller.on(LISTENING)
    assert planned is not None
    return planned.move
