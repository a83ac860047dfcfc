"""Every key that a prompt promises works wherever the prompt can still be in the caller's mind."""

from __future__ import annotations

import pytest

from config.turn_taking import load_turn_rules
from voice.conversation import Answer
from voice.line.line import FRAME_MS
from voice.turns.actions import Action, Announce, Ask, Reason, StopRecording
from voice.turns.frame import Frame
from voice.turns.profile import CallerProfile
from voice.turns.turn_taking import TurnTaking

RULES = load_turn_rules()
PLACE = Answer(("您住在哪里？",), asks="place")
TIME = Answer(("哪天合适？",), asks="time", choices=(("今天", "今天"), ("明天", "明天上午")))
PHONE = Answer(("您留个电话，行吗？",), asks="phone")
READ_BACK = Answer(
    ("电话是139 9511 0022。", "对不对？"), asks="confirm", choices=(("对", "对"), ("不对", "不对"))
)
WHAT = Answer(("哪里不对，您跟我说。",), asks="detail", choices=(("时间", "时间不对"),))
MANY = Answer(("哪一个？",), asks="which_item", choices=tuple((str(n), f"第{n}个") for n in range(1, 10)))


class Caller:
    """Presses keys in a call in which these were asked, one after another."""

    def __init__(self, *asked: Answer, records: bool = True) -> None:
        self.now = 0
        self.turns = TurnTaking(RULES, CallerProfile(), records=records)
        self.turns.begin()
        for answer in (Answer(("您好。",)), *asked):
            self.take(self.turns.answered(answer))
            self.take(self.turns.speaking_ended())
            self.turns._asking = 1  # the next one is being asked for
        self.turns._asking = 0
        self.done: list[Action] = []

    def take(self, actions: list[Action]) -> None:
        self.done = [*getattr(self, "done", []), *actions]

    def press(self, keys: str) -> list[str | None]:
        """What the conversation is told, also of a number that ends because no more keys come."""
        for key in keys:
            self.take(self.turns.key(key, self.now))
        self.wait(RULES.keys.between_ms + FRAME_MS)
        return [action.text for action in self.done if isinstance(action, Ask)]

    def wait(self, ms: int) -> None:
        for _ in range(ms // FRAME_MS):
            self.now += FRAME_MS
            self.take(self.turns.frame(Frame(self.now, 0.01, -80.0)))


@pytest.mark.parametrize("asked", [(), (PLACE,), (TIME,), (READ_BACK,), (MANY,), (PHONE,), (READ_BACK, WHAT)])
def test_zero_is_a_person_whatever_was_asked(asked: tuple[Answer, ...]) -> None:
    """«找人，请按零。» Where a number is wanted, it is known to be none when no more keys follow."""
    assert Caller(*asked).press("0") == ["转人工"]


@pytest.mark.parametrize("asked", [(), (PLACE,), (TIME,), (READ_BACK,), (PHONE,), (READ_BACK, WHAT)])
def test_the_star_says_it_again_whatever_was_asked(asked: tuple[Answer, ...]) -> None:
    assert Caller(*asked).press("*") == ["再说一遍"]


@pytest.mark.parametrize(("key", "text"), [("1", "对"), ("2", "不对")])
def test_yes_and_no_have_their_keys(key: str, text: str) -> None:
    assert Caller(READ_BACK).press(key) == [text]


@pytest.mark.parametrize("number", ["13909510001", "09514123456"])
@pytest.mark.parametrize("asked", [(PHONE,), (READ_BACK, WHAT)])
def test_a_number_can_be_pressed_with_zero_in_front_or_not(asked: tuple[Answer, ...], number: str) -> None:
    """«您也可以在电话上按号码。» «要改电话，直接按号码。»"""
    assert Caller(*asked).press(number) == [number]


@pytest.mark.parametrize("asked", [(), (PLACE,), (TIME,), (READ_BACK,)])
def test_nine_refuses_the_recording_also_after_an_answer(asked: tuple[Answer, ...]) -> None:
    """«不想录，请按九。»"""
    caller = Caller(*asked)
    caller.turns._caller_spoke = True
    assert caller.press("9") == []
    assert any(isinstance(action, StopRecording) for action in caller.done)


@pytest.mark.parametrize(("asked", "told"), [((MANY,), "第9个"), ((PHONE,), "9")])
def test_nine_is_an_answer_where_it_can_be_one(asked: tuple[Answer, ...], told: str) -> None:
    caller = Caller(*asked)
    assert caller.press("9") == [told]
    assert not any(isinstance(action, StopRecording) for action in caller.done)


def test_nine_is_a_digit_when_the_notice_is_long_forgotten() -> None:
    caller = Caller(PLACE)
    caller.turns._caller_spoke = True
    caller.now = RULES.keys.refuse_recording_within_ms
    caller.wait(FRAME_MS)
    assert caller.press("9") == ["9"]


def test_no_key_stops_the_last_words_of_a_call_that_has_to_end() -> None:
    caller = Caller()
    caller.take(caller.turns.failed())
    assert caller.press("0") == [] and caller.done[-1] == Announce(Reason.FAULT.value)
