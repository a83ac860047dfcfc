"""The fast engine: same n-grams for the same sounds, a saved model scores like the one that was saved."""

from pathlib import Path

import numpy as np
import pytest

from nlu.engines.fit_ngrams import fit_ngrams
from nlu.engines.ngrams import NgramModel, features, telling

TEXTS = ("送一份饭", "送两份饭来", "打扫屋子", "来人打扫屋里")
LABELS = ("meal", "cleaning")
TARGETS = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], np.float32)


@pytest.fixture(scope="module")
def model() -> NgramModel:
    return fit_ngrams(TEXTS, TARGETS, LABELS)


def test_the_right_label_scores_best(model: NgramModel) -> None:
    assert model.score("给我送份饭").argmax() == 0
    assert model.score("屋子打扫一下").argmax() == 1


def test_homophones_share_all_sounds() -> None:
    assert set(features("低保")[1]) == set(features("抵保")[1])
    assert set(features("低保")[0]) != set(features("抵保")[0])


def test_punctuation_changes_nothing() -> None:
    for one, other in zip(features("送饭，打扫。"), features("送饭打扫"), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("text", ["", "。", "🤣" * 50, "\x00", "a" * 400, "\ud800"])
def test_any_text_gets_a_finite_score(model: NgramModel, text: str) -> None:
    assert np.isfinite(model.score(text)).all()


def test_a_saved_model_scores_the_same(model: NgramModel, tmp_path: Path) -> None:
    model.save(tmp_path / "ngrams.npz")
    again = NgramModel.load(tmp_path / "ngrams.npz")
    assert again.labels == model.labels
    assert np.allclose(again.score("送饭"), model.score("送饭"), atol=0.02)


def test_the_telling_words_are_named(model: NgramModel) -> None:
    assert "饭" in dict(telling(model, "送一份饭", "meal"))
