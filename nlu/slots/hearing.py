"""Reads words that were written by sound: «明田» as 明天. One character in, one character out, so offsets hold."""

from __future__ import annotations

from functools import lru_cache

from config.lexicon import load
from nlu.speech import sounds

Syllables = tuple[int, ...]


@lru_cache(maxsize=1)
def _by_sound() -> dict[int, list[tuple[Syllables, str]]]:
    """First syllable -> (all syllables, word), longest words first."""
    found: dict[int, list[tuple[Syllables, str]]] = {}
    for word in sorted(map(str, load("phrases")["heard"]), key=len, reverse=True):
        heard = tuple(int(syllable) for syllable in sounds(word))
        found.setdefault(heard[0], []).append((heard, word))
    return found


@lru_cache(maxsize=1)
def _really() -> frozenset[str]:
    return frozenset(map(str, load("phrases")["really"]))


def _meant(text: str, start: int, word: str) -> bool:
    """Whether the characters there are another word that is meant as it stands: «晌午» sounds like 上午."""
    really = _really()
    end = start + len(word)
    return text[start:end] in load("phrases")["heard"] or any(
        text[place : place + 2] in really for place in range(max(0, start - 1), end)
    )


def as_heard(text: str) -> str:
    """The evened text with misheard words of the lexicon set right; same length."""
    heard = [int(syllable) for syllable in sounds(text)]
    known = _by_sound()
    letters: list[str] | None = None
    position = 0
    while position < len(text):
        step = 1
        for syllables, word in known.get(heard[position], ()):
            end = position + len(word)
            if tuple(heard[position:end]) != syllables:
                continue
            if text[position:end] != word and not _meant(text, position, word):
                letters = letters or list(text)
                letters[position:end] = word
            step = len(word)
            break
        position += step
    return "".join(letters) if letters else text
