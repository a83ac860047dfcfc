"""Trains the n-gram engine: one logistic regression a label over hashed n-grams (needs scikit-learn)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nlu.engines.ngrams import Floats, NgramModel, features

REGULARITY = 20.0
STEPS = 150
LEAST_SENTENCES = 2  # n-grams seen in fewer sentences are left out


def fit_ngrams(
    texts: Sequence[str],
    targets: NDArray[np.float32],
    labels: Sequence[str],
    *,
    regularity: float = REGULARITY,
) -> NgramModel:
    """A model of `texts` (one row of `targets` each, one column a label)."""
    from scipy.sparse import csr_matrix

    seen = [np.unique(np.concatenate(features(text))) for text in texts]
    hashes, counts = np.unique(np.concatenate(seen), return_counts=True)
    is_kept = counts >= LEAST_SENTENCES
    known, rarity = hashes[is_kept], np.log((1 + len(texts)) / (1 + counts[is_kept])) + 1
    empty = NgramModel(
        tuple(labels), known, rarity.astype(np.float32),
        np.zeros((len(known), len(labels)), np.float16), np.zeros(len(labels), np.float32),
    )  # fmt: skip
    rows = [empty.vector(text) for text in texts]
    starts = np.cumsum([0] + [len(places) for places, _ in rows]).astype(np.int32)
    matrix = csr_matrix(
        (
            np.concatenate([values for _, values in rows]).astype(np.float64),
            np.concatenate([places for places, _ in rows]).astype(np.int32),
            starts,
        ),
        shape=(len(texts), len(known)),
    )
    matrix.sort_indices()
    weights, bias = _fit(matrix, targets, regularity)
    return NgramModel(tuple(labels), known, rarity.astype(np.float32), weights.astype(np.float16), bias)


def _fit(matrix: object, targets: NDArray[np.float32], regularity: float) -> tuple[Floats, Floats]:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    def one(column: NDArray[np.float32]) -> tuple[Floats, float]:
        if not column.any():
            return np.zeros(matrix.shape[1], np.float32), -8.0  # type: ignore[attr-defined]
        model = LogisticRegression(C=regularity, solver="lbfgs", max_iter=STEPS, tol=1e-5)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the last steps change no decision
            model.fit(matrix, column > 0.5)
        return model.coef_[0].astype(np.float32), float(model.intercept_[0])

    fitted = [one(targets[:, index]) for index in range(targets.shape[1])]
    weights = np.stack([weight for weight, _ in fitted], axis=1)
    return weights, np.array([bias for _, bias in fitted], np.float32)
