"""The neural voice: Kokoro-82M (Apache-2.0), eight bits, on onnxruntime."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from voice.line.line import Samples
from voice.speaking import phonemes, weights

RATE = 24_000
_SAMPLES_A_FRAME = 600  # the model counts durations in frames of 25 ms
_MOST_CHARACTERS = (
    80  # in one run of the model: it takes 510 symbols, a syllable with its space has at most six
)
_CLAUSE = re.compile(r"[^，。？！；：、…]*[，。？！；：、…]*")
# The exported model keeps to itself how long each symbol lasts. Serialized messages that are put one behind the other
# are merged, so these bytes, a ModelProto with nothing but one more graph output, make it tell.
_DURATIONS = b"/encoder/Clip_output_0"


@dataclass(frozen=True, slots=True)
class Timed:
    """Speech, and where in it each character of the text ends."""

    samples: Samples  # 24 kHz
    ends: tuple[int, ...]  # in samples


class KokoroVoice:
    """One speaker of Kokoro. Loads in a second or two, renders about as fast as it speaks on one core. Not thread-safe."""

    rate = RATE

    def __init__(self, speaker: str = weights.DEFAULT_SPEAKER, *, models: Path, threads: int = 1) -> None:
        """`models`: the folder for the model and the fetched speakers. Raises SpeakingError when something is missing."""
        self.name = f"kokoro-{speaker}"
        self._style = weights.style(speaker, models)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.enable_cpu_mem_arena = False  # no two texts have the same length: the arena only grows
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        content = weights.model_file(models).read_bytes() + _one_more_output(_DURATIONS)
        self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def render(self, text: str, *, speed: float = 1.0) -> Samples:
        return self.render_timed(text, speed=speed).samples

    def render_timed(self, text: str, *, speed: float = 1.0) -> Timed:
        """Like `render`, and tells where each character ends, so that a piece can be cut out."""
        rendered = [self._run(part, speed) for part in _parts(text)]
        starts = np.cumsum([0, *(len(one.samples) for one in rendered)])
        return Timed(
            samples=np.concatenate([one.samples for one in rendered]),
            ends=tuple(
                int(start) + end for start, one in zip(starts, rendered, strict=False) for end in one.ends
            ),
        )

    def _run(self, text: str, speed: float) -> Timed:
        read = phonemes.read(text)
        tokens = np.array([[0, *read.ids, 0]], np.int64)
        audio, frames = self._session.run(
            ["audio", _DURATIONS.decode()],
            {
                "tokens": tokens,
                "style": self._style[len(read.ids) - 1][None],
                "speed": np.array([speed], np.float32),
            },
        )
        ends = np.cumsum(frames.ravel()) * _SAMPLES_A_FRAME
        return Timed(_as_int16(audio), tuple(int(ends[symbols]) for symbols in read.ends))


def _parts(text: str) -> Sequence[str]:
    """The text in pieces that the model can take, cut behind punctuation where there is some."""
    if len(text) <= _MOST_CHARACTERS:
        return [text]
    parts = [""]
    for clause in _CLAUSE.findall(text):
        for start in range(0, len(clause), _MOST_CHARACTERS):
            piece = clause[start : start + _MOST_CHARACTERS]
            if len(parts[-1]) + len(piece) > _MOST_CHARACTERS:
                parts.append("")
            parts[-1] += piece
    return [part for part in parts if part]


def _as_int16(audio: NDArray[Any]) -> Samples:
    return np.asarray(np.clip(audio.ravel(), -1.0, 1.0) * 32767, np.int16)


def _one_more_output(name: bytes) -> bytes:
    """ModelProto{graph (7): GraphProto{output (12): ValueInfoProto{name (1)}}}; all of it is shorter than 128 bytes."""
    content = name
    for field in (1, 12, 7):
        content = bytes([field << 3 | 2, len(content)]) + content
    return content
