"""Bare answers by rule: a sentence made only of words of one kind (yes, no, «say it again», courtesy) means that."""

from __future__ import annotations

import re
from functools import lru_cache

from config.lexicon import load
from nlu.speech import even, tables
from nlu.understanding import Expecting

LONGEST = 16  # characters without punctuation; longer sentences are never bare answers
AROUND = "around"
OPEN = "open"
ASKED = (Expecting.CONFIRM, Expecting.SATISFACTION)
KINDS = ("affirm", "deny", "repeat", "slower", "louder", "greet", "thanks", "goodbye", "human")


@lru_cache(maxsize=2)
def _words(asked: bool) -> dict[str, str]:
    """Word -> kind. What stands only `around` an answer yields to every kind that claims the same word."""
    lexicon = load("answers")
    words = {str(word): AROUND for word in lexicon["around"]}
    for kind in KINDS:
        words |= {str(word): kind for word in lexicon[kind]}
    if asked:
        for kind in ("affirm", "deny"):
            words |= {str(word): kind for word in lexicon[f"{kind}_when_asked"]}
    return words | {str(word): OPEN for word in lexicon[OPEN]}


def strip_marks(text: str) -> str:
    """The evened text without punctuation and spaces."""
    is_word = tables().word
    return "".join(letter for letter in even(text) if ord(letter) < len(is_word) and is_word[ord(letter)])


def bare_answer(text: str, *, expecting: Expecting | None = None) -> str | None:
    """The label of a sentence that is only an answer or a courtesy; None when it is more, or says two things."""
    bare = strip_marks(text)
    if not bare or len(bare) > LONGEST:
        return None
    words = _words(expecting in ASKED)
    best: list[tuple[int, frozenset[str]] | None] = [(0, frozenset())] + [None] * len(bare)
    for end in range(1, len(bare) + 1):
        for start in range(max(0, end - 8), end):
            before, kind = best[start], words.get(bare[start:end])
            if before is None or kind is None:
                continue
            count, current = before[0] + 1, best[end]
            if current is None or count < current[0]:
                best[end] = (count, before[1] | {kind})
    covered = best[len(bare)]
    if covered is None:
        return None
    kinds = covered[1] - {AROUND}
    if len(kinds) != 1 or OPEN in kinds:
        return None
    kind = next(iter(kinds))
    return None if kind in ("affirm", "deny") and even(text).rstrip().endswith("?") else kind


def matter(text: str) -> tuple[int, int]:
    """Where the matter begins and ends, between what only opens and closes a sentence: «喂你好，我想洗澡啊。» → «我想洗澡».

    The same words must mean the same, however a recogniser writes the breath before and after them.
    """
    opened, closed = _opener().match(text), _closer().search(text)
    start = opened.end() if opened else 0
    return start, closed.start() if closed and closed.start() > start else len(text)


@lru_cache(maxsize=1)
def _opener() -> re.Pattern[str]:
    return re.compile(load("answers")["opens"])


@lru_cache(maxsize=1)
def _closer() -> re.Pattern[str]:
    return re.compile(load("answers")["closes"])
