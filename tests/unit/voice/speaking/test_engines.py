"""The real engines: what they render is speech of the right length, at the right level, with its times."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from voice.speaking import render, shape
from voice.speaking.kokoro import KokoroVoice, _parts
from voice.speaking.pyttsx import PyttsxVoice
from voice.speaking.voice import SpeakingError
from voice.speaking.worker import VoiceWorker


@pytest.fixture(scope="module")
def kokoro(tmp_path_factory: pytest.TempPathFactory) -> KokoroVoice:
    return KokoroVoice(models=tmp_path_factory.mktemp("models"))


@pytest.mark.slow
def test_kokoro_speaks_and_tells_where_each_character_ends(kokoro: KokoroVoice) -> None:
    timed = kokoro.render_timed("明天，您好。")
    assert len(timed.ends) == 6
    assert list(timed.ends) == sorted(timed.ends)
    assert timed.ends[-1] <= len(timed.samples)
    start, end = shape.speech_span(timed.samples, kokoro.rate)
    assert 0.6 < (end - start) / kokoro.rate < 2.5
    assert start < timed.ends[0] < timed.ends[4] - kokoro.rate // 10


@pytest.mark.slow
def test_kokoro_is_slower_at_a_lower_speed(kokoro: KokoroVoice) -> None:
    assert len(kokoro.render("您好。", speed=0.6)) > 1.2 * len(kokoro.render("您好。"))


@pytest.mark.slow
def test_kokoro_refuses_what_holds_no_words(kokoro: KokoroVoice) -> None:
    with pytest.raises(SpeakingError):
        kokoro.render("，")


def test_long_texts_are_rendered_in_parts_that_the_model_takes() -> None:
    text = "一二三四五六七八九十，" * 30 + "百" * 200
    assert "".join(_parts(text)) == text
    assert max(map(len, _parts(text))) <= 80


@pytest.mark.slow
def test_a_script_is_cut_where_its_words_meet(tmp_path: Path) -> None:
    worker = VoiceWorker(partial(KokoroVoice, models=tmp_path))
    pieces = render.script(worker, "明天|上午九点。")
    worker.close()
    first, second = pieces["明天~"], pieces["~上午九点。"]
    assert 0.3 < len(first) / render.RATE < 0.9 < len(second) / render.RATE < 2.0
    both = shape.as_floats(shape.joined([first, second], render.RATE))
    assert shape.active_level(both, render.RATE) == pytest.approx(shape.LEVEL_DBOV, abs=1)


def test_pyttsx_speaks_one_text_after_the_other() -> None:
    worker = VoiceWorker(PyttsxVoice)
    short, long = worker.render("您好。"), worker.render("您好，这里是暖线，您想办什么？")
    worker.close()
    assert 0.3 < len(render.whole(short)) / render.RATE < 1.5
    assert len(long.samples) > 2 * len(short.samples)
    assert np.abs(long.samples.astype(int)).max() > 3000
