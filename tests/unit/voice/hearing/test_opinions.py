import pytest

from config.hearing import load_hearing_words
from voice.hearing.opinions import merged
from voice.hearing.recogniser import Heard, Hint, Reading
from voice.hearing.same import same_answer
from voice.hearing.weighing import DISAGREED

WORDS = load_hearing_words()


def heard(*readings: tuple[str, float], engine: str = "whisper") -> Heard:
    return Heard(tuple(Reading(*reading) for reading in readings), engine, 1.0, 0.5)


def test_agreement_is_surer_than_either() -> None:
    both = merged(heard(("对，对。", 0.7)), heard(("对", 0.6)), Hint("confirm"), WORDS)
    assert both.agreed is True and both.text == "对，对。"
    assert both.readings[0].confidence == pytest.approx(0.88)
    assert both.took_s == 1.0


def test_two_words_for_yes_agree() -> None:
    assert merged(heard(("是的", 0.7)), heard(("要得", 0.6)), Hint("confirm"), WORDS).agreed is True


def test_disagreement_gives_both_readings_and_is_never_sure() -> None:
    both = merged(heard(("是", 0.95), ("十", 0.3)), heard(("不是", 0.6)), Hint("confirm"), WORDS)
    assert both.agreed is False
    assert [reading.text for reading in both.readings] == ["是", "不是", "十"]
    assert max(reading.confidence for reading in both.readings) == DISAGREED


def test_the_grammar_alone_is_no_opinion() -> None:
    nothing = Heard((), "whisper", 1.0, 0.5, why_nothing="noise")
    both = merged(nothing, heard(("对", 0.6)), Hint("confirm"), WORDS)
    assert both.text is None and both.agreed is None and both.why_nothing == "noise"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("138", "幺三八", True),
        ("两点。", "二点", True),
        ("七七", "七", False),
        ("好好", "好", True),
        ("马建国", "妈建国", True),
        ("九点", "十点", False),
    ],
)
def test_the_same_answer(one: str, other: str, same: bool) -> None:
    assert same_answer(one, other) is same
