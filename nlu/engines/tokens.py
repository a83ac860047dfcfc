"""How the encoder sees a sentence: pieces of one to four characters, the sounds in them, and which piece each
character belongs to."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlu.speech import even, sounds, tables
from nlu.understanding import SLOTS, Expecting

LONGEST = 126  # characters the encoder looks at; of a longer sentence its beginning and its end
HEAD = 56  # of these from the beginning
MOST_PIECES = 56  # that the encoder looks at: a sentence takes it 0.4 ms a piece
PIECE = 4  # characters of the longest piece
START, PADDING, END, UNKNOWN = 0, 1, 2, 3
SPECIAL = 4
UNKNOWN_SCORE = -30.0

TAGS = ("O", *(f"{mark}-{slot}" for slot in SLOTS for mark in "BI"))
QUESTIONS = ("", *(str(member) for member in Expecting))  # numbers of what was asked; "" = nothing

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Tokens:
    """A sentence as numbers. By piece (with a mark before and after): number, sounds, folded sounds. By character:
    number, the piece it is in, its place in that piece, its offset in the text."""

    pieces: Numbers
    sounds: Numbers
    folded: Numbers
    letters: Numbers
    owners: Numbers
    inner: Numbers
    places: Numbers


class Vocabulary:
    """The pieces the encoder knows and how likely each is; unknown characters still sound."""

    def __init__(self, scores: Mapping[str, float]) -> None:
        self.scores = dict(scores)
        self.numbers = {piece: number + SPECIAL for number, piece in enumerate(self.scores)}

    def __len__(self) -> int:
        return len(self.numbers) + SPECIAL

    def save(self, path: Path) -> None:
        np.savez_compressed(
            path,
            pieces=np.array("\n".join(self.scores)),
            scores=np.array(list(self.scores.values()), np.float16),
        )

    @classmethod
    def load(cls, path: Path) -> Vocabulary:
        with np.load(path) as stored:
            return cls(dict(zip(str(stored["pieces"]).split("\n"), stored["scores"].tolist(), strict=True)))

    def cut(self, text: str) -> list[tuple[int, int]]:
        """The likeliest pieces of a text without spaces, as borders."""
        scores = self.scores
        best = [0.0] + [-1e9] * len(text)
        back = [0] * (len(text) + 1)
        for start in range(len(text)):
            so_far = best[start]
            for end in range(start + 1, min(len(text), start + PIECE) + 1):
                score = scores.get(text[start:end])
                if score is None:
                    if end > start + 1:
                        continue
                    score = UNKNOWN_SCORE
                if so_far + score > best[end]:
                    best[end], back[end] = so_far + score, start
        borders: list[tuple[int, int]] = []
        end = len(text)
        while end:
            borders.append((back[end], end))
            end = back[end]
        return borders[::-1]

    def read(self, text: str, *, rng: random.Random | None = None, loosened: float = 0.0) -> Tokens:
        """The sentence as numbers. In training, a share of the pieces is loosened into characters."""
        evened = even(text)
        places = [place for place, letter in enumerate(evened) if letter != " "]
        if len(places) > LONGEST:
            places = [*places[:HEAD], *places[HEAD - LONGEST :]]
        packed = "".join(evened[place] for place in places)
        borders = self.cut(packed)
        if len(borders) > MOST_PIECES:
            half = MOST_PIECES // 2
            places, packed, borders = _kept([*borders[:half], *borders[-half:]], places, packed)
        if rng is not None and loosened:
            borders = [
                piece for start, end in borders
                for piece in ([(at, at + 1) for at in range(start, end)] if rng.random() < loosened else [(start, end)])
            ]  # fmt: skip
        heard = sounds(evened)[np.array(places, np.int64)] if places else np.zeros(0, np.int64)
        pieces = np.full(len(borders) + 2, START, np.int64)
        pieces[-1] = END
        by_piece = np.zeros((len(borders) + 2, PIECE), np.int64)
        owners = np.zeros(len(packed), np.int64)
        inner = np.zeros(len(packed), np.int64)
        for number, (start, end) in enumerate(borders, 1):
            pieces[number] = self.numbers.get(packed[start:end], UNKNOWN)
            by_piece[number, : end - start] = heard[start:end]
            owners[start:end] = number
            inner[start:end] = np.arange(end - start)
        letters = np.array([self.numbers.get(letter, UNKNOWN) for letter in packed], np.int64)
        folded = tables().folded[by_piece].astype(np.int64)
        return Tokens(pieces, by_piece, folded, letters, owners, inner, np.array(places, np.int64))


def _kept(
    pieces: list[tuple[int, int]], places: list[int], packed: str
) -> tuple[list[int], str, list[tuple[int, int]]]:
    """Only these pieces of a text, closed up: where their characters stand, the characters, and the pieces' new borders."""
    letters = [at for start, end in pieces for at in range(start, end)]
    borders, at = [], 0
    for start, end in pieces:
        borders.append((at, at + end - start))
        at += end - start
    return [places[letter] for letter in letters], "".join(packed[letter] for letter in letters), borders


def question_number(expecting: str | None) -> int:
    return QUESTIONS.index(str(expecting)) if expecting else 0
