"""pocketsphinx with the answers that were asked for, on real sound."""

import numpy as np
import pytest

from config.hearing import load_hearing_words
from tests.bench.bench_hearing import measure, share
from tests.unit.voice.hearing.speech import RATE, spoken
from voice.hearing.grammar import MOST_SEARCHES, GrammarRecogniser
from voice.hearing.opinions import BothOpinions
from voice.hearing.recogniser import Hint
from voice.hearing.whisper import WhisperRecogniser

pytestmark = pytest.mark.slow


def test_most_answers_are_heard_by_the_grammar_alone(grammar: GrammarRecogniser) -> None:
    outcomes = [measure(grammar, row, None) for row in spoken() if row.asks is not None]
    assert share(outcomes) > 0.5


def test_names_that_were_offered_are_told_apart(grammar: GrammarRecogniser) -> None:
    row = next(row for row in spoken() if row.text == "王桂兰")
    heard = grammar.recognise(row.samples, RATE, Hint("name", ("王桂兰", "李秀英", "马建国")))
    assert heard.text == "王桂兰"


def test_names_of_many_calls_do_not_pile_up(grammar: GrammarRecogniser) -> None:
    sound = spoken()[-1].samples
    for number in range(1, MOST_SEARCHES + 10):
        grammar.recognise(sound[:1600], RATE, Hint("name", ("王桂兰", "马建国"[: number % 3 + 1] * number)))
    heard = grammar.recognise(sound, RATE, Hint("which_item", ("打扫卫生", "订饭送饭")))
    assert heard.text == "打扫卫生"


def test_silence_is_no_answer(grammar: GrammarRecogniser) -> None:
    assert grammar.recognise(np.zeros(0, np.int16), RATE, Hint("confirm")).text is None


def test_where_both_agree_they_are_nearly_always_right(
    whisper: WhisperRecogniser, grammar: GrammarRecogniser
) -> None:
    both = BothOpinions(whisper, grammar, load_hearing_words())
    outcomes = [measure(both, row, None) for row in spoken() if row.asks is not None]
    agreeing = [one for one in outcomes if one.agreed]
    assert len(agreeing) >= len(outcomes) / 3
    assert share(agreeing) >= 0.9, [(one.said.text, one.heard) for one in agreeing if not one.right]


def test_answers_that_are_sure_are_right(whisper: WhisperRecogniser, grammar: GrammarRecogniser) -> None:
    both = BothOpinions(whisper, grammar, load_hearing_words())
    outcomes = [measure(both, row, None) for row in spoken() if row.asks is not None]
    sure = [one for one in outcomes if one.confidence > 0.95]
    assert len(sure) >= len(outcomes) / 3 and share(sure) >= 0.9
