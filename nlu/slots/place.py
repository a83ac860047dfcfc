"""Addresses as they are said: county, town, village or estate, building, unit, door, in one continuous span."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from config.lexicon import load
from nlu.slots.numbers import number, spoken_digits
from nlu.slots.wanted import Candidate, is_wanted
from nlu.slots.words import alternation
from nlu.understanding import Expecting, Place, TaggedSpan

LEFT = 10  # characters in front of a place that tell whether it is an address or a destination
NAMED = ("county", "known", "town")  # what follows these directly is a name, whatever it is called
PARTS = ("road_number", "zone", "building", "unit", "group", "dashes", "floor", "door", "side")
JOINTS = ("", "，", ",", " ", "的", "、")


@dataclass(frozen=True, slots=True)
class PlaceSpan:
    """An address and where it stands."""

    start: int
    end: int
    place: Place


@dataclass(frozen=True, slots=True)
class _Atom:
    """One piece of an address."""

    kind: str
    start: int
    end: int
    text: str


@dataclass(slots=True)
class _Chain:
    atoms: list[_Atom] = field(default_factory=list)

    @property
    def start(self) -> int:
        return self.atoms[0].start

    @property
    def end(self) -> int:
        return self.atoms[-1].end

    def has(self, *kinds: str) -> bool:
        return any(atom.kind in kinds for atom in self.atoms)


@lru_cache(maxsize=1)
def _lexicon() -> dict[str, Any]:
    return load("places")


@lru_cache(maxsize=1)
def _names() -> re.Pattern[str]:
    """Regions, towns and named communities; the first alternative that fits wins."""
    words = _lexicon()
    counties = words["counties"]
    shorts = [short for county in counties.values() for short in county["short"]]
    towns = sorted({str(town) for county in counties.values() for town in county["towns"]})
    letter = f"[^{words['name_stops']}]"
    town = alternation(words["town_endings"])
    weak = alternation(words["weak_estate_endings"])
    strong = [end for end in words["estate_endings"] if end not in words["weak_estate_endings"]]
    landmark = alternation(words["landmarks"])
    return re.compile(
        f"(?P<county>{alternation([words['province'][0], words['province'][1]])}|{alternation(words['cities'])}"
        f"|{alternation([*counties, *shorts])}(?:区|县|市)?)"
        f"|(?P<known>{alternation(towns)}(?:{town}|村|社区|小区|道|{alternation(strong)})?)"
        f"|(?P<near>(?:{letter}{{0,4}}?)(?:{landmark})(?:的)?{words['beside']})"
        f"|(?P<town>{letter}{{2,3}}?{town})"
        f"|(?P<estate>{letter}{{1,5}}?(?:{alternation(strong)})|{letter}{{2,4}}?{weak}|{letter}{{2,6}}(?={words['number']}(?:号楼|栋|幢|队|组|社)|[0-9]{{1,2}}[-－—][0-9]))"
        f"|(?P<village>{letter}{{1,4}}?{alternation(words['village_endings'])}(?:村)?)"
        f"|(?P<road>{letter}{{1,4}}?{alternation(words['road_endings'])})"
    )


@lru_cache(maxsize=1)
def _inner() -> re.Pattern[str]:
    """What may follow a county or town directly: names with letters that would end a name elsewhere."""
    words = _lexicon()
    strong = [end for end in words["estate_endings"] if end not in words["weak_estate_endings"]]
    letter = f"[^{words['inner_stops']}]"
    return re.compile(
        f"(?P<town>{letter}{{2,3}}?{alternation(words['town_endings'])})"
        f"|(?P<village>{letter}{{1,5}}?{alternation(words['village_endings'][:3])})"
        f"|(?P<estate>{letter}{{1,6}}?{alternation(strong)})|(?P<road>{letter}{{1,5}}?{alternation(words['road_endings'])})"
    )


@lru_cache(maxsize=1)
def _parts() -> re.Pattern[str]:
    words = _lexicon()
    shapes = []
    for kind in PARTS:
        shape = (
            str(words["parts"][kind])
            .replace("{number}", words["number"])
            .replace("{letter}", words["letter"])
        )
        shapes.append(f"(?P<{kind}>{shape})")
    return re.compile("|".join(shapes))


@lru_cache(maxsize=16)
def _rule(name: str) -> re.Pattern[str]:
    return re.compile(str(_lexicon()[name]))


def find_places(
    text: str,
    *,
    expecting: Expecting | None = None,
    spans: Sequence[TaggedSpan] = (),
    tagged: bool = False,
) -> list[PlaceSpan]:
    """The addresses of the text in order. Destinations and places in a story are left out."""
    asked = expecting is Expecting.PLACE
    found = [
        _place_of(chain, text) for chain in _chains(text) if _is_address(chain, text, asked, spans, tagged)
    ]
    if found:
        return found
    usual = _usual(text, asked)
    return [usual] if usual else []


def possible(text: str) -> list[Candidate]:
    """Everything that is built like an address."""
    return [candidate for chain in _chains(text) if (candidate := _candidate(chain))]


def _candidate(chain: _Chain) -> Candidate | None:
    """None: a lone number or a word that is a place only when asked for."""
    named = chain.has("county", "town", "road", "village", "estate", "near") or _known_town(chain, False)
    numbered = chain.has("building", "unit", "dashes", "group")
    if not named and not numbered and len(chain.atoms) == 1:
        return None
    return Candidate("place", chain.start, chain.end, "+".join(atom.kind for atom in chain.atoms[:3]))


# --- pieces ----------------------------------------------------------------------------------------------------


def _atoms(text: str) -> list[_Atom]:
    """The pieces of addresses in order, without overlaps."""
    atoms: list[_Atom] = []
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
            atoms.append(_Atom(_sort(kind, match.group()), match.start(), match.end(), match.group()))
            position = match.end()
        else:
            position = match.start() + 1
        name = names.search(text, position) if name and name.start() < position else name
        part = parts.search(text, position) if part and part.start() < position else part
    return atoms


def _sort(kind: str, said: str) -> str:
    """A known name with an ending of its own is what the ending says: «弘德村» is a village, «玉皇阁小区» an estate."""
    if kind == "known" and said[-1] not in "镇乡道街路":
        words = _lexicon()
        if any(said.endswith(end) and len(end) > 1 for end in words["estate_endings"]) or said.endswith("村"):
            return "estate"
    return kind


def _opens(atom: _Atom, position: int) -> bool:
    """Whether nearly any name may follow: right behind a county or a town."""
    return atom.end == position and atom.kind in NAMED


def _is_name(kind: str, said: str) -> bool:
    """Whether it is a proper name, not «马路», «夜里», «公园»."""
    if kind == "county":
        return True
    words = _lexicon()["not_names"]
    return said not in words and not any(len(word) > 1 and said.endswith(word) for word in words)


def _chains(text: str) -> list[_Chain]:
    chains: list[_Chain] = []
    for atom in _atoms(text):
        current = chains[-1] if chains else None
        gap = text[current.end : atom.start] if current else None
        if current and gap in JOINTS and _continues(current, atom, str(gap)):
            current.atoms.append(atom)
        else:
            chains.append(_Chain([atom]))
    return chains


def _continues(chain: _Chain, atom: _Atom, gap: str) -> bool:
    """Addresses go from the large to the small; a comma may stand only before something smaller."""
    order = {"county": 0, "known": 1, "town": 1, "road": 2, "village": 2, "estate": 2, "near": 3, "road_number": 3, "group": 3, "zone": 3,
             "building": 4, "dashes": 4, "unit": 5, "floor": 6, "door": 6, "side": 7}  # fmt: skip
    last = chain.atoms[-1]
    if gap and order[atom.kind] <= order[last.kind]:
        return False
    if gap in ("，", ",", "、") and (order[atom.kind] < 3 or atom.kind == "near"):
        return False
    return order[atom.kind] >= order[last.kind] or (order[last.kind] <= 2 and order[atom.kind] <= 2)


# --- what is an address ----------------------------------------------------------------------------------------


def _is_address(chain: _Chain, text: str, asked: bool, spans: Sequence[TaggedSpan], tagged: bool) -> bool:
    left = text[max(0, chain.start - LEFT) : chain.start]
    if _rule("story_before").search(left):
        return False
    candidate = _candidate(chain)
    if asked:
        return candidate is not None or _known_town(chain, asked) or chain.has("floor", "door", "side")
    if candidate is None or (
        _rule("travel_before").search(left) and not chain.has("building", "unit", "door")
    ):
        return False
    delivered = bool(_rule("delivered_sure").search(left))
    return is_wanted(text, candidate, asked=delivered, spans=spans, tagged=tagged)


def _known_town(chain: _Chain, asked: bool) -> bool:
    """Known towns are also common words («胜利», «朝阳»): they count with an ending, or when a place was asked for."""
    return any(atom.kind == "known" and (asked or atom.text[-1] in "镇乡村道街路区") for atom in chain.atoms)


def _place_of(chain: _Chain, text: str) -> PlaceSpan:
    said = text[chain.start : chain.end]
    by_kind: dict[str, list[str]] = {}
    for atom in chain.atoms:
        by_kind.setdefault(atom.kind, []).append(atom.text)
    community = [word for kind in ("road", "village", "estate", "near") for word in by_kind.get(kind, ())]
    dashes = by_kind.get("dashes", [""])[0]
    building, unit, door = _numbers_of(by_kind, dashes)
    return PlaceSpan(
        chain.start,
        chain.end,
        Place(
            said,
            county="".join(by_kind.get("county", ())) or None,
            town="".join((*by_kind.get("known", ()), *by_kind.get("town", ()))) or None,
            community="".join((*community, *by_kind.get("road_number", ()), *by_kind.get("zone", ()), *by_kind.get("group", ()))) or None,
            building=building, unit=unit, door=door,
        ),
    )  # fmt: skip


def _numbers_of(by_kind: dict[str, list[str]], dashes: str) -> tuple[str | None, str | None, str | None]:
    """Building, unit and door as plain numbers where they are numbers."""
    if dashes:
        pieces = re.split(r"[-－—]", dashes)
        return (pieces[0], pieces[1], pieces[2]) if len(pieces) == 3 else (pieces[0], None, pieces[1])
    door = by_kind.get("door") or by_kind.get("side") or by_kind.get("floor")
    return (
        _plain(by_kind["building"][0]) if "building" in by_kind else None,
        _plain(by_kind["unit"][0]) if "unit" in by_kind else None,
        _plain(door[0]) if door else None,
    )


def _plain(said: str) -> str:
    """«三号楼» -> "3", «五零一» -> "501"; what is no number stays as said."""
    match = re.match(str(_lexicon()["number"]), said)
    if not match:
        return said
    value = number(match.group())
    digits = spoken_digits(match.group())
    return digits or (str(value) if value is not None else said)


def read_place(said: str) -> Place:
    """The parts of an address that somebody else found."""
    chains = _chains(said)
    return replace(_place_of(chains[0], said).place, text=said) if len(chains) == 1 else Place(said)


# --- the usual place -------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _usual_words() -> re.Pattern[str]:
    return re.compile(alternation(_lexicon()["usual"]) + str(_lexicon()["usual_end"]))


def _usual(text: str, asked: bool) -> PlaceSpan | None:
    """«老地方», «送到家里»: the address the profile knows."""
    for match in _usual_words().finditer(text):
        left = text[max(0, match.start() - 3) : match.start()]
        named = match.group() in _lexicon()["usual_named"]
        alone = asked and len(text) - len(match.group()) <= 6
        if named or alone or (_rule("usual_after").search(left) and (asked or "送" in left)):
            return PlaceSpan(match.start(), match.end(), Place(match.group(), usual=True))
    return None
