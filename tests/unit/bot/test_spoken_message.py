"""What is said in a call that we make: again on request, until it was acknowledged, never more often than wanted."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from bot.spoken_message import SpokenMessage
from config.outbound import load_outbound_rules
from voice.conversation import Answer, Said

NOW = datetime(2026, 11, 23, 9)
RULES = load_outbound_rules()
NEWS, ALERT = RULES.kinds["news"], RULES.kinds["alert"]
TEXT = "王桂兰的送餐办好了。"


async def told(message: SpokenMessage, *said: str | None) -> list[Answer]:
    answers: list[Answer] = []
    pace = loudness = 0
    for text in (None, *said):
        answers.append(await message.answer(Said(text, NOW, pace=pace, loudness=loudness)))
        pace, loudness = answers[-1].pace, answers[-1].loudness
    return answers


async def test_the_sentences_are_short_and_say_what_can_be_pressed() -> None:
    (first,) = await told(SpokenMessage(NEWS, TEXT, RULES))
    assert first.sentences == ("您好，这里是暖线。", TEXT, "要再听一遍，请按星号键。")
    (alert,) = await told(SpokenMessage(ALERT, TEXT, RULES))
    assert alert.urgent and alert.asks == "confirm" and not first.urgent
    assert all(len(sentence) <= 22 for kind in RULES.kinds.values() for sentence in kind.closing.split("。"))


@pytest.mark.parametrize("yes", ["对", "好的", "知道了", "听到了", "嗯，行呢"])
async def test_the_key_and_every_clear_yes_acknowledge(yes: str) -> None:
    message = SpokenMessage(ALERT, TEXT, RULES)
    _, last = await told(message, yes)
    assert message.acknowledged and last.ended
    assert last.events == ({"event": "acknowledged"},)


@pytest.mark.parametrize("said", ["对吗？", "喂，你是谁啊", "不对", "转人工"])
async def test_what_is_no_yes_acknowledges_nothing_and_it_is_said_again(said: str) -> None:
    message = SpokenMessage(ALERT, TEXT, RULES)
    _, again = await told(message, said)
    assert not message.acknowledged and TEXT in again.sentences


async def test_silence_ends_it_after_the_third_time() -> None:
    message = SpokenMessage(ALERT, TEXT, RULES)
    assert [answer.ended for answer in await told(message, None, None, None)] == [False, False, False, True]


async def test_a_machine_hears_an_alert_twice_and_only_a_key_acknowledges_it() -> None:
    message = SpokenMessage(ALERT, TEXT, RULES, machine=True)
    answers = await told(message, "您好，我现在不在，请留言", "好的，知道了")
    assert [TEXT in answer.sentences for answer in answers] == [True, True, False]
    assert not message.acknowledged and answers[-1].ended
    message = SpokenMessage(ALERT, TEXT, RULES, machine=True)
    await told(message)
    assert (await message.answer(Said("好的", NOW, by_key=True))).ended
    assert message.acknowledged


async def test_it_is_said_again_slower_and_louder_as_often_as_it_is_asked_for() -> None:
    message = SpokenMessage(NEWS, TEXT, RULES)
    answers = await told(message, "再说一遍", "慢点说", "大声点", "没听清")
    assert not any(answer.ended for answer in answers)
    assert (answers[-1].pace, answers[-1].loudness) == (1, 1)


@pytest.mark.parametrize("said", [None, "好，谢谢", "谢谢", "知道了"])
async def test_news_are_over_when_they_were_heard(said: str | None) -> None:
    (_, last) = await told(SpokenMessage(NEWS, TEXT, RULES), said)
    assert last.ended


async def test_who_wants_no_calls_says_so_but_not_in_an_emergency() -> None:
    message = SpokenMessage(NEWS, TEXT, RULES)
    (_, last) = await told(message, "你们以后别再打来了")
    assert message.no_more_calls and last.ended
    urgent = SpokenMessage(replace(NEWS, emergency=True), TEXT, RULES)
    await told(urgent, "你们以后别再打来了")
    assert not urgent.no_more_calls
