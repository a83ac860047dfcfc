"""Which sentences of a turn are looked at again, and that nothing of a person is in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import cache

import pytest

from backend.domain.people import Caller, Contact, Elder, Ward
from backend.domain.review import Reason
from backend.services.ports import Line
from bot.dialogue.engine import Outcome
from bot.dialogue.memory import Form, Memory
from bot.dialogue.turn import Asks, Reply, Turn
from bot.review_list import corrected, misleading_sentence, names_of, own_sentence
from nlu.parse import load_parser
from nlu.understanding import Parser

NOW = datetime(2026, 11, 24, 9, 30)
NOBODY = Caller("13909510001", "13909510001")


@cache
def parser() -> Parser:
    return load_parser()


def turn_of(text: str) -> Turn:
    return Turn(session="s", sender="13909510001", now=NOW, text=text)


def outcome_of(text: str, *happened: str, memory: Memory | None = None) -> Outcome:
    heard = parser().parse(text, now=NOW) if text else None
    return Outcome(memory or Memory(), Reply(("好。",), happened=happened), (), heard)


@pytest.mark.parametrize(
    ("happened", "reason"),
    [
        (("not_understood", "handoff:not_understood"), Reason.NOT_UNDERSTOOD),
        (("unsure",), Reason.UNSURE),
        (("handoff:stuck",), Reason.STUCK),
    ],
)
def test_what_was_not_understood_is_kept_masked_with_what_it_was_taken_for(
    happened: tuple[str, ...], reason: Reason
) -> None:
    text = "我叫王桂兰，院里那棵树"
    (note,) = own_sentence(Memory(asking="detail"), turn_of(text), outcome_of(text, *happened), NOBODY)
    assert (note.text, note.key, note.reason) == ("我叫某某，院里那棵树", "我叫某某院里那棵树", reason)
    assert (note.channel, note.asked, note.at) == ("text", "detail", NOW)
    assert note.understood == parser().parse(text, now=NOW).names()


@pytest.mark.parametrize(
    "happened", [(), ("silence",), ("too_long",), ("order_placed:meal",), ("handoff:asked_for",)]
)
def test_other_turns_leave_nothing(happened: tuple[str, ...]) -> None:
    assert not list(own_sentence(Memory(), turn_of("送饭"), outcome_of("送饭", *happened), NOBODY))


@pytest.mark.parametrize("asking", [Asks.NAME, Asks.PLACE, Asks.PHONE])
def test_an_answer_that_is_a_name_an_address_or_a_number_is_never_kept(asking: Asks) -> None:
    outcome = outcome_of("买买提江嘛", "not_understood")
    assert not list(own_sentence(Memory(asking=asking), turn_of("买买提江嘛"), outcome, NOBODY))


def test_without_a_word_nothing_is_kept() -> None:
    for text in ("", "……", "🍚"):
        assert not list(own_sentence(Memory(), turn_of(text), outcome_of(text, "not_understood"), NOBODY))


def test_names_come_from_the_records_and_from_what_was_told() -> None:
    elder = Elder(1, "k", "王桂兰", contacts=(Contact("马丽", "13909510013", "女儿"),))
    caller = replace(NOBODY, wards=(Ward(elder, "女儿"),))
    memory = Memory(told={"self": {"name": "马丽丽", "place": "x"}}, forms=[Form(1, "meal", name="李秀英")])
    assert names_of(memory, caller) == ["王桂兰", "马丽", "马丽丽", "李秀英"]


def test_an_item_that_became_another_and_a_false_alarm_are_corrections() -> None:
    before, after = Memory(forms=[Form(1, "bath"), Form(2, "meal")]), Memory(forms=[Form(1, "cleaning")])
    assert corrected(before, outcome_of("送饭", memory=after)) == ("bath", Reason.CORRECTED)
    assert corrected(before, outcome_of("送饭", memory=before)) is None
    assert corrected(before, outcome_of("送饭", "dropped")) is None
    assert corrected(before, outcome_of("没摔", "false_alarm")) == ("emergency", Reason.FALSE_ALARM)


def test_the_sentence_that_misled_us_is_the_last_one_taken_for_that() -> None:
    said = ("我想洗个澡", "明天上午", "给我打扫一下卫生", "13909510001")
    lines = [Line(NOW, who, text) for text in said for who in ("caller", "line")]
    (note,) = misleading_sentence("bath", Reason.CORRECTED, turn_of("不对"), lines, parser(), [])
    assert (note.text, note.asked, note.reason) == ("我想洗个澡", None, Reason.CORRECTED)
    assert not list(misleading_sentence("meal", Reason.CORRECTED, turn_of("不对"), lines, parser(), []))
