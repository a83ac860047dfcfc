"""Makes `model/wanted.npz` from the annotated sentences: which of the rules' finds are slots, by the words around them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from nlu.data_files import Example
from nlu.slots import candidates
from nlu.slots.hearing import as_heard
from nlu.slots.wanted import BINS, KINDS, MODEL_FILE, places_of
from nlu.speech import even

# Inverse of the regularisation, and what is added to the logit; both chosen by four-fold cross-validation (F1).
STRENGTH = {"time": 0.1, "beneficiary": 0.5, "place": 1.0, "detail": 0.1}
RECALL_BONUS = {"time": 0.25, "beneficiary": 0.5, "place": 1.5, "detail": 0.5}


def examples_of(sentences: Sequence[Example], kind: str) -> tuple[list[list[int]], list[int]]:
    """Touched weights and the answer (1: annotated as this slot) of every candidate of a kind."""
    rows, answers = [], []
    for sentence in sentences:
        text = as_heard(even(sentence.text))
        marked = [(span.start, span.end) for span in sentence.spans if span.slot == kind]
        for candidate in candidates(text):
            if candidate.kind == kind:
                rows.append(places_of(text, candidate))
                hit = any(start < candidate.end and candidate.start < end for start, end in marked)
                answers.append(int(hit))
    return rows, answers


def fit_wanted(
    sentences: Sequence[Example], *, path: Path = MODEL_FILE, say: Callable[[str], None] = print
) -> None:
    """Fit one logistic model a kind and write them as 16-bit weights."""
    from scipy.sparse import csr_matrix
    from sklearn.linear_model import LogisticRegression

    stored: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float16]]] = {}
    for kind in KINDS:
        rows, answers = examples_of(sentences, kind)
        counts = [len(row) for row in rows]
        matrix = csr_matrix(
            (
                np.ones(sum(counts), np.float32),
                np.concatenate(rows),
                np.concatenate(([0], np.cumsum(counts))),
            ),
            shape=(len(rows), BINS),
        )
        model = LogisticRegression(C=STRENGTH[kind], max_iter=300).fit(matrix, answers)
        stored[kind] = model.coef_[0].astype(np.float16)
        stored[f"{kind}_bias"] = (model.intercept_ + RECALL_BONUS[kind]).astype(np.float16)
        say(f"{kind}: {len(rows)} candidates, {sum(answers)} of them wanted")
    np.savez_compressed(path, **stored)  # type: ignore[arg-type]
