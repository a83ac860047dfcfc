"""Quantities: «三份», «两袋米», «二百块钱»."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from config.lexicon import load
from nlu.slots.numbers import number, number_characters
from nlu.slots.words import alternation


@dataclass(frozen=True, slots=True)
class AmountSpan:
    """A number with its measure, and the goods behind it. `strong`: an amount of something to be had, by its measure."""

    start: int
    end: int
    count: int
    measure: str
    goods: str | None
    strong: bool


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    digits, details = load("digits"), load("details")
    numbers = "[" + re.escape(number_characters()) + "半]"
    measure = alternation(digits["measures"])
    goods = alternation(details["goods"])
    return re.compile(
        f"(?P<number>{numbers}{{1,6}})(?:(?P<money>{digits['money']})|(?P<measure>{measure})(?P<goods>的?{goods})?)"
    )


@lru_cache(maxsize=1)
def _never() -> re.Pattern[str]:
    return re.compile(str(load("details")["never_counted"]))


def find_amounts(text: str) -> list[AmountSpan]:
    """All quantities of the text in order; people, times and durations are none."""
    strong = set(load("details")["strong_measures"])
    found = []
    for match in _pattern().finditer(text):
        count = number(match["number"].rstrip("半") or "1")
        if count is None or (not match["goods"] and _never().match(text[match.end() : match.end() + 4])):
            continue
        measure = match["money"] or match["measure"]
        certain = bool(match["money"] or match["goods"] or measure in strong)
        found.append(AmountSpan(match.start(), match.end(), count, measure, match["goods"], certain))
    return found
