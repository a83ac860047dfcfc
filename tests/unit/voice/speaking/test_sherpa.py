from pathlib import Path

import pytest

from voice.speaking import phonemes, shape, weights
from voice.speaking.sherpa import SherpaVoice
from voice.speaking.voice import SpeakingError


def test_a_folder_without_a_voice_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(SpeakingError, match=r"no tokens\.txt"):
        SherpaVoice(tmp_path)


def test_a_folder_without_a_model_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "tokens.txt").write_text("a 1\n")
    with pytest.raises(SpeakingError, match=r"no \.onnx file"):
        SherpaVoice(tmp_path)


def test_a_damaged_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tokens.txt").write_text("a 1\n")
    (tmp_path / "model.onnx").write_bytes(b"no model")
    with pytest.raises(SpeakingError, match="sherpa-onnx"):
        SherpaVoice(tmp_path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The weights of Kokoro in the form that sherpa-onnx publishes voices in."""
    folder = tmp_path_factory.mktemp("sherpa")
    about = {"sample_rate": "24000", "version": "2", "n_speakers": "1", "style_dim": "510,1,256", "has_espeak": "1",
             "language": "Chinese", "voice": "cmn", "model_type": "kokoro"}  # fmt: skip
    model = weights.model_file(folder / "parts").read_bytes()
    for key, value in about.items():
        # ModelProto{metadata_props (14): StringStringEntryProto{key (1), value (2)}}, merged with what stands before it
        model += _field(14, _field(1, key.encode()) + _field(2, value.encode()))
    (folder / "model.onnx").write_bytes(model)
    weights.style(weights.DEFAULT_SPEAKER, folder).astype("<f4").tofile(folder / "voices.bin")
    symbols = phonemes._table()["symbols"]
    (folder / "tokens.txt").write_text("".join(f"{sign} {number}\n" for sign, number in symbols.items()))
    lexicon = {
        "您好": "ni↗nxau↓",
        "这里": "ꭧɤ↘li↓",
        "是": "ʂɨ↘",
        "您": "ni↗n",
        "好": "xau↓",
        "暖线": "nwa↓nɕjɛ↘n",
    }
    (folder / "lexicon-zh.txt").write_text(
        "".join(f"{word} {' '.join(read)}\n" for word, read in lexicon.items())
    )
    return folder


def _field(number: int, content: bytes) -> bytes:
    assert len(content) < 128
    return bytes([number << 3 | 2, len(content)]) + content


@pytest.mark.slow
def test_an_operators_voice_speaks(folder: Path) -> None:
    voice = SherpaVoice(folder)
    samples = voice.render("您好，这里是暖线。")
    start, end = shape.speech_span(samples, voice.rate)
    assert voice.rate == 24_000
    assert 0.8 < (end - start) / voice.rate < 3.5


@pytest.mark.slow
def test_a_speaker_that_the_voice_does_not_have_is_refused(folder: Path) -> None:
    with pytest.raises(SpeakingError, match="speakers, not 7"):
        SherpaVoice(folder, speaker=7)
