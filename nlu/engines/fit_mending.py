"""Counts which characters stand side by side in the training sentences and in words of the language: what `mending.py`
goes by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

import numpy as np

from nlu.engines.mending import BORDER, Mender, Numbers
from nlu.speech import even, sounds

MOST_COUNTED = 60_000
WORD = 2  # a word listed counts as if it had been said so often


def fit_mending(texts: Iterable[str], words: Iterable[str] = ()) -> Mender:
    """A mender that knows these texts, and these words wherever they stand."""
    evened = [even(text) for text in texts]
    listed = [even(word) for word in words]
    characters = "".join(sorted({letter for text in (*evened, *listed) for letter in text}))
    places = {letter: place for place, letter in enumerate(characters, start=1)}
    base = len(characters) + 2
    ones: Counter[int] = Counter()
    pairs: Counter[int] = Counter()
    triples: Counter[int] = Counter()
    rows = [([BORDER, BORDER, *(places[letter] for letter in text), BORDER], 1) for text in evened]
    rows += [([places[letter] for letter in word], WORD) for word in listed]
    for row, times in rows:
        for one in row[1:-1] if times == 1 else row:
            ones[one] += times  # how often it is followed by another
        for one, other in pairwise(row):
            pairs[one * base + other] += times
        for a, b, c in zip(row, row[1:], row[2:], strict=False):
            triples[(a * base + b) * base + c] += times
    counted = np.zeros(base, np.int64)
    counted[list(ones)] = list(ones.values())
    return Mender(characters, counted, *_sorted(pairs), *_sorted(triples))


def common_words(pieces: Iterable[str]) -> list[str]:
    """Words of the language: those among the encoder's pieces, and pypinyin's words of two characters."""
    from pypinyin.phrases_dict import phrases_dict

    listed = [
        *(piece for piece in pieces if len(piece) > 1),
        *(word for word in phrases_dict if len(word) == 2),
    ]
    return sorted(
        {word for word in listed if all(sounds(even(word)) > 0) and not any(map(str.isascii, word))}
    )


def _sorted(counts: Counter[int]) -> tuple[Numbers, Numbers]:
    keys = np.array(sorted(counts), np.int64)
    return keys, np.array([min(counts[key], MOST_COUNTED) for key in keys.tolist()], np.int64)
