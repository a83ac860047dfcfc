"""The answer to «where?», taken as it was said: with the way, the gate and whose house it is, whatever it is called."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from config.lexicon import load
from nlu.slots.names import name_at
from nlu.slots.place_pieces import Chain, lexicon
from nlu.slots.words import alternation, filled
from nlu.understanding import Slot

NUMBERED = frozenset({"building", "unit", "dashes", "door"})
NAMED = frozenset({"estate", "village"})
MARKS = "，,。.；;！!？?：:… \n"
MOSTLY = 0.75  # share of an answer
SHORTEST = 2  # characters by which a place may be called


@dataclass(frozen=True, slots=True)
class Told:
    """What of the answer tells where: its `pieces`, each from its first letter to behind its last."""

    pieces: tuple[tuple[int, int], ...]

    @property
    def start(self) -> int:
        return self.pieces[0][0]

    @property
    def end(self) -> int:
        return self.pieces[-1][1]


@lru_cache(maxsize=1)
def _rules() -> dict[str, re.Pattern[str]]:
    words = lexicon()["answer"]
    relations = load("relations")["relations"].values()
    fillings = {
        "beside": lexicon()["beside"],
        "kin": alternation(word for each in relations for word in each["words"]),
        "landmark": alternation(lexicon()["landmarks"]),
    }
    return {name: re.compile(filled(shape, fillings)) for name, shape in words.items()}


def parts_as_said(text: str, chains: Sequence[Chain]) -> list[Told]:
    """The parts of an answer that tell where, in order. What lies between two of them says something else («不对»,
    «到了打电话»). None of them: nothing in the answer is known to be a place."""
    others = other_homes(text)
    if len(_rules()["lives"].findall(text)) > 1 and not others:
        return []  # «我爸住…，我妈住…»
    return _parts(text, chains, without=others) or _parts(text, chains, without=[])


def _clauses(text: str) -> Iterator[tuple[int, int]]:
    """Where the parts between two marks begin and end."""
    for match in re.finditer(rf"[^{MARKS}]+", text):
        yield match.span()


def other_homes(text: str) -> list[tuple[int, int]]:
    """The clauses that tell where somebody else lives or where they lived before: «我儿子住康居小区», «以前住…»."""
    return [(start, end) for start, end in _clauses(text) if _rules()["other_home"].search(text, start, end)]


def says_only(asked: str, text: str, slots: Sequence[Slot]) -> bool:
    """Whether an answer is what was asked for and hardly anything else: «送到村口小卖部就行，永宁县望洪镇新华村»."""
    told = sum(slot.end - slot.start for slot in slots if slot.slot == asked)
    return told >= len(text.strip(MARKS)) * MOSTLY


def _parts(text: str, chains: Sequence[Chain], *, without: Sequence[tuple[int, int]]) -> list[Told]:
    parts: list[list[tuple[int, int]]] = [[]]
    sure: list[bool] = [False]
    kinds: set[str] = set()
    for start, end, inside in _clauses_with(text, chains):
        at_an_end = not text[end:].strip(MARKS) or not text[:start].strip(MARKS)
        told = None if (start, end) in without else _told(text, start, end, inside, at_an_end=at_an_end)
        now = {atom.kind for chain in inside for atom in chain.atoms}
        if parts[-1] and (told is None or _begins_anew(text, kinds, now, told)):
            parts.append([])
            sure.append(False)
            kinds = set()
        if told is not None:
            parts[-1].append(told)
            sure[-1] = sure[-1] or bool(inside) or _rules()["way"].search(text, *told) is not None
            kinds |= now
    return [Told(tuple(part)) for part, is_one in zip(parts, sure, strict=True) if is_one]


def _clauses_with(text: str, chains: Sequence[Chain]) -> Iterator[tuple[int, int, list[Chain]]]:
    """The clauses with the pieces of an address that lie in them."""
    left = deque(chains)
    for start, end in _clauses(text):
        inside = []
        while left and left[0].start < end:
            inside.append(left.popleft())
        yield start, end, inside


def _told(
    text: str, start: int, end: int, inside: Sequence[Chain], *, at_an_end: bool
) -> tuple[int, int] | None:
    """The clause without what leads to the place and what follows it; None when it tells something else."""
    rules = _rules()
    opener = rules["opener"].match(text, start, end)
    start = opener.end() if opener else start
    closing = rules["closing"].search(text, start, end)
    end = closing.start() if closing else end
    inside = [chain for chain in inside if start <= chain.start and chain.end <= end]
    if inside and inside[-1].atoms[-1].kind in NUMBERED and _is_name(text, inside[-1].end, end):
        end = inside[-1].end  # «…2-4-101于秀琴»
    if end - start < SHORTEST or (at_an_end and not inside and _is_name(text, start, end)):
        return None
    if not rules["else"].search(text, start, end):
        known = (
            inside or rules["way"].search(text, start, end) or rules["unknown"].fullmatch(text, start, end)
        )
        return (start, end) if known else None
    if not inside:
        return None
    first, behind = inside[0].start, inside[-1].end
    return (
        first if rules["else"].search(text, start, first) else start,
        behind if rules["else"].search(text, behind, end) else end,
    )


def _begins_anew(text: str, before: set[str], now: set[str], told: tuple[int, int]) -> bool:
    """«富康小区3号楼2单元，富宁小区», «9-2-501，9-3-501»: a second estate or door, and nothing that lies beside the first."""
    again = before & now & NUMBERED or (before & NUMBERED and now & NAMED)
    return bool(again) and not _rules()["beside"].search(text, *told)


def _is_name(text: str, start: int, end: int) -> bool:
    """«…三单元402，刘芳», «刘芳，燕鸽村六队»: who is there, at an end of the answer."""
    return name_at(text, start) == text[start:end] and not _rules()["way"].search(text, start, end)
