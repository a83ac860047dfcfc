"""Words of this service that were read as characters of the same sound, which make no sense: «足个轮艺» has 轮椅 in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from pypinyin import Style, lazy_pinyin

from voice.hearing.network import folded
from voice.speaking.segmentation import words_of

_CHINESE = re.compile(r"[\u4e00-\u9fff]+")


class _Place(NamedTuple):
    """Where a word may have been said, and how many of its characters have the tone of those that were written."""

    start: int
    word: str
    tones: int

    @property
    def end(self) -> int:
        return self.start + len(self.word)


def respelled(text: str, known: frozenset[str]) -> str:
    """The text with known words where characters stand that sound alike and belong to no word. As long as it was."""
    kept: list[_Place] = []
    for place in sorted(_alike(text, known), key=lambda one: (-len(one.word), -one.tones, one.start)):
        if all(place.end <= other.start or other.end <= place.start for other in kept):
            kept.append(place)
    for place in kept:
        text = text[: place.start] + place.word + text[place.end :]
    return text


def _alike(text: str, known: frozenset[str]) -> Iterator[_Place]:
    sense = [*_words(text), *_known(text, known)]
    sounds = [_sound(character) for character in text]
    for word, spoken in _spoken(known):
        for start in range(len(text) - len(word) + 1):
            end = start + len(word)
            if tuple(sounds[start:end]) != spoken or any(_breaks(word, start, each) for each in sense):
                continue
            yield _Place(start, word, sum(map(_tone_alike, text[start:end], word)))


def _breaks(word: str, start: int, other: tuple[int, str]) -> bool:
    """Written from `start` on, the word would cut another one in two, or change it."""
    begins, kept = other
    if begins >= start + len(word) or begins + len(kept) <= start:
        return False
    return not word.startswith(kept, begins - start) if begins >= start else True


def _words(text: str) -> Iterator[tuple[int, str]]:
    """The words of more than one character, and where they begin."""
    for run in _CHINESE.finditer(text):
        start = run.start()
        for word in words_of(run[0]):
            if len(word) > 1:
                yield start, word
            start += len(word)


def _known(text: str, known: Iterable[str]) -> Iterator[tuple[int, str]]:
    for word in known:
        for match in re.finditer(re.escape(word), text):
            yield match.start(), word


@lru_cache(maxsize=4)
def _spoken(known: frozenset[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((word, tuple(map(_sound, word))) for word in sorted(known))


@lru_cache(maxsize=8192)
def _sound(character: str) -> str:
    """Its usual syllable without tone, those merged that are mixed up."""
    return folded(str(lazy_pinyin(character)[0]))


@lru_cache(maxsize=8192)
def _tone_alike(one: str, other: str) -> bool:
    return lazy_pinyin(one, style=Style.TONE3) == lazy_pinyin(other, style=Style.TONE3)
