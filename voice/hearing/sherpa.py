"""sherpa-onnx with the models that operators bring: SenseVoice, Paraformer, zipformer (whole or streaming)."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnxruntime
import sherpa_onnx  # type: ignore[import-untyped]
from numpy.typing import NDArray

from config.hearing import HearingWords
from voice.audio.resample import Resampler, resample
from voice.hearing.recogniser import Heard, Hint, Reading, Word
from voice.hearing.written import written
from voice.line.line import Samples

Kind = Literal["sense_voice", "paraformer", "zipformer", "zipformer_ctc", "streaming_zipformer"]
# What the models were trained with. The library would convert too, and tell standard error of each utterance.
MODEL_RATE = 16_000
# Models of the CTC kind give no score that says how sure they are: their word counts this much.
CONFIDENCE = 0.75
# Only transducers can be told what is likely to be said, and only where several paths are followed.
_SEARCH = "modified_beam_search"
_WORD_START = "▁"
_SHORTEST_HOT_WORD = 2  # characters: a single one would be found everywhere
_LAST_WORD_S = 0.3  # the models tell where words begin


class HotWords:
    """Expected phrases as sherpa-onnx takes them. It writes those that the model can not spell to standard error, names and all."""

    def __init__(self, tokens: Path, words: HearingWords) -> None:
        lines = tokens.read_text(encoding="utf-8").splitlines()
        self._known = frozenset(
            line.rsplit(maxsplit=1)[0].lstrip(_WORD_START) for line in lines if line.strip()
        )
        self._always = words.hot_words

    def of(self, hint: Hint) -> str:
        phrases = dict.fromkeys((*hint.phrases, *self._always))
        return "/".join(
            phrase
            for phrase in phrases
            if len(phrase) >= _SHORTEST_HOT_WORD and self._known.issuperset(phrase)
        )


class SherpaRecogniser:
    """An offline model: the utterance is recognised when it is over."""

    name = "sherpa"

    def __init__(self, recogniser: Any, hot_words: HotWords | None = None) -> None:
        self._recogniser, self._hot_words = recogniser, hot_words

    def recognise(self, samples: Samples, rate: int, hint: Hint) -> Heard:
        began = time.perf_counter()
        stream = _stream(self._recogniser, self._hot_words, hint)
        stream.accept_waveform(MODEL_RATE, _floats(resample(samples, rate, MODEL_RATE)))
        self._recogniser.decode_stream(stream)
        found = stream.result
        sound_s = len(samples) / rate
        words = _words(found.tokens, found.timestamps, found.ys_log_probs, sound_s)
        return _heard(found.text, words, sound_s, time.perf_counter() - began)


class StreamingSherpaRecogniser:
    """A streaming model: readings while somebody speaks."""

    name = "sherpa"

    def __init__(self, recogniser: Any, hot_words: HotWords) -> None:
        self._recogniser, self._hot_words = recogniser, hot_words

    def recognise(self, samples: Samples, rate: int, hint: Hint) -> Heard:
        stream = self.stream(rate, hint)
        stream.accept(samples)
        return stream.finish()

    def stream(self, rate: int, hint: Hint) -> SherpaStream:
        return SherpaStream(self._recogniser, _stream(self._recogniser, self._hot_words, hint), rate)


class SherpaStream:
    """One utterance on its way through a streaming model."""

    # What follows the last word must be long enough for the model to see its end.
    _TAIL_S = 0.6

    def __init__(self, recogniser: Any, stream: Any, rate: int) -> None:
        self._recogniser, self._stream, self._rate = recogniser, stream, rate
        self._resampler = Resampler(rate, MODEL_RATE)
        self._partial, self._samples, self._took_s = "", 0, 0.0

    def accept(self, samples: Samples) -> str | None:
        began = time.perf_counter()
        self._stream.accept_waveform(MODEL_RATE, _floats(self._resampler.add(samples)))
        self._decode()
        latest = written(self._recogniser.get_result(self._stream))
        self._samples += len(samples)
        self._took_s += time.perf_counter() - began
        if latest == self._partial:
            return None
        self._partial = latest
        return latest

    def finish(self) -> Heard:
        """No more sound can be taken then."""
        began = time.perf_counter()
        self._stream.accept_waveform(MODEL_RATE, np.zeros(int(self._TAIL_S * MODEL_RATE), np.float32))
        self._stream.input_finished()
        self._decode()
        found = self._recogniser.get_result_all(self._stream)
        sound_s = self._samples / self._rate
        words = _words(found.tokens, found.timestamps, found.ys_probs, sound_s)
        return _heard(found.text, words, sound_s, self._took_s + time.perf_counter() - began)

    def _decode(self) -> None:
        while self._recogniser.is_ready(self._stream):
            self._recogniser.decode_stream(self._stream)


def open_sherpa(
    folder: Path, words: HearingWords, *, threads: int
) -> SherpaRecogniser | StreamingSherpaRecogniser:
    """The model in `folder`, whichever of the five it is. Raises OSError, RuntimeError."""
    tokens = _one(folder, "tokens.txt")
    common = {"tokens": str(tokens), "num_threads": threads}
    kind = kind_of(folder)
    match kind:
        case "zipformer":
            whole = sherpa_onnx.OfflineRecognizer.from_transducer(
                decoding_method=_SEARCH, **_transducer(folder), **common
            )
            return SherpaRecogniser(whole, HotWords(tokens, words))
        case "streaming_zipformer":
            streaming = sherpa_onnx.OnlineRecognizer.from_transducer(
                decoding_method=_SEARCH, **_transducer(folder), **common
            )
            return StreamingSherpaRecogniser(streaming, HotWords(tokens, words))
    model = str(_one(folder, "model*.onnx"))
    match kind:
        case "sense_voice":
            return SherpaRecogniser(
                sherpa_onnx.OfflineRecognizer.from_sense_voice(
                    model=model, language="zh", use_itn=True, **common
                )
            )
        case "paraformer":
            return SherpaRecogniser(sherpa_onnx.OfflineRecognizer.from_paraformer(paraformer=model, **common))
        case "zipformer_ctc":
            return SherpaRecogniser(sherpa_onnx.OfflineRecognizer.from_zipformer_ctc(model=model, **common))


def kind_of(folder: Path) -> Kind:
    """Told by its files and by what the ONNX file says of itself. Raises OSError for a missing file or another kind.

    A model that is taken for another kind would end the whole process, without an exception.
    """
    if any(folder.glob("encoder*.onnx")):
        _transducer(folder)
        streaming = "decode_chunk_len" in _metadata(_one(folder, "encoder*.onnx"))
        return "streaming_zipformer" if streaming else "zipformer"
    says = _metadata(_one(folder, "model*.onnx"))
    kinds: tuple[Kind, ...] = ("sense_voice", "paraformer", "zipformer_ctc")
    name = says.get("model_type", "").replace("zipformer2", "zipformer")
    found = next((kind for kind in kinds if kind in name), None)
    if found is None:
        raise OSError(
            f"the model in {folder} says that it is {name or 'nothing'}: bring SenseVoice, Paraformer or zipformer "
            "(a transducer, streaming or not, or CTC)"
        )
    return found


def _transducer(folder: Path) -> dict[str, str]:
    return {part: str(_one(folder, f"{part}*.onnx")) for part in ("encoder", "decoder", "joiner")}


def _one(folder: Path, pattern: str) -> Path:
    """The file of that name; of several the int8 one, which is the fastest on a CPU."""
    found = sorted(folder.glob(pattern), key=lambda path: ("int8" not in path.name, path.name))
    if not found:
        raise OSError(f"{folder} has no {pattern}: unpack a model for sherpa-onnx there")
    return found[0]


def _metadata(model: Path) -> dict[str, str]:
    try:
        session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    except Exception as problem:  # the package raises nothing narrower
        raise OSError(f"{model.name} is damaged, or no ONNX model") from problem
    return dict(session.get_modelmeta().custom_metadata_map)


def _stream(recogniser: Any, hot_words: HotWords | None, hint: Hint) -> Any:
    expected = hot_words.of(hint) if hot_words is not None else ""
    return recogniser.create_stream(expected) if expected else recogniser.create_stream()


def _floats(samples: Samples) -> NDArray[np.float32]:
    return samples.astype(np.float32) / np.float32(32768)


def _words(
    tokens: Sequence[str], starts: Sequence[float], logprobs: Iterable[float], sound_s: float
) -> tuple[Word, ...]:
    """The tokens with their times, where the model tells them; each lasts until the next one at most."""
    if not tokens or len(starts) != len(tokens):
        return ()
    ends = [*starts[1:], sound_s]
    sure = [math.exp(min(0.0, logprob)) for logprob in logprobs] or [CONFIDENCE] * len(tokens)
    return tuple(
        Word(token.strip(_WORD_START), start, max(start, min(end, start + _LAST_WORD_S)), confidence)
        for token, start, end, confidence in zip(tokens, starts, ends, sure, strict=True)
    )


def _heard(raw: str, words: tuple[Word, ...], sound_s: float, took_s: float) -> Heard:
    """As sure as its tokens are on the whole. (What models say of themselves: nobody has compared it with what is right.)"""
    text = written(raw)
    sure = (
        math.exp(float(np.mean([math.log(max(word.confidence, 1e-6)) for word in words])))
        if words
        else CONFIDENCE
    )
    readings = (Reading(text, sure, words),) if text else ()
    return Heard(readings, SherpaRecogniser.name, sound_s, took_s, why_nothing="" if text else "silence")
