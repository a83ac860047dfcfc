"""When the keys of the telephone are offered."""

from __future__ import annotations

import pytest

from config.turn_taking import load_turn_rules
from voice.conversation import Answer
from voice.hearing.recogniser import Heard, Reading
from voice.turns.by_key import KeyOffers
from voice.turns.manner import sentences_for
from voice.turns.profile import CallerProfile

RULES = load_turn_rules()
READ_BACK = Answer(
    ("给您安排送餐。", "电话是139 9511 0022。", "对不对？"),
    asks="confirm",
    choices=(("对", "对"), ("不对", "不对")),
)
YES = ("对，请按1。", "不对，请按2。")


def test_the_second_time_the_same_is_asked_the_keys_are_told() -> None:
    offers = KeyOffers(RULES)
    assert offers.with_keys(READ_BACK) == READ_BACK
    assert offers.with_keys(READ_BACK).sentences == (*READ_BACK.sentences, *YES)


def test_an_order_begins_the_count_anew() -> None:
    offers = KeyOffers(RULES)
    offers.with_keys(READ_BACK)
    placed = Answer(("安排好了。",), events=({"event": "order", "number": "1"},))
    assert offers.with_keys(placed) == placed
    assert offers.with_keys(READ_BACK) == READ_BACK


@pytest.mark.parametrize(
    ("question", "told"),
    [
        (Answer(("您留个电话，行吗？",), asks="phone"), ("您也可以在电话上按号码。",)),
        (
            Answer(("这是给谁办的？",), asks="beneficiary", choices=(("王桂兰", "给王桂兰"), ("马建国", "给马建国"))),
            ("王桂兰，请按1。", "马建国，请按2。"),
        ),
        (Answer(("您看什么时候合适？",), asks="time", choices=(("今天", "今天"),)), ()),
        (Answer(("您要买什么？",), asks="detail"), ()),
    ],
)  # fmt: skip
def test_what_is_told_hangs_on_the_question(question: Answer, told: tuple[str, ...]) -> None:
    offers = KeyOffers(RULES)
    offers.with_keys(question)
    assert offers.with_keys(question).sentences == (*question.sentences, *told)


def test_a_number_that_was_read_back_wrong_twice_can_be_pressed() -> None:
    offers, what = KeyOffers(RULES), Answer(("哪里不对，您跟我说。",), asks="detail")
    for _ in range(2):
        offers.with_keys(READ_BACK)
        said = offers.with_keys(what)
    assert said.sentences[-1] == "要改电话，直接按号码。"


def test_the_hard_of_hearing_are_told_the_keys_once() -> None:
    offers = KeyOffers(RULES)
    offers.with_keys(READ_BACK)
    said = sentences_for(offers.with_keys(READ_BACK), CallerProfile(pace=2, loudness=1), RULES)
    assert [said.count(one) for one in YES] == [1, 1]


def heard(text: str, sure: float, *, closed: bool = True) -> Heard:
    return Heard((Reading(text, sure),), "whisper", 1.0, 0.3, closed=closed)


def test_a_yes_that_is_not_sure_is_doubted_once_for_each_question() -> None:
    offers = KeyOffers(RULES)
    assert offers.doubts(heard("对", 0.5), READ_BACK)
    assert not offers.doubts(heard("对", 0.5), READ_BACK)
    assert offers.doubts(heard("对", 0.5), Answer(("对吗？",), asks="confirm"))


def test_a_no_that_is_hardly_one_is_never_believed() -> None:
    offers = KeyOffers(RULES)
    assert [offers.doubts(heard("没", 0.45), READ_BACK) for _ in range(3)] == [1, 2, 3]
    assert not offers.doubts(heard("不对", 0.65), READ_BACK)
    assert offers.doubts(heard("没", 0.45), Answer(("对吗？",), asks="confirm")) == 1


def test_what_is_sure_or_more_than_a_yes_or_answers_something_else_is_taken() -> None:
    offers = KeyOffers(RULES)
    assert not offers.doubts(heard("对", 0.95), READ_BACK)
    assert not offers.doubts(heard("不对，是后天", 0.3, closed=False), READ_BACK)
    assert not offers.doubts(heard("后天", 0.3), Answer(("哪天？",), asks="time"))
    assert not offers.doubts(None, READ_BACK)
