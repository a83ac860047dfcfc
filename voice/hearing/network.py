"""The answers of a grammar that sound most like what was read: «晨期六下午» is 星期六下午, «明天四» perhaps 明天四点."""

from __future__ import annotations

import heapq
import re
from dataclasses import dataclass, field
from functools import lru_cache

from pypinyin import lazy_pinyin
from rapidfuzz import fuzz

# What it costs that a syllable of the answer is missing, or one too many was read; where the next one is the same,
# recognisers often write it once.
_MISSING, _TOO_MANY, _REPEATED = 1.0, 0.9, 0.4
# A reading that is further from an answer than this share of its syllables, and a little, is something else.
_FARTHEST, _SPARE, _FARTHEST_OF_ALL = 0.35, 0.7, 2.4
LONGEST = 20  # syllables; who says more does not only answer
_MARK = re.compile(r"[\W_]+")
_TOKEN = re.compile(r"<\w+>|[()\[\]|+]|[^\s()\[\]|+<>]+")
_OPENS, _CLOSES = frozenset("(["), frozenset(")]")
# Sounds that the telephone, dialects and recognisers mix up.
_FOLDS = (
    ("zh", "z"),
    ("ch", "c"),
    ("sh", "s"),
    ("ng", "n"),
    ("l", "n"),
    ("hu", "f"),
    ("r", "n"),
    ("iu", "ou"),
)


@dataclass(slots=True)
class Network:
    """Every way through the grammar, a character at a time. State 0 is the beginning, `end` the end."""

    arcs: list[list[tuple[str, int]]] = field(
        default_factory=list
    )  # of each state: character ("" is none) and where to
    end: int = 0

    def state(self) -> int:
        self.arcs.append([])
        return len(self.arcs) - 1


def network(expansion: str, rules: tuple[tuple[str, str], ...]) -> Network:
    """Of a JSGF expansion and the rules that it uses, by name."""
    return _network(expansion, rules)


@lru_cache(maxsize=64)
def _network(expansion: str, rules: tuple[tuple[str, str], ...]) -> Network:
    made = Network()
    _, made.end = _Reader(made, dict(rules)).alternatives(_TOKEN.findall(expansion))
    return _without_empty_arcs(made)


def alike(read: str, answers: Network, *, most: int) -> list[tuple[str, float]]:
    """The answers that sound most like `read`, nearest first, each with how far it is (in syllables)."""
    syllables = lazy_pinyin(_MARK.sub("", read))
    if len(syllables) > LONGEST:
        return []
    limit = min(_FARTHEST * len(syllables) + _SPARE, _FARTHEST_OF_ALL)
    waiting: list[tuple[float, int, int, str]] = [(0.0, 0, 0, "")]
    visits: dict[tuple[int, int], int] = {}
    found: dict[str, float] = {}
    while waiting and len(found) < most:
        cost, place, state, text = heapq.heappop(waiting)
        if place == len(syllables) and state == answers.end:
            found.setdefault(text, cost)
            continue
        visits[place, state] = visits.get((place, state), 0) + 1
        if visits[place, state] > most:
            continue
        for step in _steps(syllables, place, answers.arcs[state], text):
            if cost + step[0] <= limit:
                heapq.heappush(
                    waiting, (cost + step[0], step[1], state if step[2] is None else step[2], step[3])
                )
    return list(found.items())


def _steps(
    syllables: list[str], place: int, arcs: list[tuple[str, int]], text: str
) -> list[tuple[float, int, int | None, str]]:
    """Cost, and where one is then: in the reading, in the answers (None: where one was), and the text so far."""
    steps: list[tuple[float, int, int | None, str]] = []
    if place < len(syllables):
        repeated = place > 0 and syllables[place] == syllables[place - 1]
        steps.append((_REPEATED if repeated else _TOO_MANY, place + 1, None, text))
    for character, to in arcs:
        if not character:
            steps.append((0.0, place, to, text))
            continue
        steps.append((_REPEATED if text.endswith(character) else _MISSING, place, to, text + character))
        if place < len(syllables):
            steps.append((_unlike(syllables[place], _sound(character)), place + 1, to, text + character))
    return steps


class _Reader:
    """Reads an expansion into a network, alternative by alternative."""

    def __init__(self, made: Network, rules: dict[str, str]) -> None:
        self._made, self._rules = made, rules

    def alternatives(self, tokens: list[str]) -> tuple[int, int]:
        """Where the expansion begins and where it ends."""
        start, end = self._made.state(), self._made.state()
        for part in _split(tokens):
            at = start
            for unit, repeated in _units(part):
                at = self._unit(unit, at, repeated=repeated)
            self._made.arcs[at].append(("", end))
        return start, end

    def _unit(self, unit: list[str], at: int, *, repeated: bool) -> int:
        """Adds a word, a rule or a group behind `at`; gives where it ends."""
        arcs = self._made.arcs
        first = unit[0]
        if first in _OPENS or first.startswith("<"):
            inner = unit[1:-1] if first in _OPENS else _TOKEN.findall(self._rules[first.strip("<>")])
            start, end = self.alternatives(inner)
            arcs[at].append(("", start))
        else:
            start = end = self._made.state()
            arcs[at].append(("", start))
            for character in first:
                after = self._made.state()
                arcs[end].append((character, after))
                end = after
        if repeated:
            arcs[end].append(("", start))
        if first == "[":
            arcs[at].append(("", end))
        return end


def _split(tokens: list[str]) -> list[list[str]]:
    """At the bars that stand in no brackets."""
    parts: list[list[str]] = [[]]
    depth = 0
    for one in tokens:
        depth += (one in _OPENS) - (one in _CLOSES)
        if one == "|" and not depth:
            parts.append([])
        else:
            parts[-1].append(one)
    return [part for part in parts if part]


def _units(tokens: list[str]) -> list[tuple[list[str], bool]]:
    """Words, rules and groups one behind the other, and whether each may be repeated."""
    units: list[tuple[list[str], bool]] = []
    place = 0
    while place < len(tokens):
        end = place + 1
        if tokens[place] in _OPENS:
            depth = 1
            while depth:
                depth += (tokens[end] in _OPENS) - (tokens[end] in _CLOSES)
                end += 1
        repeated = end < len(tokens) and tokens[end] == "+"
        units.append((tokens[place:end], repeated))
        place = end + repeated
    return units


def _without_empty_arcs(made: Network) -> Network:
    """The same with an empty arc only to the end: searching is then quick."""
    whole = Network(end=made.end)
    for state in range(len(made.arcs)):
        reached, waiting = {state}, [state]
        while waiting:
            for character, to in made.arcs[waiting.pop()]:
                if not character and to not in reached:
                    reached.add(to)
                    waiting.append(to)
        arcs = {arc for one in reached for arc in made.arcs[one] if arc[0]}
        if made.end in reached and state != made.end:
            arcs.add(("", made.end))
        whole.arcs.append(sorted(arcs))
    return whole


@lru_cache(maxsize=4096)
def _unlike(one: str, other: str) -> float:
    """0 for the same syllable, up to 1."""
    if one == other:
        return 0.0
    ours, theirs = folded(one), folded(other)
    return 0.15 if ours == theirs else 1 - 0.8 * fuzz.ratio(ours, theirs) / 100


def folded(syllable: str) -> str:
    """A syllable with the sounds merged that are mixed up."""
    for heard, meant in _FOLDS:
        syllable = syllable.replace(heard, meant)
    return syllable


@lru_cache(maxsize=4096)
def _sound(character: str) -> str:
    return str(lazy_pinyin(character)[0])
