"""Addresses as they are said: county, town, village or estate, building, unit, door, in one continuous span."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise

from config.lexicon import load
from nlu.slots.numbers import number, spoken_digits
from nlu.slots.place_answer import parts_as_said
from nlu.slots.place_pieces import Atom, Chain, chains_of, lexicon
from nlu.slots.time_words import feasts
from nlu.slots.wanted import Candidate, is_wanted
from nlu.slots.words import alternation, filled
from nlu.understanding import Expecting, Place, TaggedSpan

# After an address the line asks these; who is still saying the address goes on with it.
GOES_ON = (Expecting.NAME, Expecting.CONFIRM, Expecting.BENEFICIARY)
FINER = frozenset({"group", "zone", "building", "unit", "floor", "door", "side"})
NUMBERED = frozenset({"building", "unit", "dashes", "door"})
NAMED = frozenset({"estate", "village"})
WIDE = frozenset({"known", "town"})
MARKS = frozenset("，,。！!？?；;")
MARK_OR_SPACE = r"[\s，,、。.]"
KNOWN_OF_IT = 0.75  # share of an answer from which the pieces of an address in it say it well enough
LONGEST_ESTATE = 8  # characters
BESIDE_THE_SAME = 4  # characters that may stand around «一样的地址»
LEFT = 10  # characters in front of a place that tell whether it is an address or a destination


@dataclass(frozen=True, slots=True)
class PlaceSpan:
    """An address and where it stands."""

    start: int
    end: int
    place: Place
    # What of it is kept, where words between its parts say nothing («五楼，就是502»).
    pieces: tuple[tuple[int, int], ...] = ()

    def kept(self, text: str) -> str:
        """The address in the words of the text, its pieces with nothing but a stop between them."""
        said = text[slice(*self.pieces[0])] if self.pieces else text[self.start : self.end]
        for (_, before), (start, end) in pairwise(self.pieces):
            stop = re.search(MARK_OR_SPACE, text[before:start])
            said += ("" if stop is None else " " if stop[0].isspace() else "，") + text[start:end]
        return said.replace(",", "，") if self.pieces else said


@lru_cache(maxsize=16)
def _rule(name: str) -> re.Pattern[str]:
    return re.compile(str(lexicon()[name]))


def find_places(
    text: str,
    *,
    expecting: Expecting | None = None,
    spans: Sequence[TaggedSpan] = (),
    tagged: bool = False,
) -> list[PlaceSpan]:
    """The addresses and destinations of the text in order. Places in a story are left out."""
    asked, goes_on = expecting is Expecting.PLACE, goes_on_with_address(text, expecting)
    if asked and (same := _the_same(text)):
        return [same]
    found = [
        _place_of(run, text)
        for run in _runs(chains_of(text), text)
        if goes_on or any(_is_address(chain, text, expecting, spans, tagged) for chain in run)
    ]
    if asked and (told := _as_said(text, found)):
        return told
    if asked and (whole := described(text, found)):
        return [whole]
    if not found and (usual := _usual(text, asked)):
        found = [usual]
    if not asked:
        found += [
            span
            for span in _destinations(text, spans, tagged)
            if not any(span.start < other.end and other.start < span.end for other in found)
        ]
    return sorted(found, key=lambda span: span.start)


def possible(text: str) -> list[Candidate]:
    """Everything that is built like an address, and every destination."""
    addresses = [candidate for chain in chains_of(text) if (candidate := _candidate(chain, text))]
    return addresses + _destination_candidates(text)


def goes_on_with_address(text: str, expecting: Expecting | None) -> bool:
    """Whether the whole answer is the finer end of an address, though the line already asked for something else:
    «二单元», «四零二», «3号楼501»."""
    if expecting not in GOES_ON:
        return False
    chains = chains_of(text)
    if not chains or not all(atom.kind in FINER for chain in chains for atom in chain.atoms):
        return False
    for chain in reversed(chains):
        text = text[: chain.start] + text[chain.end :]
    return not _rule("beside_a_piece").sub("", text)


def named_after_a_feast(text: str, start: int, end: int) -> bool:
    """Whether the feast there is the name of a place, whose kind follows at once: «国庆路», «重阳老年公寓»."""
    return feasts().fullmatch(text, start, end) is not None and _kinds().match(text, end) is not None


@lru_cache(maxsize=1)
def _kinds() -> re.Pattern[str]:
    words = lexicon()
    kinds = [*words["estate_endings"], *words["road_endings"], "老年公寓"]
    return re.compile(f"(?:{alternation(kinds)})(?![天里家时])")


def house_numbers(text: str, *, asked: bool = False) -> frozenset[tuple[int, int]]:
    """Where «12号» ends an address («北塔村三组12号») and is no day of the month; after a pause when a place was asked for."""
    between = ("", ",", "，") if asked else ("",)
    return frozenset(
        (atom.start, atom.end)
        for chain in chains_of(text)
        for before, atom in zip(chain.atoms, chain.atoms[1:], strict=False)
        if atom.kind == "road_number" and text[before.end : atom.start] in between
    )


def _candidate(chain: Chain, text: str) -> Candidate | None:
    """None: a lone number, or a word that is a place only when asked for or where somebody comes to it («到韦州来»)."""
    named = chain.has("county", "town", "road", "village", "estate", "near") or _known_town(chain, False)
    numbered = chain.has("building", "unit", "dashes", "group")
    reached = chain.has("known") and _rule("destination_before").search(
        text[max(0, chain.start - LEFT) : chain.start]
    )
    if not named and not numbered and not reached and len(chain.atoms) == 1:
        return None
    return Candidate("place", chain.start, chain.end, "+".join(atom.kind for atom in chain.atoms[:3]))


# --- what is an address ----------------------------------------------------------------------------------------


def _is_address(
    chain: Chain, text: str, expecting: Expecting | None, spans: Sequence[TaggedSpan], tagged: bool
) -> bool:
    asked, answering = expecting is Expecting.PLACE, expecting is not None
    left = text[max(0, chain.start - LEFT) : chain.start]
    if _rule("story_before").search(left):
        return False
    candidate = _candidate(chain, text)
    if asked:
        return candidate is not None or _known_town(chain, asked) or chain.has("floor", "door", "side")
    if candidate is None or (
        _rule("travel_before").search(left) and not chain.has("building", "unit", "door")
    ):
        return False
    delivered = bool(_rule("delivered_sure").search(left))
    return is_wanted(text, candidate, asked=delivered or answering, spans=spans, tagged=tagged)


def _known_town(chain: Chain, asked: bool) -> bool:
    """Known towns are also common words («胜利», «朝阳»): they count with an ending, or when a place was asked for."""
    return any(
        atom.kind == "known" and (asked or atom.text[-1] in lexicon()["town_marks"]) for atom in chain.atoms
    )


def _runs(chains: Sequence[Chain], text: str) -> list[list[Chain]]:
    """The chains that are parts of one address, told with a stop or a word in between: the village and what it lies by,
    the community and the estate in it, the floor and the door."""
    runs: list[list[Chain]] = []
    for chain in chains:
        if runs and (unknown := _unknown_name(runs[-1], chain, text)):
            runs[-1] += [unknown, chain]
        elif runs and _link().fullmatch(text, runs[-1][-1].end, chain.start) and _goes_on(runs[-1], chain):
            runs[-1].append(chain)
        else:
            runs.append([chain])
    return runs


def _unknown_name(run: Sequence[Chain], chain: Chain, text: str) -> Chain | None:
    """The estate between the street and the building, whatever it is called: «亲水大街，鲁银城市公元，15号楼»."""
    before = {atom.kind for part in run for atom in part.atoms}
    between = _unknown().fullmatch(text, run[-1].end, chain.start)
    if (
        not between
        or chain.atoms[0].kind not in {"building", "dashes", "zone"}
        or before - {"county", "road", *WIDE}
    ):
        return None
    return Chain([Atom("estate", *between.span("name"), between["name"])])


@lru_cache(maxsize=1)
def _unknown() -> re.Pattern[str]:
    letter = f"[^{lexicon()['name_stops']}]"
    return re.compile(f"{MARK_OR_SPACE}+(?P<name>{letter}{{2,{LONGEST_ESTATE}}}){MARK_OR_SPACE}+")


@lru_cache(maxsize=1)
def _link() -> re.Pattern[str]:
    return re.compile(f"(?:{lexicon()['link_words']}|{MARK_OR_SPACE})*")


def _goes_on(run: Sequence[Chain], chain: Chain) -> bool:
    """Whether a chain tells more of the address before it, and is no second one."""
    before = {atom.kind for part in run for atom in part.atoms}
    now = {atom.kind for atom in chain.atoms}
    again = (before & now & NUMBERED) or ("dashes" in before | now and before & NUMBERED and now & NUMBERED)
    wider = {"county"} if "county" in now else {"county", *WIDE}
    if again or (now & {"county", *WIDE} and before - wider):
        return False
    return not (now & NAMED and before & NAMED and before & NUMBERED)


def _place_of(run: Sequence[Chain], text: str) -> PlaceSpan:
    start, end = run[0].start, run[-1].end
    said = text[start:end]
    by_kind: dict[str, list[str]] = {}
    for atom in (atom for chain in run for atom in chain.atoms):
        by_kind.setdefault(atom.kind, []).append(atom.text)
    community = [word for kind in ("road", "village", "estate", "near") for word in by_kind.get(kind, ())]
    dashes = by_kind.get("dashes", [""])[0]
    building, unit, door = _numbers_of(by_kind, dashes)
    return PlaceSpan(
        start,
        end,
        Place(
            said,
            county="".join(by_kind.get("county", ())) or None,
            town="".join((*by_kind.get("known", ()), *by_kind.get("town", ()))) or None,
            community="".join((*community, *by_kind.get("road_number", ()), *by_kind.get("zone", ()), *by_kind.get("group", ()))) or None,
            building=building, unit=unit, door=door,
        ),
        tuple((chain.start, chain.end) for chain in run) if len(run) > 1 else (),
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
    match = re.match(str(lexicon()["number"]), said)
    if not match:
        return said
    value = number(match.group())
    digits = spoken_digits(match.group())
    return digits or (str(value) if value is not None else said)


def read_place(said: str) -> Place:
    """The parts of an address that somebody else found."""
    runs = _runs(chains_of(said), said)
    return replace(_place_of(runs[0], said).place, text=said) if len(runs) == 1 else Place(said)


# --- where to go ------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _destination_words() -> re.Pattern[str]:
    words = lexicon()
    return re.compile(
        str(words["destination"])
        .replace("{letter}", f"[^{words['name_stops']}]")
        .replace("{destinations}", alternation(words["destinations"]))
    )


def _destination_candidates(text: str) -> list[Candidate]:
    return [
        Candidate("place", match.start(), match.end(), "destination")
        for match in _destination_words().finditer(text)
        if _rule("destination_before").search(text[max(0, match.start() - LEFT) : match.start()])
    ]


def _destinations(text: str, spans: Sequence[TaggedSpan], tagged: bool) -> list[PlaceSpan]:
    return [
        PlaceSpan(one.start, one.end, Place(text[one.start : one.end], destination=True))
        for one in _destination_candidates(text)
        if is_wanted(text, one, spans=spans, tagged=tagged)
    ]


# --- as it was said --------------------------------------------------------------------------------------------


def _as_said(text: str, found: Sequence[PlaceSpan]) -> list[PlaceSpan]:
    """The parts of an answer that tell where, with the pieces of an address that were found in them."""
    told = []
    for part in parts_as_said(text, chains_of(text)):
        begin, last = part.start, part.end  # computed once: an answer can have hundreds of pieces
        inside = [span for span in found if span.start < last and begin < span.end]
        start = min([begin, *(span.start for span in inside)])
        end = max([last, *(span.end for span in inside)])
        if len(inside) == 1 and (inside[0].start, inside[0].end) == (start, end):
            told.append(inside[0])
            continue
        pieces = part.pieces if (start, end) == (begin, last) else ()
        place = inside[0].place if inside else Place(text[start:end])
        place = replace(place, text=text[start:end], community=place.community or text[start:end])
        told.append(PlaceSpan(start, end, place, pieces))
    return told


# --- described by what stands there ----------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _description() -> dict[str, re.Pattern[str]]:
    words = lexicon()["described"]
    ends = filled(words["ends"], {"beside": lexicon()["beside"]})
    kin = alternation(word for each in load("relations")["relations"].values() for word in each["words"])
    return {
        "before": re.compile(words["before"]),
        "after": re.compile(words["after"]),
        "ends": re.compile(ends),
        "not": re.compile(f"{words['not']}|(?:{kin})家?"),
    }


def described(text: str, found: Sequence[PlaceSpan] = ()) -> PlaceSpan | None:
    """The whole answer, where it says by what stands there what the pieces of an address in it do not: «桥头那个小二楼»."""
    rules = _description()
    head = rules["before"].match(text)
    start = head.end() if head else 0
    tail = rules["after"].search(text, start)
    end = tail.start() if tail else len(text)
    said = text[start:end]
    known = sum(span.end - span.start for span in found)
    if not 2 < len(said) <= int(lexicon()["described"]["longest"]) or known >= len(said) * KNOWN_OF_IT:
        return None
    if not rules["ends"].search(said) or rules["not"].search(said) or set(said) & MARKS:
        return None
    place = found[0].place if len(found) == 1 else Place(said)
    return PlaceSpan(start, end, replace(place, text=said, community=said))


# --- the usual place -------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _usual_words() -> re.Pattern[str]:
    return re.compile(alternation(lexicon()["usual"]) + str(lexicon()["usual_end"]))


def _the_same(text: str) -> PlaceSpan | None:
    """«跟我妈一起住», «一样的地址»: where somebody lives whom the conversation spoke of."""
    match = _rule("same").search(text)
    if match is None or len(text) - len(match.group()) > BESIDE_THE_SAME:
        return None
    return PlaceSpan(match.start(), match.end(), Place(match.group(), usual=True))


def _usual(text: str, asked: bool) -> PlaceSpan | None:
    """«老地方», «送到家里»: the address the profile knows."""
    for match in _usual_words().finditer(text):
        left = text[max(0, match.start() - 3) : match.start()]
        named = match.group() in lexicon()["usual_named"]
        alone = asked and len(text) - len(match.group()) <= 6
        if named or alone or (_rule("usual_after").search(left) and (asked or lexicon()["brought"] in left)):
            return PlaceSpan(match.start(), match.end(), Place(match.group(), usual=True))
    return None
