"""Which of sherpa's models a folder holds, and each kind truly loaded and decoded by sherpa-onnx.

The models are those of `sherpa_models.py`: they show that our code and the library fit together, not how well anything is heard.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from config.hearing import load_hearing_words
from tests.unit.voice.hearing import sherpa_models
from tests.unit.voice.hearing.onnx_file import Graph
from tests.unit.voice.hearing.sherpa_models import said, tone
from voice.hearing.engines import open_recogniser
from voice.hearing.recogniser import HearingError, Hint
from voice.hearing.settings import HearingSettings
from voice.hearing.sherpa import (
    CONFIDENCE,
    SherpaRecogniser,
    StreamingSherpaRecogniser,
    kind_of,
    open_sherpa,
)

WORDS = replace(load_hearing_words(), hot_words=())
MAKERS = {
    make.__name__: make
    for make in (
        sherpa_models.sense_voice,
        sherpa_models.paraformer,
        sherpa_models.zipformer,
        sherpa_models.zipformer_ctc,
        sherpa_models.streaming_zipformer,
    )
}
WITH_TIMES = [kind for kind in MAKERS if kind != "paraformer"]


def opened(make: Callable[[Path], None], folder: Path) -> SherpaRecogniser | StreamingSherpaRecogniser:
    make(folder)
    return open_sherpa(folder, WORDS, threads=1)


def says_of_itself(folder: Path, file: str, **metadata: str) -> None:
    """A model that does nothing (y = x) with this metadata."""
    graph = Graph()
    graph.node("Identity", graph.input("x", (1,)), to="y")
    graph.output("y", (1,))
    (folder / file).write_bytes(graph.file(metadata))


@pytest.mark.parametrize("kind", MAKERS)
def test_a_model_is_known_by_what_it_says_of_itself(tmp_path: Path, kind: str) -> None:
    MAKERS[kind](tmp_path)
    assert kind_of(tmp_path) == kind


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("rate", [8_000, 16_000])
def test_every_kind_is_loaded_and_hears_words_and_silence(tmp_path: Path, kind: str, rate: int) -> None:
    engine = opened(MAKERS[kind], tmp_path)
    for word in sherpa_models.WORDS:
        heard = engine.recognise(said(word, rate=rate), rate, Hint())
        assert (heard.text, heard.engine, heard.why_nothing) == (word, "sherpa", "")
        assert heard.sound_s == pytest.approx(1.2) and heard.took_s > 0
    silent = engine.recognise(np.zeros(rate, np.int16), rate, Hint())
    assert silent.text is None and silent.why_nothing == "silence"


@pytest.mark.parametrize("kind", WITH_TIMES)
def test_each_word_has_its_time_and_how_sure_it_is(tmp_path: Path, kind: str) -> None:
    heard = opened(MAKERS[kind], tmp_path).recognise(said("不", "对", "好"), 8_000, Hint())
    words = heard.readings[0].words
    assert heard.text == "不对好" and [word.text for word in words] == ["不", "对", "好"]
    assert [word.start_s for word in words] == pytest.approx([0.4, 1.2, 2.0], abs=0.1)
    assert all(word.start_s < word.end_s <= heard.sound_s for word in words)
    assert all(0 < word.confidence <= 1 for word in words)


def test_a_transducer_is_less_sure_of_what_could_be_two_words(tmp_path: Path) -> None:
    engine = opened(sherpa_models.zipformer, tmp_path)
    both = tone("不", 0.4, 8_000) // 2 + tone("对", 0.4, 8_000) // 2
    clear = engine.recognise(said("不"), 8_000, Hint()).readings[0]
    doubtful = engine.recognise(np.concatenate([both, np.zeros(3_200, np.int16)]), 8_000, Hint()).readings[0]
    assert doubtful.words[0].confidence < 0.9 < clear.words[0].confidence
    assert doubtful.confidence < clear.confidence


def test_models_without_a_score_count_as_much_as_was_settled(tmp_path: Path) -> None:
    heard = opened(sherpa_models.sense_voice, tmp_path).recognise(said("好"), 8_000, Hint())
    assert heard.readings[0].confidence == pytest.approx(CONFIDENCE)


@pytest.mark.parametrize("kind", ["zipformer", "streaming_zipformer"])
def test_phrases_that_are_expected_are_heard_rather_than_others(tmp_path: Path, kind: str) -> None:
    both = (tone("不", 0.1, 8_000) * 0.4 + tone("对", 0.1, 8_000) * 0.1).astype(np.int16)
    sound = np.concatenate([np.zeros(3_200, np.int16), both, np.zeros(4_800, np.int16)])
    engine = opened(MAKERS[kind], tmp_path)
    plain = engine.recognise(sound, 8_000, Hint()).text or ""
    told = engine.recognise(sound, 8_000, Hint(phrases=("对不",))).text or ""
    assert plain.startswith("不") and told.startswith("对不")


@pytest.mark.parametrize("kind", ["zipformer", "streaming_zipformer"])
def test_a_name_that_the_model_can_not_spell_is_kept_from_it_and_from_the_log(
    tmp_path: Path, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    heard = opened(MAKERS[kind], tmp_path).recognise(said("好"), 8_000, Hint(phrases=("王桂兰", "好")))
    assert heard.text == "好"
    assert capfd.readouterr().err == ""


def test_a_streaming_model_tells_what_it_has_so_far(tmp_path: Path) -> None:
    engine = opened(sherpa_models.streaming_zipformer, tmp_path)
    assert isinstance(engine, StreamingSherpaRecogniser)
    sound = said("不", "对", "好")
    stream = engine.stream(8_000, Hint())
    told = [stream.accept(sound[at : at + 160]) for at in range(0, len(sound), 160)]
    assert [text for text in told if text] == ["不", "不对", "不对好"]
    assert told.index("不对") * 0.02 < 2.0  # while the third word has not been said
    heard = stream.finish()
    assert heard.text == "不对好" and heard.sound_s == pytest.approx(len(sound) / 8_000)


def test_two_callers_are_heard_at_once_without_mixing(tmp_path: Path) -> None:
    engine = opened(sherpa_models.streaming_zipformer, tmp_path)
    assert isinstance(engine, StreamingSherpaRecogniser)
    one, other = engine.stream(8_000, Hint()), engine.stream(16_000, Hint())
    first, second = said("不", "好"), said("对", "不", rate=16_000)
    for at in range(0, len(first), 800):
        one.accept(first[at : at + 800])
        other.accept(second[2 * at : 2 * at + 1600])
    assert (one.finish().text, other.finish().text) == ("不好", "对不")


def test_the_line_opens_it_by_its_setting(tmp_path: Path) -> None:
    sherpa_models.zipformer_ctc(tmp_path / "sherpa")
    engine = open_recogniser(HearingSettings(engine="sherpa", models=tmp_path, threads=1))
    assert engine.recognise(said("对", "好"), 8_000, Hint("confirm")).text == "对好"


def test_a_folder_without_a_model_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"has no tokens\.txt"):
        open_sherpa(tmp_path, WORDS, threads=1)
    (tmp_path / "tokens.txt").touch()
    with pytest.raises(OSError, match=r"has no model\*\.onnx"):
        open_sherpa(tmp_path, WORDS, threads=1)


@pytest.mark.parametrize("part", ["decoder", "joiner"])
def test_a_transducer_without_one_of_its_parts_says_which(tmp_path: Path, part: str) -> None:
    sherpa_models.zipformer(tmp_path)
    next(tmp_path.glob(f"{part}*")).unlink()
    with pytest.raises(OSError, match=rf"has no {part}\*\.onnx"):
        open_sherpa(tmp_path, WORDS, threads=1)


@pytest.mark.parametrize("metadata", [{}, {"model_type": "EncDecCTCModelBPE"}])
def test_a_model_of_another_kind_is_refused_before_it_ends_the_process(
    tmp_path: Path, metadata: dict[str, str]
) -> None:
    (tmp_path / "tokens.txt").touch()
    says_of_itself(tmp_path, "model.onnx", **metadata)
    with pytest.raises(OSError, match=r"says that it is (nothing|EncDecCTCModelBPE): bring SenseVoice"):
        open_sherpa(tmp_path, WORDS, threads=1)


def test_a_damaged_model_is_told_in_words(tmp_path: Path) -> None:
    sherpa_models.sense_voice(tmp_path / "sherpa")
    (tmp_path / "sherpa" / "model.int8.onnx").write_bytes(b"half a download")
    with pytest.raises(HearingError, match=r"model\.int8\.onnx is damaged, or no ONNX model"):
        open_recogniser(HearingSettings(engine="sherpa", models=tmp_path))
