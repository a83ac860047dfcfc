"""Finds the words of the danger lexicon in a sentence, as written and as they sound, and the patterns they make up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from nlu.danger.patterns import Chain, Node
from nlu.speech import sounds, tables

NEAR = 6  # characters that may stand between the words of a chain
FAR = 40  # characters that may stand between two chains of one sign
MOST = 24  # hits of one group that are looked at: keeps any text linear
ENDS = re.compile(r"[。！？!?\n]")
MARKS = re.compile(r"[，。！？；、,.!?;…\n]")


class Hit(NamedTuple):
    """A word of a group, found. Offsets are those of the text."""

    start: int
    end: int


Hits = Mapping[str, Sequence[Hit]]


@dataclass(frozen=True, slots=True)
class Found:
    """A chain found: the words that make it up."""

    parts: tuple[Hit, ...]

    @property
    def start(self) -> int:
        return min(part.start for part in self.parts)

    @property
    def end(self) -> int:
        return max(part.end for part in self.parts)


def find_words(text: str, words: Node) -> dict[str, list[Hit]]:
    """All words of the trie in the text, by group."""
    hits: dict[str, list[Hit]] = {}
    for start in range(len(text)):
        node: Node | None = words
        for position in range(start, len(text)):
            node = node.following.get(text[position]) if node else None
            if node is None:
                break
            for group in node.groups:
                _note(hits, group, Hit(start, position + 1))
    return hits


class Unit(NamedTuple):
    """A syllable of the text: a character, or Latin letters that spell it (then `written` is empty)."""

    syllable: int
    start: int
    end: int
    written: str


def syllables(text: str) -> list[Unit]:
    """What the text sounds like; 0 where a sign or a number has no sound. Spaces in pinyin are passed over."""
    heard = [int(number) for number in tables().folded[sounds(text)]]
    units: list[Unit] = []
    for position, number in enumerate(heard):
        latin = text[position].isascii() and text[position].isalpha()
        if number:
            units.append(Unit(number, position, position + 1, "" if latin else text[position]))
        elif units and units[-1].syllable and not units[-1].written and (latin or text[position] == " "):
            units[-1] = units[-1]._replace(end=position + 1)
        else:
            units.append(Unit(0, position, position + 1, text[position]))
    return units


def find_sounds(text: str, heard: Node) -> dict[str, list[Hit]]:
    """Words that sound like those of the trie. Only one character may be written otherwise (two in a word of four or
    more), or every second word would sound like some danger; pinyin is taken as it sounds."""
    hits: dict[str, list[Hit]] = {}
    units = syllables(text)
    for start in range(len(units)):
        node: Node | None = heard
        for position in range(start, len(units)):
            node = node.following.get(units[position].syllable) if node else None
            if node is None:
                break
            for group, word in zip(node.groups, node.written, strict=True):
                if _close_enough(word, units[start : position + 1]):
                    _note(hits, group, Hit(units[start].start, units[position].end))
    return hits


def _note(hits: dict[str, list[Hit]], group: str, hit: Hit) -> None:
    listed = hits.setdefault(group, [])
    if len(listed) < MOST and hit not in listed:
        listed.append(hit)


def _close_enough(word: str, units: Sequence[Unit]) -> bool:
    equal = sum(unit.written in ("", character) for unit, character in zip(units, word, strict=True))
    return equal >= (len(word) - 1 if len(word) < 4 else len(word) - 2)


def find_chain(text: str, hits: Hits, chain: Chain, border: re.Pattern[str] = ENDS) -> list[Found]:
    """Where the words of a chain stand near each other with no border in between; one result for each hit of its
    first group at most."""
    found = []
    if chain.followed:
        return [
            Found((first,)) for first in hits.get(chain.groups[0], ()) if _followed(hits, chain, first.end)
        ]
    for first in hits.get(chain.groups[0], ()):
        parts = [first]
        for group in chain.groups[1:]:
            after = _nearest(text, parts, hits.get(group, ()), chain.in_order, border)
            if after is None:
                break
            parts.append(after)
        else:
            found.append(Found(tuple(parts)))
    return found


def _followed(hits: Hits, chain: Chain, end: int) -> bool:
    """Whether words of the other groups stand one right behind the other from `end` on."""
    ends = {end}
    for group in chain.groups[1:]:
        ends = {hit.end for hit in hits.get(group, ()) if hit.start in ends}
    return bool(ends)


def _nearest(
    text: str, parts: Sequence[Hit], candidates: Iterable[Hit], in_order: bool, border: re.Pattern[str]
) -> Hit | None:
    start, end = min(part.start for part in parts), max(part.end for part in parts)
    best: tuple[int, Hit] | None = None
    for hit in candidates:
        if hit.start >= end:
            gap, between = hit.start - end, text[end : hit.start]
        elif hit.end <= start and not in_order:
            gap, between = start - hit.end, text[hit.end : start]
        else:
            continue
        if gap <= NEAR and (best is None or gap < best[0]) and not border.search(between):
            best = (gap, hit)
    return best[1] if best else None


def combine(per_chain: Sequence[Sequence[Found]]) -> Found | None:
    """One finding of each chain, none further than FAR from the first; None when a chain is missing."""
    for first in per_chain[0]:
        parts = list(first.parts)
        for candidates in per_chain[1:]:
            close = [
                found
                for found in candidates
                if found.start - first.end <= FAR
                and first.start - found.end <= FAR
                and not any(
                    one.start < other.end and other.start < one.end for one in found.parts for other in parts
                )
            ]
            if not close:
                break
            parts.extend(min(close, key=lambda found: abs(found.start - first.start)).parts)
        else:
            return Found(tuple(parts))
    return None
