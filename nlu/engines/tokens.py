"""How the encoder sees a sentence: one number for each character, one for its sound, one for its folded sound."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nlu.speech import codes_of, even, sounds, tables
from nlu.understanding import SLOTS, Expecting

LONGEST = 126  # characters the encoder looks at; of a longer sentence its beginning and its end
HEAD = 56  # of these from the beginning
START, PADDING, END, UNKNOWN = 0, 1, 2, 3
FIRST_CHARACTER = 4

TAGS = ("O", *(f"{mark}-{slot}" for slot in SLOTS for mark in "BI"))
QUESTIONS = ("", *(str(member) for member in Expecting))  # numbers of what was asked; "" = nothing

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Tokens:
    """A sentence as numbers. `places` are the offsets of the characters in the text; the first and last are marks."""

    letters: Numbers
    sounds: Numbers
    folded: Numbers
    places: Numbers


class Vocabulary:
    """Characters the encoder knows; the rest are unknown but still sound."""

    def __init__(self, characters: str) -> None:
        self.characters = characters
        self._numbers = np.full(0x10000, UNKNOWN, np.int64)
        codes = codes_of(characters).astype(np.int64)
        self._numbers[codes] = np.arange(len(codes)) + FIRST_CHARACTER

    def __len__(self) -> int:
        return len(self.characters) + FIRST_CHARACTER

    def read(self, text: str) -> Tokens:
        evened = even(text)
        codes = codes_of(evened).astype(np.int64)
        places = np.flatnonzero(codes != ord(" "))
        if len(places) > LONGEST:
            places = np.concatenate([places[:HEAD], places[HEAD - LONGEST :]])
        codes = codes[places]
        letters = np.where(codes < 0x10000, self._numbers[np.minimum(codes, 0xFFFF)], UNKNOWN)
        heard = sounds(evened)[places]
        return Tokens(
            np.concatenate([[START], letters, [END]]),
            np.concatenate([[0], heard, [0]]),
            np.concatenate([[0], tables().folded[heard].astype(np.int64), [0]]),
            places,
        )


def question_number(expecting: str | None) -> int:
    return QUESTIONS.index(str(expecting)) if expecting else 0
