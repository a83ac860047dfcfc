"""Cuts a long sentence where it may pass from one request to the next."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from functools import lru_cache

from config.lexicon import load

MARKS = "，。！？；、,.!?;…\n"
SHORTEST = 4  # characters; shorter pieces join their neighbour
MOST = 8  # parts that are looked at
_NOT_BEHIND = "(?<![能想以要])"  # «能不能再找人» is one wish


@dataclass(frozen=True, slots=True)
class Clause:
    text: str
    start: int
    end: int


def begin_of_part(text: str, place: int, marks: str = MARKS) -> int:
    """Where the part of the text begins that this place is in: behind the last of the marks before it."""
    return max(text.rfind(mark, 0, place) for mark in marks) + 1


def is_joined(text: str) -> bool:
    """Whether a word in it leads to something more that is wanted («再来人打扫», «顺手修一下»)."""
    return _joint_words().search(text) is not None


@lru_cache(maxsize=1)
def _joint_words() -> re.Pattern[str]:
    joints = sorted(map(str, load("answers")["joints"]), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, joints)))


@lru_cache(maxsize=1)
def _one_more_words() -> re.Pattern[str]:
    words = sorted(map(str, load("answers")["one_more"]), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, words)))


def one_after_another(text: str) -> list[tuple[str, bool]]:
    """What is wanted, where more is announced («我要取药，还要擦窗子»): the parts, and whether such a word led to each."""
    words = _one_more_words()
    if words.search(text) is None:
        return []
    parts = [part for part in re.split(f"[{re.escape(MARKS)} ]+|(?={words.pattern})", text) if part]
    led = [words.match(part) for part in parts[:MOST]]
    return [
        (part[lead.end() :] if lead else part, lead is not None)
        for part, lead in zip(parts, led, strict=False)
    ]


@lru_cache(maxsize=1)
def _joint() -> re.Pattern[str]:
    return re.compile(f"[{re.escape(MARKS)}]+|{_NOT_BEHIND}(?={_joint_words().pattern})")


@lru_cache(maxsize=1)
def _item_words() -> dict[str, re.Pattern[str]]:
    """What each service is called by, longest words first."""
    words: dict[str, list[str]] = load("replies")["item_words"]
    return {
        item: re.compile("|".join(map(re.escape, sorted(names, key=len, reverse=True))))
        for item, names in words.items()
    }


def _between_items(text: str) -> list[int]:
    """Where the second and each further service is named («订饭打扫卫生洗澡»)."""
    found = (pattern.search(text) for pattern in _item_words().values())
    starts = sorted(match.start() for match in found if match)
    return [start for before, start in itertools.pairwise(starts) if start > before]


def clauses(text: str) -> tuple[Clause, ...]:
    """The parts of a sentence in order; without joints they begin where another service is named. Offsets are those of the text."""
    borders = [0]
    for match in _joint().finditer(text):
        if match.end() - borders[-1] >= SHORTEST:
            borders.append(match.end())
    if len(borders) == 1:
        borders += _between_items(text)
        return tuple(
            Clause(text[a:b], a, b) for a, b in itertools.pairwise([*borders[:MOST], len(text)]) if a < b
        )
    borders.append(len(text))
    pieces = [(start, end) for start, end in itertools.pairwise(borders) if start < end]
    if len(pieces) > 1 and pieces[-1][1] - pieces[-1][0] < SHORTEST:
        last = pieces.pop()
        pieces[-1] = (pieces[-1][0], last[1])
    if len(pieces) > MOST:
        pieces = [*pieces[: MOST - 1], (pieces[MOST - 1][0], pieces[-1][1])]
    return tuple(Clause(text[start:end], start, end) for start, end in pieces)
