import pytest

from config.hearing import load_hearing_words
from voice.hearing.belief import Decoded, confidence, why_disbelieved

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
