"""Cuts a long sentence where it may pass from one request to the next."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from config.lexicon import load

MARKS = "，。！？；、,.!?;…\n"
SHORTEST = 4  # characters; shorter pieces join their neighbour
MOST = 8  # parts that are looked at
PART = re.compile(f"[^{re.escape(MARKS)} ]+[{re.escape(MARKS)} ]*")  # of a sentence, with the marks behind it
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


def _any_of(words: Iterable[object]) -> str:
    """A pattern of any of the words, longest first."""
    return "|".join(map(re.escape, sorted(map(str, words), key=len, reverse=True)))


@lru_cache(maxsize=1)
def _list_links() -> re.Pattern[str]:
    return re.compile(f"[{re.escape(MARKS)} ]+|{_any_of(load('listed')['links'])}")


@lru_cache(maxsize=1)
def _services() -> tuple[re.Pattern[str], dict[str, str]]:
    """What services are called in a list, and the service of each word."""
    called = {str(word): item for item, words in load("listed")["services"].items() for word in words}
    return re.compile(_any_of(called)), called


@lru_cache(maxsize=1)
def _around() -> re.Pattern[str]:
    lexicon = load("listed")
    return re.compile(f"{_any_of([*lexicon['around'], *lexicon['links']])}|[{re.escape(MARKS)} ]")


def services_named(text: str) -> set[str]:
    """The services that a part of a list is called by («擦窗子»)."""
    words, called = _services()
    return {called[found[0]] for found in words.finditer(text)}


def is_bare(text: str) -> bool:
    """Whether a part of a list tells nothing but that its service is wanted; people and times are blanked out before."""
    return not _around().sub("", _services()[0].sub("", text))


def listed(text: str) -> tuple[Clause, ...]:
    """The parts of a list of services in order, each with what stands around it; none where fewer than two are named.

    A word separates only where a service is named on both of its sides: «我妈和我爸要洗澡» is one part.
    """
    pieces: list[Clause] = []
    begin = 0
    for link in [*_list_links().finditer(text), None]:
        end = link.start() if link else len(text)
        told = services_named(text[begin:end])
        if link and not (told and services_named(text[link.end() :])) and link[0][0] not in MARKS:
            continue
        if begin < end:
            pieces.append(Clause(text[begin:end], begin, end))
        begin = link.end() if link else end
    named = [services_named(piece.text) for piece in pieces]
    return tuple(pieces) if len(set().union(*named)) > 1 and sum(map(bool, named)) > 1 else ()


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
