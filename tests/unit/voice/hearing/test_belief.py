import numpy as np
import pytest

from config.hearing import load_hearing_words
from tests.unit.voice.hearing.noises import noises
from tests.unit.voice.hearing.speech import RATE, spoken
from voice.hearing.belief import Decoded, confidence, fits_in_time, is_hum, why_disbelieved

WORDS = load_hearing_words()


@pytest.mark.parametrize(
    ("text", "logprob", "no_speech", "sound_s", "why"),
    [
        ("我想订个午饭", -0.2, 0.01, 2.0, ""),
        ("。", -0.2, 0.01, 2.0, "silence"),
        ("你好", -0.9, 0.8, 2.0, "noise"),
        ("你好", -0.2, 0.8, 2.0, ""),  # sure of it: somebody spoke softly
        ("铁锅饭", -1.9, 0.1, 2.0, "noise"),
        ("谢谢观看", -0.1, 0.1, 2.0, "hallucination"),
        ("请点赞订阅", -0.1, 0.1, 2.0, "hallucination"),
        ("谢谢你，没有别的事了", -0.1, 0.1, 2.0, ""),
        ("我想订个午饭明天中午送到家里来", -0.1, 0.1, 0.5, "hallucination"),  # faster than anybody speaks
        ("好" * 40, -0.1, 0.1, 20.0, "hallucination"),
        ("语语语语语语", -0.4, 0.1, 3.0, "hallucination"),  # the tones of keys
        ("鸿鸿鸿", -0.9, 0.1, 1.0, "hallucination"),  # a breath
        ("我以为我以为我以为", -0.9, 0.1, 3.0, "hallucination"),  # talk in the room
        ("鸿鸿", -0.4, 0.1, 1.0, ""),  # may be a name
        ("对对对", -0.4, 0.1, 1.0, ""),
        ("对，对，对，对，对，对，对", -0.4, 0.1, 3.0, "hallucination"),
        ("对，好，好，好，好，好，好，好，好", -0.5, 0.1, 6.0, "hallucination"),
        ("哎哟疼疼疼疼疼疼疼疼", -0.9, 0.1, 4.0, ""),
        ("我说哈哈哈，好", -0.4, 0.1, 3.0, ""),
        ("888888", -0.4, 0.1, 3.0, ""),
        ("八八八八", -0.4, 0.1, 3.0, ""),
        ("救命" * 12, -1.2, 0.1, 8.0, ""),  # whoever shouts for help is heard
        ("疼疼疼疼疼疼疼疼", -1.2, 0.1, 4.0, ""),
    ],
)
def test_what_nobody_said_is_not_believed(
    text: str, logprob: float, no_speech: float, sound_s: float, why: str
) -> None:
    assert why_disbelieved(Decoded(text, logprob, no_speech, sound_s), "", WORDS) == why


def test_an_echo_of_the_prompt_is_not_believed() -> None:
    echo = Decoded("护理补贴，高龄津贴，养老金认证", -0.1, 0.1, 3.0)
    assert why_disbelieved(echo, WORDS.open_prompt, WORDS) == "hallucination"


def test_one_service_out_of_the_prompt_is_believed() -> None:
    asked = Decoded("我要养老金认证。", -0.1, 0.1, 3.0)
    assert why_disbelieved(asked, WORDS.open_prompt, WORDS) == ""


def test_confidence_falls_with_the_likelihood() -> None:
    likely, unlikely = (confidence(Decoded("好", logprob, 0.0, 1.0), WORDS) for logprob in (-0.1, -1.0))
    assert 0 < unlikely < 0.5 < likely < 1


def loud(*lengths_s: float) -> np.ndarray:
    """Sound of these lengths with a second of room between."""
    pieces = [
        piece for length in lengths_s for piece in (np.full(round(length * 8000), 6000), np.full(8000, 30))
    ]
    return np.concatenate(pieces).astype(np.int16)


@pytest.mark.parametrize(
    ("answer", "lengths_s", "fits"),
    [
        ("嗯", (0.3,), True),
        ("嗯", (0.9,), True),  # drawn out
        ("嗯", (1.6,), False),  # somebody else talks, and on
        ("嗯，对", (0.4, 0.5), True),  # the pause between does not count
        ("对着呢", (1.5,), True),
        ("好", (3.0,), False),
        ("明天上午九点", (2.6,), True),
    ],
)
def test_a_short_answer_does_not_fill_a_long_time(
    answer: str, lengths_s: tuple[float, ...], fits: bool
) -> None:
    assert fits_in_time(answer, loud(*lengths_s), 8000, WORDS.belief) is fits
    assert fits_in_time("", np.zeros(0, np.int16), 8000, WORDS.belief)


def test_a_hum_is_no_voice_and_no_voice_is_a_hum() -> None:
    hums = [one.samples for one in noises() if one.kind == "hum"]
    assert hums and all(is_hum(sound, RATE, WORDS.belief) for sound in hums)
    assert not any(is_hum(row.samples, RATE, WORDS.belief) for row in spoken())
    assert not is_hum(np.zeros(RATE, np.int16), RATE, WORDS.belief)  # silence is told before
