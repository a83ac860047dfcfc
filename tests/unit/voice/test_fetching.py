"""While a person is being rung: danger is heard, the way back is open, and the caller is told that the line lives."""

from __future__ import annotations

import pytest

from config.turn_taking import load_turn_rules
from voice.conversation import Answer, Completeness
from voice.hearing.recogniser import Heard, Reading
from voice.line.line import FRAME_MS
from voice.turns.actions import (
    Action,
    Announce,
    Ask,
    HangUp,
    Hush,
    Note,
    Recognise,
    Speak,
    StopFetching,
    Transfer,
)
from voice.turns.fetching import Fetching
from voice.turns.frame import Frame
from voice.turns.profile import CallerProfile
from voice.turns.turn_taking import TurnTaking

RULES = load_turn_rules()
PERSON = Answer(("好，这就请工作人员来。",), handoff=True, ended=True)
DANGER = Answer(("您先别乱动。", "马上打120。"), urgent=True, emergency=True, handoff=True)
WHERE = Answer(("您在哪儿？",), asks="place", urgent=True, emergency=True, handoff=True)
MEAL = Answer(("这个饭什么时候送？",), asks="time", handoff=True)


class Waiting:
    """A caller for whom a person is being rung. What they say next is read as `text`, and judged as `completeness`."""

    def __init__(self) -> None:
        self.now = 0
        self.done: list[Action] = []
        self.text, self.completeness = "", None  # type: tuple[str, Completeness | None]
        self.turns = TurnTaking(RULES, CallerProfile(), can_transfer=True)
        self.turns.begin()
        self.answer(Answer(("您好。",)))
        self.press("0")
        self.answer(PERSON)
        assert self.done[-1] == Transfer()

    def all(self, kind: type) -> list:  # type: ignore[type-arg]
        return [action for action in self.done if isinstance(action, kind)]

    def announced(self) -> list[str]:
        return [action.says for action in self.all(Announce)]

    def answer(self, answer: Answer) -> None:
        """The conversation answers, and what it says is heard to its end."""
        self.take(self.turns.answered(answer))
        self.heard_out()

    def heard_out(self) -> None:
        self.quiet(500)
        self.take(self.turns.speaking_ended())

    def press(self, key: str) -> None:
        self.take(self.turns.key(key, self.now))

    def say(
        self, text: str, completeness: Completeness | None = Completeness.OPEN, *, then_quiet_ms: int = 3_200
    ) -> None:
        self.text, self.completeness = text, completeness
        self._frames(1_000, speech=0.95, level_db=-22.0)
        self.quiet(then_quiet_ms)

    def quiet(self, ms: int) -> None:
        self._frames(ms, speech=0.01, level_db=-80.0)

    def take(self, actions: list[Action]) -> None:
        for action in actions:
            self.done.append(action)
            if isinstance(action, Recognise):
                readings = (Reading(self.text, 0.9),) if self.text else ()
                heard = Heard(readings, "x", 1, 0, "" if readings else "hallucination")
                self.take(self.turns.heard(action.stretch, heard, self.completeness))

    def _frames(self, ms: int, *, speech: float, level_db: float) -> None:
        for _ in range(ms // FRAME_MS):
            self.now += FRAME_MS
            self.take(self.turns.frame(Frame(self.now, speech, level_db)))


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


def test_the_caller_is_told_now_and_then_that_somebody_is_rung_and_first_how_to_get_back(
    waiting: Waiting,
) -> None:
    for _ in range(3):
        waiting.quiet(RULES.silence.fetching_ms + FRAME_MS)
        waiting.heard_out()
    assert waiting.announced() == ["fetching_first", "fetching", "fetching"]
    assert not waiting.all(StopFetching) and not waiting.all(HangUp)


def test_danger_said_while_somebody_is_rung_is_answered_at_once_and_the_ringing_goes_on(
    waiting: Waiting,
) -> None:
    waiting.say("我摔倒了起不来了", Completeness.ANSWERED, then_quiet_ms=1_000)
    assert waiting.all(Ask)[-1].text == "我摔倒了起不来了"
    waiting.answer(DANGER)
    assert waiting.done[-1] == Speak(DANGER)
    assert not waiting.all(StopFetching) and len(waiting.all(Transfer)) == 1


def test_in_danger_the_conversation_goes_on_until_the_person_comes(waiting: Waiting) -> None:
    waiting.say("我摔倒了", Completeness.ANSWERED)
    waiting.answer(WHERE)
    waiting.say("在家里厕所", Completeness.OPEN)
    assert waiting.all(Ask)[-1].text == "在家里厕所"
    waiting.answer(DANGER)
    waiting.press("*")
    assert waiting.all(Ask)[-1].text == "再说一遍", "what to do is said again, and nobody is sent away"
    assert not waiting.all(StopFetching) and len(waiting.all(Transfer)) == 1
    waiting.answer(WHERE)
    waiting.take(waiting.turns.not_transferred())
    assert waiting.done[-1] == Announce("nobody_there", WHERE)


def test_what_nobody_could_judge_may_be_danger(waiting: Waiting) -> None:
    waiting.say("我心口疼", None)
    assert waiting.all(Ask)[-1].text == "我心口疼"
    waiting.take(waiting.turns.answered(MEAL))
    assert waiting.done[-1] == Announce("fetching_first"), "it was none: the wait goes on"


def test_words_that_are_no_danger_are_kept_for_the_record_and_ask_nothing(waiting: Waiting) -> None:
    asked = len(waiting.all(Ask))
    waiting.say("我就是想问问那个补贴", Completeness.SETTLED)
    assert len(waiting.all(Ask)) == asked
    assert Note("said_while_fetching", {"text": "我就是想问问那个补贴"}) in waiting.done
    assert waiting.done[-1] == Announce("fetching_first") and not waiting.all(StopFetching)


def test_sound_that_nobody_can_read_disturbs_nothing(waiting: Waiting) -> None:
    for _ in range(4):
        waiting.say("", None)
    assert not {"unclear", "unclear_again"} & set(waiting.announced())
    assert all(ask.text in (None, "转人工") for ask in waiting.all(Ask)) and not waiting.all(StopFetching)


def test_dead_recognisers_disturb_nothing(waiting: Waiting) -> None:
    waiting.take = lambda actions: waiting.done.extend(actions)  # type: ignore[method-assign]
    waiting.say("喂")
    waiting.take(waiting.turns.not_heard(waiting.all(Recognise)[-1].stretch))
    assert "hearing_failed" in [note.event for note in waiting.all(Note)]
    assert "hearing_down" not in waiting.announced()


@pytest.mark.parametrize("key", ["0", "1", "5", "9", "#"])
def test_any_key_but_the_star_is_answered_by_a_word_and_the_ringing_goes_on(
    waiting: Waiting, key: str
) -> None:
    asked = len(waiting.all(Ask))
    waiting.press(key)
    assert waiting.done[-2:] == [Note("key", {"key": key}), Announce("fetching_first")]
    waiting.press(key)
    assert waiting.done[-3:] == [Hush(), Note("key", {"key": key}), Announce("fetching")]
    assert len(waiting.all(Ask)) == asked and not waiting.all(StopFetching)


def test_the_star_leads_back_to_the_line_which_listens_again(waiting: Waiting) -> None:
    waiting.press("*")
    assert waiting.done[-2:] == [StopFetching(), Announce("back")]
    waiting.heard_out()
    waiting.say("我想订个午饭", Completeness.SETTLED)
    assert waiting.all(Ask)[-1].text == "我想订个午饭"
    waiting.answer(MEAL)
    assert len(waiting.all(Transfer)) == 1, "the conversation still says that a person was asked for"
    assert not waiting.all(HangUp)


def test_whoever_turned_back_can_ask_for_a_person_again(waiting: Waiting) -> None:
    waiting.press("*")
    waiting.heard_out()
    waiting.press("0")
    waiting.answer(PERSON)
    assert len(waiting.all(Transfer)) == 2


def test_after_turning_back_danger_rings_the_person_again(waiting: Waiting) -> None:
    waiting.press("*")
    waiting.heard_out()
    waiting.say("我摔倒了", Completeness.ANSWERED)
    waiting.answer(DANGER)
    assert len(waiting.all(Transfer)) == 2


@pytest.mark.parametrize(
    "text",
    ["算了，不用了", "算了算了", "那就不等了吧", "不用找人了，谢谢啊", "唉，还是不麻烦你们了", "别转了"],
)
def test_words_of_turning_back_lead_back(waiting: Waiting, text: str) -> None:
    waiting.say(text, Completeness.SETTLED)
    assert waiting.done[-2:] == [StopFetching(), Announce("back")]


@pytest.mark.parametrize(
    "text", ["我这个卡不用了怎么办", "算了半天也没算清", "等了半天了", "你们快点", "不用了的药能退吗"]
)
def test_other_words_do_not(text: str) -> None:
    assert not Fetching(RULES).leads_back(text)


def test_when_nobody_comes_the_caller_is_told_and_may_go_on(waiting: Waiting) -> None:
    waiting.take(waiting.turns.not_transferred())
    assert waiting.done[-1] == Announce("nobody_there")
    waiting.heard_out()
    waiting.say("我想订个午饭", Completeness.SETTLED)
    assert waiting.all(Ask)[-1].text == "我想订个午饭"
