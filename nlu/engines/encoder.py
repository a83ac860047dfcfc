"""The thorough engine: a small transformer over characters and sounds, in ONNX, on one thread."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nlu.engines.ngrams import Floats
from nlu.engines.tagger import spans_of
from nlu.engines.tokens import Numbers, Vocabulary, question_number
from nlu.understanding import TaggedSpan


@dataclass(frozen=True, slots=True)
class Encoded:
    """Label scores of a sentence, tag scores of its characters and where these stand in it."""

    logits: Floats
    tags: NDArray[np.float32]
    places: Numbers

    def spans(self) -> tuple[TaggedSpan, ...]:
        return spans_of(self.tags, self.places)


class EncoderModel:
    """The trained encoder; loading reads one ONNX file and its vocabulary."""

    def __init__(self, path: Path, vocabulary: Vocabulary, labels: tuple[str, ...]) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        self._session: Any = onnxruntime.InferenceSession(
            str(path), options, providers=["CPUExecutionProvider"]
        )
        self.vocabulary = vocabulary
        self.labels = labels

    def run(self, text: str, *, expecting: str | None = None) -> Encoded:
        tokens = self.vocabulary.read(text)
        logits, tags = self._session.run(
            None,
            {
                "pieces": tokens.pieces[None],
                "sounds": tokens.sounds[None],
                "folded": tokens.folded[None],
                "letters": tokens.letters[None],
                "owners": tokens.owners[None],
                "inner": tokens.inner[None],
                "question": np.array([question_number(expecting)], np.int64),
            },
        )
        return Encoded(logits[0], tags[0], tokens.places)
