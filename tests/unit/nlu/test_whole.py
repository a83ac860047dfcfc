"""Whole sentences and beginnings of them: what is learnt from, and how the committed model tells them apart."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nlu import whole
from nlu.data_files import Annotation, Example
from nlu.engines.ngrams import NgramModel
from nlu.fit_whole import ends_of_words, fit_whole, samples_of
from nlu.train import MODEL_FOLDER
from nlu.whole import chance_whole, features

MEANING = NgramModel.load(MODEL_FOLDER / "ngrams.npz")
SENTENCES = (
    Example("我想洗个澡，腿脚不方便", ("bath",)),
    Example("给我妈订午饭", ("meal",), (Annotation("beneficiary", 1, 3, "我妈"),)),
    Example("明天陪我去医院", ("medical_escort",)),
    Example("电费帮我交一下", ("utility_payment",)),
)


def pairs(run: str) -> list[str]:
    """Words of two letters."""
    return [run[start : start + 2] for start in range(0, len(run), 2)]


def test_somebody_can_stop_after_a_word_or_a_mark_but_not_at_the_end() -> None:
    assert ends_of_words("我想洗澡，明天。", pairs) == [2, 4, 5]


def test_beginnings_are_cut_from_sentences_but_not_after_all_was_said() -> None:
    samples = samples_of(SENTENCES, pairs, MEANING)
    wholes = {sample.text for sample in samples if sample.whole}
    beginnings = {sample.text for sample in samples if not sample.whole}
    assert {sentence.text for sentence in SENTENCES} <= wholes
    assert beginnings and not wholes & beginnings
    assert not {"我想洗个澡", "我想洗个澡，"} & beginnings


def test_the_same_sentences_make_the_same_model(tmp_path: Path) -> None:
    files = [tmp_path / "one.npz", tmp_path / "two.npz"]
    for file in files:
        fit_whole(SENTENCES, pairs, MEANING, path=file, say=lambda _: None)
    one, two = (np.load(file) for file in files)
    assert np.array_equal(one["weights"], two["weights"]) and np.array_equal(one["bias"], two["bias"])


def test_marks_do_not_count() -> None:
    assert list(features("您能不能？")) == list(features("您 能不能"))


@pytest.mark.parametrize(
    ("beginning", "sentence"),
    [
        ("我家那个洗衣机", "我家那个洗衣机坏了，来个人修一下"),
        ("我女婿失业了", "我女婿失业了，给他找个工作"),
        ("麻烦你们", "麻烦你们派个人来打扫一下"),
        ("后天我打算", "后天我打算去医院，找个人陪我"),
        ("我想问一下", "我想问一下低保怎么申请"),
    ],
)
def test_a_sentence_is_likelier_whole_than_its_beginning(beginning: str, sentence: str) -> None:
    assert chance_whole(beginning) < 0.3 and chance_whole(sentence) > 2 * chance_whole(beginning)


def test_without_the_model_everything_is_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    whole._model.cache_clear()
    monkeypatch.setattr(whole, "MODEL_FILE", tmp_path / "none.npz")
    try:
        assert chance_whole("我想") > 0.99
    finally:
        whole._model.cache_clear()
