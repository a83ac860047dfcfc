"""How likely what was heard so far is a whole sentence and not the beginning of one, by its letters and sounds.

The small linear model `model/whole.npz` (made by `nlu.fit_whole` from the training sentences and their beginnings) looks at
how the words end and begin, and how many they are. Without the file everything counts as whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from math import exp
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from nlu.speech import even, spoken

MODEL_FILE = Path(__file__).parent / "model" / "whole.npz"
BINS = 1 << 17  # features are hashed into so many weights
LETTERS_AT_END, SOUNDS_AT_END = 6, 5
LETTERS_AT_BEGINNING, SOUNDS_AT_BEGINNING = 5, 4
LATEST = 24  # letters that are looked at wherever they stand
GRAMS = 3
SHORT = 8  # letters of what is known as a whole
SOUND_OFFSET = 0x4000  # makes letters of numbers of sounds


def features(text: str) -> Iterator[str]:
    """What the model looks at; marks and spaces do not count, as a recogniser sets them by guess."""
    codes, heard = spoken(even(text))
    letters = "".join(map(chr, codes))
    sounds = "".join(chr(SOUND_OFFSET + int(number)) for number in heard)
    yield from (f"e{letters[-size:]}" for size in range(1, min(LETTERS_AT_END, len(letters)) + 1))
    yield from (f"E{sounds[-size:]}" for size in range(1, min(SOUNDS_AT_END, len(sounds)) + 1))
    yield from (f"s{letters[:size]}" for size in range(1, min(LETTERS_AT_BEGINNING, len(letters)) + 1))
    yield from (f"S{sounds[:size]}" for size in range(1, min(SOUNDS_AT_BEGINNING, len(sounds)) + 1))
    if len(letters) <= SHORT:
        yield f"={letters}"
        yield f"~{sounds}"
    yield from (f"b{gram}" for gram in _grams(letters[-LATEST:]))
    yield from (f"B{gram}" for gram in _grams(sounds[-LATEST:]))
    yield f"l{min(len(letters), 16)}"
    yield f"m{min(len(letters) // 8, 6)}"
    third = min(len(letters), 12) // 3
    yield f"f{third}{letters[-1:]}"
    yield f"g{third}{letters[-2:]}"


def places_of(text: str) -> list[int]:
    """The weights that the text touches, each once."""
    return sorted({crc32(name.encode()) % BINS for name in features(text)})


def chance_whole(text: str) -> float:
    """From 0 (a beginning) to 1 (a whole sentence). Among beginnings of training sentences a half is below 0.1."""
    weights, bias = _model()
    return 1 / (1 + exp(-bias - float(weights[places_of(text)].sum())))


def _grams(text: str) -> set[str]:
    return {
        text[start : start + size] for size in range(1, GRAMS + 1) for start in range(len(text) - size + 1)
    }


@lru_cache(maxsize=1)
def _model() -> tuple[NDArray[np.float32], float]:
    if not MODEL_FILE.is_file():
        return np.zeros(BINS, np.float32), 30.0
    with np.load(MODEL_FILE) as stored:
        return stored["weights"].astype(np.float32), float(stored["bias"][0])
