"""What the encoder sees: pieces that cover the text, owners that point back, tags of written spans."""

import random

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nlu.data_files import read_sentence
from nlu.engines.tags import tags_of
from nlu.engines.tokens import LONGEST, QUESTIONS, TAGS, UNKNOWN, Vocabulary, question_number
from nlu.understanding import Expecting

VOCABULARY = Vocabulary({"我": -5.0, "妈": -5.0, "我妈": -7.0, "送": -6.0, "饭": -6.0, "送饭": -8.0})


def test_the_likeliest_pieces_win() -> None:
    assert VOCABULARY.cut("我妈送饭") == [(0, 2), (2, 4)]


def test_loosened_pieces_fall_into_characters() -> None:
    tokens = VOCABULARY.read("我妈送饭", rng=random.Random(1), loosened=1.0)
    assert len(tokens.pieces) == 6


def test_unknown_characters_are_unknown_but_sound() -> None:
    tokens = VOCABULARY.read("龘")
    assert tokens.pieces[1] == UNKNOWN
    assert tokens.sounds[1, 0] > 0


@given(st.text(max_size=300))
def test_every_character_has_an_owner(text: str) -> None:
    tokens = VOCABULARY.read(text)
    assert len(tokens.letters) == len(tokens.owners) == len(tokens.places) <= LONGEST
    assert (tokens.owners >= 1).all()
    assert (tokens.owners < len(tokens.pieces) - 1).all()
    assert (np.diff(tokens.places) > 0).all()


def test_long_sentences_keep_beginning_and_end() -> None:
    tokens = VOCABULARY.read("我" + "妈" * 300 + "饭")
    assert tokens.places[0] == 0
    assert tokens.places[-1] == 301


def test_every_question_has_a_number() -> None:
    assert question_number(None) == 0
    assert {question_number(member) for member in Expecting} == set(range(1, len(QUESTIONS)))


def test_written_spans_become_tags() -> None:
    text, spans = read_sentence("给[我妈](beneficiary)送[三份](detail)饭")
    tags = [TAGS[tag] for tag in tags_of(spans, np.arange(len(text)))]
    assert tags == ["O", "B-beneficiary", "I-beneficiary", "O", "B-detail", "I-detail", "O"]
