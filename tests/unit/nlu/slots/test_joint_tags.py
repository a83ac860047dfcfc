"""What the tagger and the encoder say together."""

from __future__ import annotations

import numpy as np
import pytest

from nlu.engines.tokens import TAGS
from nlu.slots import candidates
from nlu.slots.joint_tags import Floats, best_tags, joined
from nlu.slots.tagger import load_tagger


def rows(*said: dict[str, float]) -> Floats:
    chances = np.zeros((len(said), len(TAGS)), np.float32)
    for row, chance in zip(chances, said, strict=True):
        for tag, value in chance.items():
            row[TAGS.index(tag)] = value
    return chances


def test_the_surer_one_decides() -> None:
    tagger = rows({"O": 0.55, "B-place": 0.45})
    encoder = rows({"O": 0.05, "B-place": 0.95})
    assert TAGS[int(joined(tagger, encoder)[0].argmax())] == "B-place"
    assert TAGS[int(joined(tagger, rows({"O": 0.95, "B-place": 0.05}))[0].argmax())] == "O"


def test_a_letter_the_encoder_did_not_see_is_the_taggers() -> None:
    tagger = rows({"O": 0.1, "B-time": 0.9})
    assert TAGS[int(joined(tagger, rows({}))[0].argmax())] == "B-time"
    assert joined(tagger, rows({})).sum() == pytest.approx(1)


def test_an_inside_follows_only_its_own_slot() -> None:
    chances = rows({"O": 0.6, "B-time": 0.4}, {"I-time": 0.9, "O": 0.1}, {"I-place": 0.6, "I-time": 0.4})
    assert [TAGS[tag] for tag in best_tags(chances)] == ["B-time", "I-time", "I-time"]
    assert best_tags(chances[:0]) == []


def test_the_encoder_makes_the_tagger_surer() -> None:
    text = "给我妈送饭"
    sure = rows({"O": 1}, {"B-beneficiary": 1}, {"I-beneficiary": 1}, {"O": 1}, {"O": 1})
    against = rows(*({"O": 1} for _ in text))
    found = load_tagger().spans(text, ("meal",), candidates(text), encoder=sure)
    assert [(one.slot, one.start, one.end) for one in found] == [("beneficiary", 1, 3)]
    doubted = load_tagger().spans(text, ("meal",), candidates(text), encoder=against)
    assert max((one.confidence for one in doubted), default=0.0) < found[0].confidence
