"""sherpa-onnx with the models that operators bring: SenseVoice, Paraformer, zipformer (whole or streaming)."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnxruntime
import sherpa_onnx  # type: ignore[import-untyped]
from numpy.typing import NDArray

from voice.hearing.recogniser import Heard, Hint, Reading
from voice.hearing.written import written
from voice.line.line import Samples

Kind = Literal["sense_voice", "paraformer", "zipformer", "streaming_zipformer"]
# These engines give no score that says how sure they are: their word counts this much.
CONFIDENCE = 0.75


class SherpaRecogniser:
    """An offline model: the utterance is recognised when it is over."""

    name = "sherpa"

    def __init__(self, recogniser: Any) -> None:
        self._recogniser = recogniser

    def recognise(self, samples: Samples, rate: int, hint: Hint) -> Heard:
        began = time.perf_counter()
        stream = self._recogniser.create_stream()
        stream.accept_waveform(rate, _floats(samples))
        self._recogniser.decode_stream(stream)
        return _heard(stream.result.text, len(samples) / rate, time.perf_counter() - began)


class StreamingSherpaRecogniser:
    """A streaming model: readings while somebody speaks."""

    name = "sherpa"

    def __init__(self, recogniser: Any) -> None:
        self._recogniser = recogniser

    def recognise(self, samples: Samples, rate: int, hint: Hint) -> Heard:
        stream = self.stream(rate, hint)
        stream.accept(samples)
        return stream.finish()

    def stream(self, rate: int, hint: Hint) -> SherpaStream:
        return SherpaStream(self._recogniser, rate)


class SherpaStream:
    """One utterance on its way through a streaming model."""

    # What follows the last word must be long enough for the model to see its end.
    _TAIL_S = 0.6

    def __init__(self, recogniser: Any, rate: int) -> None:
        self._recogniser, self._rate = recogniser, rate
        self._stream = recogniser.create_stream()
        self._partial, self._samples, self._took_s = "", 0, 0.0

    def accept(self, samples: Samples) -> str | None:
        began = time.perf_counter()
        self._stream.accept_waveform(self._rate, _floats(samples))
        latest = self._decode()
        self._samples += len(samples)
        self._took_s += time.perf_counter() - began
        if latest == self._partial:
            return None
        self._partial = latest
        return latest

    def finish(self) -> Heard:
        began = time.perf_counter()
        self._stream.accept_waveform(self._rate, np.zeros(int(self._TAIL_S * self._rate), np.float32))
        self._stream.input_finished()
        text = self._decode()
        return _heard(text, self._samples / self._rate, self._took_s + time.perf_counter() - began)

    def _decode(self) -> str:
        while self._recogniser.is_ready(self._stream):
            self._recogniser.decode_stream(self._stream)
        return written(self._recogniser.get_result(self._stream))


def open_sherpa(folder: Path, *, threads: int) -> SherpaRecogniser | StreamingSherpaRecogniser:
    """The model in `folder`, whichever of the four it is. Raises OSError, RuntimeError."""
    tokens = str(_one(folder, "tokens.txt"))
    match kind_of(folder):
        case "sense_voice":
            return SherpaRecogniser(
                sherpa_onnx.OfflineRecognizer.from_sense_voice(
                    model=str(_one(folder, "model*.onnx")),
                    tokens=tokens,
                    num_threads=threads,
                    language="zh",
                    use_itn=True,
                )
            )
        case "paraformer":
            return SherpaRecogniser(
                sherpa_onnx.OfflineRecognizer.from_paraformer(
                    paraformer=str(_one(folder, "model*.onnx")), tokens=tokens, num_threads=threads
                )
            )
        case "zipformer":
            return SherpaRecogniser(
                sherpa_onnx.OfflineRecognizer.from_transducer(
                    tokens=tokens, num_threads=threads, **_transducer(folder)
                )
            )
        case "streaming_zipformer":
            return StreamingSherpaRecogniser(
                sherpa_onnx.OnlineRecognizer.from_transducer(
                    tokens=tokens, num_threads=threads, **_transducer(folder)
                )
            )


def kind_of(folder: Path) -> Kind:
    """Told by its files and by what the ONNX file says of itself. Raises OSError when a file is missing."""
    if any(folder.glob("encoder*.onnx")):
        streaming = "decode_chunk_len" in _metadata(_one(folder, "encoder*.onnx"))
        return "streaming_zipformer" if streaming else "zipformer"
    says = _metadata(_one(folder, "model*.onnx")).get("model_type", "")
    return "sense_voice" if "sense_voice" in says else "paraformer"


def _transducer(folder: Path) -> dict[str, str]:
    return {part: str(_one(folder, f"{part}*.onnx")) for part in ("encoder", "decoder", "joiner")}


def _one(folder: Path, pattern: str) -> Path:
    """The file of that name; of several the int8 one, which is the fastest on a CPU."""
    found = sorted(folder.glob(pattern), key=lambda path: ("int8" not in path.name, path.name))
    if not found:
        raise OSError(f"{folder} has no {pattern}: unpack a model for sherpa-onnx there")
    return found[0]


def _metadata(model: Path) -> dict[str, str]:
    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    return dict(session.get_modelmeta().custom_metadata_map)


def _floats(samples: Samples) -> NDArray[np.float32]:
    return samples.astype(np.float32) / np.float32(32768)


def _heard(raw: str, sound_s: float, took_s: float) -> Heard:
    text = written(raw)
    readings = (Reading(text, CONFIDENCE),) if text else ()
    return Heard(readings, SherpaRecogniser.name, sound_s, took_s, why_nothing="" if text else "silence")
