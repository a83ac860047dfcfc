"""Writes a sentence as a recogniser mishears it: characters replaced by others of the same sound, by seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import lru_cache

from nlu.speech import sounds, tables

DEFAULT_SHARE = 0.12
# The 3,755 characters of everyday writing: rows 16 to 55 of GB 2312.
_COMMON_ROWS = range(0xB0, 0xD8)


@lru_cache(maxsize=1)
def common_characters() -> tuple[str, ...]:
    """The everyday characters, in the order of the standard."""
    found: list[str] = []
    for high in _COMMON_ROWS:
        for low in range(0xA1, 0xFF):
            found.extend(bytes((high, low)).decode("gb2312", "ignore"))
    return tuple(found)


@lru_cache(maxsize=2)
def same_sound(folded: bool = False) -> dict[int, tuple[str, ...]]:
    """Syllable number -> everyday characters that sound like it; `folded`: with dialect sounds merged."""
    table = tables()
    groups: dict[int, list[str]] = {}
    for character in common_characters():
        number = int(table.sound[ord(character)])
        if number:
            groups.setdefault(int(table.folded[number]) if folded else number, []).append(character)
    return {number: tuple(group) for number, group in groups.items()}


def mishear(text: str, rng: random.Random, *, share: float = DEFAULT_SHARE, folded: bool = False) -> str:
    """The text with about `share` of its Chinese characters replaced; punctuation, digits and length stay."""
    groups = same_sound(folded)
    table = tables()
    letters = list(text)
    for place, number in enumerate(sounds(text)):
        if not number or letters[place].isascii() or rng.random() >= share:
            continue
        key = int(table.folded[number]) if folded else int(number)
        others = [other for other in groups.get(key, ()) if other != letters[place]]
        if others:
            letters[place] = rng.choice(others)
    return "".join(letters)


def mishear_all(texts: Sequence[str], *, seed: int, share: float = DEFAULT_SHARE) -> list[str]:
    """Every text misheard, the same way for the same seed."""
    rng = random.Random(seed)  # noqa: S311 (repeatable noise, no secret)
    return [mishear(text, rng, share=share) for text in texts]
