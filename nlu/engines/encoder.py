"""The thorough engine: a small transformer over characters and sounds, in ONNX, on one thread."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from nlu.engines.ngrams import Floats
from nlu.engines.tokens import Vocabulary, question_number


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

    def score(self, text: str, *, expecting: str | None = None) -> Floats:
        """One logit a label."""
        return self.read(text, expecting=expecting)[0]

    def read(self, text: str, *, expecting: str | None = None) -> tuple[Floats, Floats]:
        """One logit a label, and the chance of every tag, one row a letter of the text.

        A letter that it does not look at, a blank or one in the middle of a long story, has a row of zeros.
        """
        tokens = self.vocabulary.read(text)
        logits, tags = self._session.run(
            ["logits", "tags"],
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
        scores: Floats = logits[0]
        chances = np.zeros((len(text), tags.shape[-1]), np.float32)
        likely = np.exp(tags[0] - tags[0].max(axis=-1, keepdims=True))
        chances[tokens.places] = likely / likely.sum(axis=-1, keepdims=True)
        return scores, chances
