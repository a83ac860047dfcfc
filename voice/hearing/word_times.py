"""When each word of a reading was said, and how sure it is: for the record of a call."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from voice.hearing.recogniser import Reading, Word

_LONGEST_CHARACTER_S = 0.6
_MARK = re.compile(r"[\W_]+")


def words_of(
    pieces: Sequence[str], starts: Sequence[float], shares: Sequence[float], end_s: float
) -> tuple[Word, ...]:
    """The pieces of a text as words; each lasts until the next one begins. Marks are no words.

    `shares`: how sure each character of the pieces is, one after the other.
    """
    found: list[Word] = []
    place = 0
    for piece, start, end in zip(pieces, starts, [*starts[1:], end_s], strict=True):
        sure = min(shares[place : place + len(piece)], default=1.0)
        place += len(piece)
        if text := _MARK.sub("", piece):
            begins = min(start, end_s)
            found.append(Word(text, begins, max(begins, min(end, end_s)), sure))
    return _without_lead(found)


def _without_lead(words: list[Word]) -> tuple[Word, ...]:
    """The first word is aligned with the silence before it, too."""
    if not words:
        return ()
    first, *others = words
    begins = max(first.start_s, first.end_s - _LONGEST_CHARACTER_S * len(first.text))
    return (replace(first, start_s=begins), *others)


def shares(best: str, others: Iterable[tuple[str, float]]) -> list[float]:
    """For each character of the best text how much (0..1) of all weight is with texts that have it in this place.

    `others`: the other texts, each with its weight against the best one's 1.
    """
    agreeing, all_in_all = [1.0] * len(best), 1.0
    for text, weight in others:
        all_in_all += weight
        for block in SequenceMatcher(None, best, text, autojunk=False).get_matching_blocks():
            for place in range(block.a, block.a + block.size):
                agreeing[place] += weight
    return [value / all_in_all for value in agreeing]


def likelihood(logprob: float, tokens: int, best: tuple[float, int]) -> float:
    """How likely a text is against the best one. `logprob`: natural logarithm, mean over its tokens."""
    return math.exp(min(0.0, logprob * tokens - best[0] * best[1]))


def shifted(words: Iterable[Word], by_s: float) -> tuple[Word, ...]:
    """The words of a piece of sound that began so much later."""
    return tuple(replace(word, start_s=word.start_s + by_s, end_s=word.end_s + by_s) for word in words)


def spells(words: Iterable[Word], reading: Reading) -> bool:
    """The words are those of the reading (which may have been put right since they were decoded)."""
    return "".join(word.text for word in words) == _MARK.sub("", reading.text)
