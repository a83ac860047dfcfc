"""Reads words that were written by sound: «明田» as 明天. One character in, one character out, so offsets hold."""

from __future__ import annotations

import re
from functools import lru_cache

from config.lexicon import load
from nlu.slots.place_pieces import chains_of
from nlu.slots.time_words import time_words
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


@lru_cache(maxsize=1)
def _times() -> frozenset[str]:
    """The words among them that name a time."""
    return frozenset(word for word in map(str, load("phrases")["heard"]) if time_words(word))


def _belongs_to_an_address(text: str, start: int, end: int) -> bool:
    """Whether the characters are part of the name of a place: «史店乡» is no 十点."""
    return any(
        atom.start <= start
        and end <= atom.end
        and (len(chain.atoms) > 1 or end - start < atom.end - atom.start)
        for chain in chains_of(text)
        for atom in chain.atoms
    )


@lru_cache(maxsize=1)
def _around_an_hour() -> tuple[re.Pattern[str], re.Pattern[str]]:
    words = load("phrases")
    return re.compile(words["before_an_hour"]), re.compile(words["after_an_hour"])


def _may_be_an_hour(text: str, start: int, end: int) -> bool:
    """Whether an hour may be meant there: «下午史店来» is 十点, «就是电话变了» is none."""
    before, after = _around_an_hour()
    return before.search(text, 0, start) is not None and after.match(text, end) is not None


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
            if (
                text[position:end] != word
                and not _meant(text, position, word)
                and not (word in _times() and _belongs_to_an_address(text, position, end))
                and not (
                    word.endswith(str(load("phrases")["hour_end"]))
                    and not _may_be_an_hour(text, position, end)
                )
            ):
                letters = letters or list(text)
                letters[position:end] = word
            step = len(word)
            break
        position += step
    return "".join(letters) if letters else text
