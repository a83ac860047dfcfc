"""Cuts sentences into pieces that are rendered ahead, and puts new sentences together from such pieces.

A *script* is a text to be rendered, with a bar where it is cut: «明天|上午九点。». A *piece* is what lies between; a tilde
marks an edge where the speech ran on: «明天~» and «~上午九点。». Pieces join where both edges ran on, so the melody fits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from voice.speaking.figures import numerals, speaking_rules

CUT = "|"
RUNS_ON = "~"

_CLAUSE = re.compile(r"[^，。？！；：…]+[，。？！；：…]?")
# The melody of a clause: it goes on, it is over, it asks. The length of the pause is another matter (`Part.mark`).
_MELODY = str.maketrans({"；": "，", "：": "，", "…": "，", "！": "。"})
_SHORTEST_CLAUSE = 4  # characters: «好，» alone sounds clipped, so it goes with what follows
_SHORTEST_TAIL = 3  # characters: for less it is not worth to break the melody
# Characters of what is rendered in one go: a short part is heard soon, but each one costs half a second and a pause.
_SHORTEST_BREATH, _LONGEST_BREATH = 4, 8
BREATH = "、"  # the pause behind it


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


def clauses(sentence: str, known: Callable[[str], bool] = lambda clause: False) -> list[str]:
    """A sentence in the parts that are spoken in one breath; very short ones stay with what follows.

    A name in front of a `known` clause does not: that would have to be rendered once more.
    """
    found: list[str] = []
    for clause in _CLAUSE.findall(sentence):
        short = found and len(found[-1]) < _SHORTEST_CLAUSE + 1
        if short and (known(found[-1] + clause) or not known(clause)):
            found[-1] += clause
        else:
            found.append(clause)
    return found


def plan(sentence: str, has: Callable[[str], bool]) -> list[Part]:
    """How to say a sentence with what is rendered already: whole, else clause by clause, else around what is rendered now."""
    whole = melody(_ended(sentence))
    if has(whole):
        return [Part((whole,), mark=_ended(sentence)[-1])]
    found = clauses(_ended(sentence), lambda clause: compose(melody(clause), has) is not None)
    return [part for clause in found for part in _clause_plan(clause, has)]


def _clause_plan(clause: str, has: Callable[[str], bool]) -> list[Part]:
    text, mark = clause[:-1], clause[-1]
    endings = _endings(text, melody(mark), has)
    if endings[0]:
        return [Part(tuple(endings[0]), mark=mark)]
    begin, lead = _lead(text, has)
    end, tail = _tail(text, begin, endings)
    parts = [Part(tuple(lead))] if lead else []
    parts += _live(text[begin:end], "" if tail else mark)
    return [*parts, Part(tuple(tail), mark=mark)] if tail else parts


def _lead(text: str, has: Callable[[str], bool]) -> tuple[int, list[str]]:
    """The longest beginning that is rendered already: where it ends, and its pieces."""
    beginnings = _beginnings(text, has)
    for end in range(len(text) - 1, 1, -1):
        found = beginnings[end]
        # A single figure in front of something unknown may be the beginning of a name.
        if found and not _within_number(text, end) and len(found[-1].strip(RUNS_ON)) > 1:
            return end, found
    return 0, []


def _tail(text: str, begin: int, endings: Sequence[list[str] | None]) -> tuple[int, list[str]]:
    """The longest end behind `begin` that is rendered already: where it begins, and its pieces."""
    for start in range(begin + 1, len(text) - _SHORTEST_TAIL + 1):
        found = endings[start]
        if found and not _within_number(text, start):
            return start, found
    return len(text), []


def _live(text: str, mark: str) -> list[Part]:
    """What is rendered now, a breath at a time. Without a mark a piece follows that was cut from other speech: after a breath."""
    *first, last = breaths(text)
    return [
        *(Part((), live=f"{breath}{BREATH}", mark=BREATH) for breath in first),
        Part((), live=f"{last}{mark or BREATH}", mark=mark or BREATH),
    ]


def breaths(text: str) -> list[str]:
    """A long text cut behind the words where one takes a breath, never within a number nor into very short parts."""
    endings, found, start = tuple(speaking_rules()["breaths"]), [], 0
    for end in range(_SHORTEST_BREATH, len(text) - _SHORTEST_BREATH + 1):
        long_enough = end - start >= _SHORTEST_BREATH and len(text) - start > _LONGEST_BREATH
        if long_enough and text[:end].endswith(endings) and not text[end:].startswith(endings):
            found.append(text[start:end])
            start = end
    return [*found, text[start:]]


def _within_number(text: str, at: int) -> bool:
    return text[at - 1] in numerals() and text[at] in numerals()


def compose(clause: str, has: Callable[[str], bool]) -> list[str] | None:
    """The fewest pieces that make up a clause (with its mark); None when they are not all there."""
    return _endings(clause[:-1], clause[-1], has)[0]


def _endings(text: str, mark: str, has: Callable[[str], bool]) -> list[list[str] | None]:
    """For each place of the text the fewest pieces from there to the end; None where they are not all there.

    A full stop may stand in for a comma and the other way round: the words count more than the melody.
    """
    marks = [mark, *{"，": "。", "。": "，"}.get(mark, "")]
    ways = [_endings_with(one, text, has) for one in marks]
    return [next(filter(None, found), None) for found in zip(*ways, strict=True)]


def _endings_with(mark: str, text: str, has: Callable[[str], bool]) -> list[list[str] | None]:
    best: list[list[str] | None] = [None] * len(text) + [[]]
    for start in range(len(text) - 1, -1, -1):
        for end in range(start + 1, len(text) + 1):
            rest = best[end]
            if rest is None or not _is_fewer(rest, best[start]):
                continue
            piece = _piece(text, start, end, mark if end == len(text) else RUNS_ON)
            if has(piece):
                best[start] = [piece, *rest]
    return best


def _beginnings(text: str, has: Callable[[str], bool]) -> list[list[str] | None]:
    """For each place of the text the fewest pieces that run on up to there; None where they are not all there."""
    best: list[list[str] | None] = [[]] + [None] * len(text)
    for end in range(1, len(text) + 1):
        for start in range(end):
            before = best[start]
            if before is None or not _is_fewer(before, best[end]):
                continue
            piece = _piece(text, start, end, RUNS_ON)
            if has(piece):
                best[end] = [*before, piece]
    return best


def _is_fewer(pieces: Sequence[str], best: Sequence[str] | None) -> bool:
    """One piece more than these is still fewer than the best so far."""
    return best is None or len(pieces) + 1 < len(best)


def _piece(text: str, start: int, end: int, behind: str) -> str:
    return f"{RUNS_ON if start else ''}{text[start:end]}{behind}"


def _ended(sentence: str) -> str:
    return sentence if sentence[-1:] in "，。？！；：…" and sentence else sentence + "。"
