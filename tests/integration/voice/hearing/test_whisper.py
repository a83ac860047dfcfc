"""whisper on real sound: the synthetic recordings at telephone rate, noise, silence."""

from pathlib import Path

import numpy as np
import pytest

from bot.practice import caller_voices
from tests.bench.bench_hearing import babble, hint_of, measure, share, wrong_share
from tests.unit.voice.hearing.noises import noises
from tests.unit.voice.hearing.speech import RATE, spoken, white_noise
from voice.hearing.recogniser import Hint
from voice.hearing.whisper import WhisperRecogniser
from voice.line.line import Samples
from voice.simulate.script import Conditions

pytestmark = pytest.mark.slow

CALLERS = Path(__file__).parents[3] / "calls" / "voices"


def test_open_sentences_are_heard(whisper: WhisperRecogniser) -> None:
    outcomes = [measure(whisper, row, None) for row in spoken() if row.asks is None]
    assert wrong_share(outcomes, sounds=True) < 0.12


def test_answers_to_closed_questions_are_heard(whisper: WhisperRecogniser) -> None:
    outcomes = [measure(whisper, row, None) for row in spoken() if row.asks is not None]
    assert share(outcomes) >= 0.75


def test_speech_among_other_voices_is_heard(whisper: WhisperRecogniser) -> None:
    noise = babble(spoken())
    outcomes = [measure(whisper, row, noise) for row in spoken() if row.asks is None]
    assert wrong_share(outcomes, sounds=True) < 0.3


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(0, np.int16),
        np.zeros(1, np.int16),
        np.zeros(3 * RATE, np.int16),
        white_noise(3),
        white_noise(3, 60),
    ],
    ids=["nothing", "one sample", "silence", "noise", "soft noise"],
)
def test_nothing_is_heard_where_nobody_speaks(whisper: WhisperRecogniser, sound: Samples) -> None:
    heard = whisper.recognise(sound, RATE, Hint())
    assert heard.text is None and heard.why_nothing


def test_a_long_utterance_is_heard_to_its_end(whisper: WhisperRecogniser) -> None:
    rows = [row for row in spoken() if row.asks is None]
    pause = np.zeros(RATE, np.int16)
    sound = np.concatenate([piece for row in rows * 3 for piece in (row.samples, pause)])
    heard = whisper.recognise(sound, RATE, Hint())
    assert heard.sound_s > 30
    assert len(heard.text or "") > 0.7 * sum(len(row.text) for row in rows * 3)


def test_an_answer_outside_of_what_was_offered_is_still_heard(whisper: WhisperRecogniser) -> None:
    row = next(row for row in spoken() if row.text == "后天陪我去医院看病")
    heard = whisper.recognise(row.samples, RATE, Hint("confirm"))
    assert "医院" in (heard.text or "")


def test_a_correction_is_not_cut_down_to_the_first_of_its_answers(whisper: WhisperRecogniser) -> None:
    sound = caller_voices(CALLERS).say("明天上午，不对，后天上午", Conditions())
    assert "后天上午" in (whisper.recognise(sound, RATE, Hint("time")).text or "")


@pytest.mark.parametrize(("voice", "speed"), [("zf_xiaoyi", 0.9), ("zm_yunxia", 1.0)])
def test_a_yes_that_is_read_is_not_overruled_by_the_grammar_alone(
    whisper: WhisperRecogniser, voice: str, speed: float
) -> None:
    sound = caller_voices(CALLERS).say("对", Conditions(voice=voice, speed=speed))
    heard = whisper.recognise_with(_in_a_call(sound), RATE, Hint("confirm", ("对", "不对")), "没")
    assert heard.text == "对"


def test_that_there_is_no_more_is_heard(whisper: WhisperRecogniser) -> None:
    sound = caller_voices(CALLERS).say("没有了", Conditions(voice="zm_yunjian", speed=0.9))
    heard = whisper.recognise(_in_a_call(sound), RATE, Hint("more", ("没有了", "你们能办什么")))
    assert (heard.text or "").startswith("没有")


def test_a_wish_instead_of_no_more_is_heard(whisper: WhisperRecogniser) -> None:
    sound = caller_voices(CALLERS).say("再找个人后天陪她去医院看看眼睛", Conditions(voice="zm_yunxi"))
    heard = whisper.recognise(_in_a_call(sound), RATE, Hint("more", ("没有了", "你们能办什么")))
    assert "医院" in (heard.text or "")


def test_a_word_of_this_service_is_known_by_its_sound(whisper: WhisperRecogniser) -> None:
    sound = caller_voices(CALLERS).say("我想叫个人来给我擦个澡", Conditions(voice="zm_yunjian"))
    heard = whisper.recognise(_in_a_call(sound), RATE, Hint())
    assert heard.text == "我想叫个人来给我擦个澡"
    assert "".join(word.text for word in heard.readings[0].words) == heard.text


def _in_a_call(sound: Samples) -> Samples:
    """With the silence around it that a call gives to the recogniser."""
    return np.concatenate([np.zeros(3 * RATE // 10, np.int16), sound, np.zeros(RATE // 4, np.int16)])


def test_both_rates_of_the_line_are_taken(whisper: WhisperRecogniser) -> None:
    row = spoken()[0]
    wide = np.repeat(row.samples, 2)
    assert len(whisper.recognise(wide, 2 * RATE, hint_of(row)).text or "") > 5


def test_words_of_open_sentences_have_their_times(whisper: WhisperRecogniser) -> None:
    row = next(row for row in spoken() if row.text == "后天陪我去医院看病")
    heard = whisper.recognise(row.samples, RATE, Hint())
    words = heard.readings[0].words
    assert "".join(word.text for word in words) == "后天陪我去医院看病"
    starts = [word.start_s for word in words]
    assert starts == sorted(starts) and all(word.end_s <= heard.sound_s for word in words)
    hospital = next(word for word in words if word.text.startswith("医"))
    assert 0.45 * heard.sound_s < hospital.start_s < 0.75 * heard.sound_s
    assert all(0 < word.confidence <= 1 for word in words)


def test_words_of_long_speech_count_from_its_beginning(whisper: WhisperRecogniser) -> None:
    row = next(row for row in spoken() if row.text == "后天陪我去医院看病")
    heard = whisper.recognise(np.concatenate([np.zeros(27 * RATE, np.int16), row.samples]), RATE, Hint())
    assert heard.text is not None and "医院" in heard.text
    assert all(word.start_s > 25 for word in heard.readings[0].words)


def test_sounds_in_which_nobody_speaks_are_no_words(whisper: WhisperRecogniser) -> None:
    pieces = [one for one in noises() if one.level_db == -26.0 and len(one.samples) == 3 * RATE]
    heard = {one.kind: whisper.recognise(one.samples, RATE, Hint()).text for one in pieces}
    assert len(heard) == 19 and set(heard.values()) == {None}
