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


@dataclass(frozen=True, slots=True)
class Clause:
    text: str
    start: int
    end: int


@lru_cache(maxsize=1)
def _joint() -> re.Pattern[str]:
    joints = sorted(map(str, load("answers")["joints"]), key=len, reverse=True)
    return re.compile(f"[{re.escape(MARKS)}]+|(?={'|'.join(map(re.escape, joints))})")


def clauses(text: str) -> tuple[Clause, ...]:
    """The parts of a sentence in order; a sentence without joints is one part. Offsets are those of the text."""
    borders = [0]
    for match in _joint().finditer(text):
        if match.end() - borders[-1] >= SHORTEST:
            borders.append(match.end())
    borders.append(len(text))
    pieces = [(start, end) for start, end in itertools.pairwise(borders) if start < end]
    if len(pieces) > 1 and pieces[-1][1] - pieces[-1][0] < SHORTEST:
        last = pieces.pop()
        pieces[-1] = (pieces[-1][0], last[1])
    if len(pieces) > MOST:
        pieces = [*pieces[: MOST - 1], (pieces[MOST - 1][0], pieces[-1][1])]
    return tuple(Clause(text[start:end], start, end) for start, end in pieces)
