"""Cuts sentences into pieces that are rendered ahead, and puts new sentences together from such pieces.

A *script* is a text to be rendered, with a bar where it is cut: «明天|上午九点。». A *piece* is what lies between; a tilde
marks an edge where the speech ran on: «明天~» and «~上午九点。». Pieces join where both edges ran on, so the melody fits.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

CUT = "|"
RUNS_ON = "~"

_CLAUSE = re.compile(r"[^，。？！；：…]+[，。？！；：…]?")
# The melody of a clause: it goes on, it is over, it asks. The length of the pause is another matter (`Part.mark`).
_MELODY = str.maketrans({"；": "，", "：": "，", "…": "，", "！": "。"})
_SHORTEST_CLAUSE = 4  # characters: «好，» alone sounds clipped, so it goes with what follows


@dataclass(frozen=True, slots=True)
class Part:
    """Something that is played in one go."""

    pieces: tuple[str, ...]  # all of them rendered already; empty: `live` is to be rendered now
    live: str = ""
    mark: str = ""  # the punctuation behind it; empty where the speech runs on


def pieces(script: str) -> list[str]:
    """The names of the pieces of a script, in order."""
    texts = script.split(CUT)
    last = len(texts) - 1
    return [
        f"{RUNS_ON if at else ''}{text}{RUNS_ON if at < last else ''}"
        for at, text in enumerate(map(melody, texts))
    ]


def melody(text: str) -> str:
    """The text with the mark at its end reduced to one of ，。？ (a full stop when it has none)."""
    return text.translate(_MELODY)


def clauses(sentence: str) -> list[str]:
    """A sentence in the parts that are spoken in one breath; very short ones stay with what follows."""
    found: list[str] = []
    for clause in _CLAUSE.findall(sentence):
        if found and len(found[-1]) < _SHORTEST_CLAUSE + 1:
            found[-1] += clause
        else:
            found.append(clause)
    return found


def plan(sentence: str, has: Callable[[str], bool]) -> list[Part]:
    """How to say a sentence with what is rendered already: whole, else clause by clause, else a fixed beginning and the rest live."""
    whole = melody(_ended(sentence))
    if has(whole):
        return [Part((whole,), mark=_ended(sentence)[-1])]
    return [part for clause in clauses(_ended(sentence)) for part in _clause_plan(clause, has)]


def _clause_plan(clause: str, has: Callable[[str], bool]) -> list[Part]:
    mark = clause[-1]
    if composed := compose(melody(clause), has):
        return [Part(tuple(composed), mark=mark)]
    text = clause[:-1]
    for end in range(len(text) - 1, 1, -1):
        if has(lead := text[:end] + RUNS_ON):
            return [Part((lead,)), Part((), live=clause[end:], mark=mark)]
    return [Part((), live=clause, mark=mark)]


def compose(clause: str, has: Callable[[str], bool]) -> list[str] | None:
    """The fewest pieces that make up a clause (with its mark); None when they are not all there.

    A full stop may stand in for a comma and the other way round: the words count more than the melody.
    """
    other = {"，": "。", "。": "，"}.get(clause[-1])
    for ending in (clause[-1], *([other] if other else [])):
        if found := _fewest(clause[:-1], ending, has):
            return found
    return None


def _fewest(text: str, mark: str, has: Callable[[str], bool]) -> list[str] | None:
    best: list[list[str] | None] = [[]] + [None] * len(text)  # the fewest pieces for text[:end]
    for end in range(1, len(text) + 1):
        for start in range(end):
            before = best[start]
            known = best[end]
            if before is None or (known is not None and len(known) <= len(before) + 1):
                continue
            behind = mark if end == len(text) else RUNS_ON
            piece = f"{RUNS_ON if start else ''}{text[start:end]}{behind}"
            if has(piece):
                best[end] = [*before, piece]
    return best[-1]


def _ended(sentence: str) -> str:
    return sentence if sentence[-1:] in "，。？！；：…" and sentence else sentence + "。"
