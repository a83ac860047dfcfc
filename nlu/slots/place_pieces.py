"""Cuts a sentence into pieces of addresses and joins neighbouring ones: county, town, estate, building, unit, door."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from config.lexicon import load
from nlu.slots.words import SAME_TURN, alternation, filled

NAMED = ("county", "known", "town", "road")  # what follows these directly is a name, whatever it is called
PARTS = ("road_number", "zone", "building", "unit", "group", "dashes", "floor", "door", "side")
JOINTS = ("", "，", ",", " ", "的", "、")
COMMAS = ("，", ",", "、")
# Addresses go from the large to the small.
ORDER = {
    "county": 0, "known": 1, "town": 1, "road": 2, "village": 2, "estate": 2, "near": 3, "road_number": 3, "group": 3,
    "zone": 3, "building": 4, "dashes": 4, "unit": 5, "floor": 6, "door": 6, "side": 7,
}  # fmt: skip
NAMES_UP_TO, PARTS_FROM = 2, 3
LONG_NAME = 2  # characters in front of «大街» that make it the name of a street


@dataclass(frozen=True, slots=True)
class Atom:
    """One piece of an address."""

    kind: str
    start: int
    end: int
    text: str


@dataclass(slots=True)
class Chain:
    atoms: list[Atom] = field(default_factory=list)

    @property
    def start(self) -> int:
        return self.atoms[0].start

    @property
    def end(self) -> int:
        return self.atoms[-1].end

    def has(self, *kinds: str) -> bool:
        return any(atom.kind in kinds for atom in self.atoms)


@lru_cache(maxsize=1)
def lexicon() -> dict[str, Any]:
    return load("places")


@lru_cache(maxsize=1)
def _fillings() -> dict[str, str]:
    words = lexicon()
    counties = words["counties"]
    strong = [end for end in words["estate_endings"] if end not in words["weak_estate_endings"]]
    return {
        "province": alternation(words["province"]),
        "cities": alternation(words["cities"]),
        "counties": alternation(
            [*counties, *(short for county in counties.values() for short in county["short"])]
        ),
        "towns": alternation({str(town) for county in counties.values() for town in county["towns"]}),
        "town": alternation(words["town_endings"]),
        "strong": alternation(strong),
        "weak": alternation(words["weak_estate_endings"]),
        "village": alternation(words["village_endings"]),
        "hamlet": alternation(words["hamlet_endings"]),
        "alone": f"(?=[{words['clause_marks']}]|$)",
        "clause_marks": words["clause_marks"],
        "first": words["name_start"],
        "road": alternation(words["road_endings"]),
        "landmark": alternation(words["landmarks"]),
        "beside": words["beside"],
        "number": words["number"],
        "letter": f"(?:{alternation(words['name_words'])}|[^{words['name_stops']}])",
        "inner": f"(?:{alternation(words['name_words'])}|[^{words['inner_stops']}])",
    }


def _named_shapes(shapes: dict[str, str]) -> re.Pattern[str]:
    """One alternative a kind, in the order of the lexicon; the first that fits wins."""
    return re.compile("|".join(f"(?P<{kind}>{filled(shape, _fillings())})" for kind, shape in shapes.items()))


@lru_cache(maxsize=1)
def _names() -> re.Pattern[str]:
    """Regions, towns and named communities."""
    return _named_shapes(lexicon()["shapes"])


@lru_cache(maxsize=1)
def _inner() -> re.Pattern[str]:
    """What may follow a county or town directly: names with letters that would end a name elsewhere."""
    return _named_shapes(lexicon()["inner_shapes"])


@lru_cache(maxsize=1)
def _parts() -> re.Pattern[str]:
    words = lexicon()
    shapes = []
    for kind in PARTS:
        shape = (
            str(words["parts"][kind])
            .replace("{number}", words["number"])
            .replace("{letter}", words["letter"])
        )
        shapes.append(f"(?P<{kind}>{shape})")
    return re.compile("|".join(shapes))


@lru_cache(maxsize=SAME_TURN)
def _atoms(text: str) -> tuple[Atom, ...]:
    """The pieces of addresses in order, without overlaps. Asked several times in a turn, looked for once."""
    atoms: list[Atom] = []
    position = 0
    names, parts = _names(), _parts()
    name, part = names.search(text), parts.search(text)
    while name or part:
        known = name and name.start() == position and str(name.lastgroup) in NAMED
        opened = bool(atoms) and _opens(atoms[-1], position) and not known
        inner = _inner().match(text, position) if opened else None
        first = part if part and (not name or part.start() <= name.start()) else name
        match = inner or first
        if match is None:
            break
        kind = str(match.lastgroup)
        if inner or kind in PARTS or _is_name(kind, match.group()):
            atoms.append(Atom(_sort(kind, match.group()), match.start(), match.end(), match.group()))
            position = match.end()
        else:
            position = match.start() + 1
        name = names.search(text, position) if name and name.start() < position else name
        part = parts.search(text, position) if part and part.start() < position else part
    return tuple(atoms)


def _sort(kind: str, said: str) -> str:
    """A known name with an ending of its own is what the ending says: «弘德村» is a village, «玉皇阁小区» an estate."""
    words = lexicon()
    if kind == "hamlet":
        return "village"
    named = said[-1] in words["community_marks"] or any(
        said.endswith(end) for end in words["estate_endings"] if len(end) > 1
    )
    if kind == "known" and named:
        return "estate"
    return kind


def _opens(atom: Atom, position: int) -> bool:
    """Whether nearly any name may follow: right behind a county or a town."""
    return atom.end == position and atom.kind in NAMED


def _is_name(kind: str, said: str) -> bool:
    """Whether it is a proper name, not «马路», «夜里», «公园»."""
    if kind == "county":
        return True
    words = lexicon()["not_names"]
    if kind == "known":
        return said not in words
    named = LONG_NAME if kind == "road" else len(said)  # «亲水大街» is one, «逛大街» is none
    return said not in words and not any(
        len(word) > 1 and len(said) - len(word) < named and said.endswith(word) for word in words
    )


def chains_of(text: str) -> list[Chain]:
    chains: list[Chain] = []
    for atom in _atoms(text):
        current = chains[-1] if chains else None
        gap = text[current.end : atom.start] if current else None
        if current and gap in JOINTS and _continues(current, atom, str(gap)):
            current.atoms.append(atom)
        else:
            chains.append(Chain([atom]))
    return chains


def _continues(chain: Chain, atom: Atom, gap: str) -> bool:
    """Addresses go from the large to the small; a comma may stand only before something smaller."""
    last = chain.atoms[-1]
    if last.kind == "near" and gap in ("", "的") and atom.kind in ("estate", "village"):
        return True  # «森林公园旁边的紫云华庭»
    if gap and ORDER[atom.kind] <= ORDER[last.kind]:
        return False
    if gap in COMMAS and (ORDER[atom.kind] < PARTS_FROM or atom.kind == "near"):
        return False
    return ORDER[atom.kind] >= ORDER[last.kind] or max(ORDER[last.kind], ORDER[atom.kind]) <= NAMES_UP_TO
