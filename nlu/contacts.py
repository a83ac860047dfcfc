"""Sets aside what a long message tells of who, where and how to reach them, so that its labels are read off the wish alone.

A daughter in another city writes address, number and names around one short wish; read as a whole, such a message
sounds like the answer to a question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from config.lexicon import load
from nlu.clauses import MARKS
from nlu.slots.phone import find_phones
from nlu.slots.place import find_places
from nlu.slots.place_pieces import chains_of
from nlu.understanding import Place

SHORTEST = 20  # characters of a message that is looked through; a shorter one is read whole
LEAST_LEFT = 2  # characters of a wish
_CUT = "\0"
_PARTS = re.compile(f"[^{re.escape(MARKS)}]+[{re.escape(MARKS)}]*")


@dataclass(frozen=True, slots=True)
class Wish:
    """What is left of a message, and where each of its characters stood."""

    text: str
    places: tuple[int, ...]


@lru_cache(maxsize=1)
def _around() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in load("contacts")["around"]))


def _is_address(place: Place) -> bool:
    """More than the name of some place, which may belong to the wish («陪我去附属医院»)."""
    return not place.destination and any((place.county, place.town, place.building, place.door))


def _addresses(message: str) -> list[tuple[int, int]]:
    """Where addresses stand."""
    if not chains_of(message):  # saves looking for destinations, which are none
        return []
    return [(span.start, span.end) for span in find_places(message) if _is_address(span.place)]


def wish_of(message: str) -> Wish | None:
    """The message without address, number and what is said around them; None where nothing is to be set aside.

    Only a message that holds an address or a number is looked through, and one that is nothing else stays whole.
    """
    if len(message) < SHORTEST:
        return None
    told = _addresses(message)
    told += [(span.start, span.end) for span in find_phones(message) if span.phone is not None]
    if not told:
        return None
    bare = list(message)
    for start, end in told:
        bare[start:end] = _CUT * (end - start)
    kept: list[int] = []
    for part in _PARTS.finditer("".join(bare)):
        said = part[0].replace(_CUT, "").strip(MARKS + " :：")
        if said and not _around().fullmatch(said):
            kept += [place for place in range(part.start(), part.end()) if bare[place] != _CUT]
    left = "".join(message[place] for place in kept)
    if len(left.strip(MARKS)) < LEAST_LEFT or len(kept) == len(message):
        return None
    return Wish(left, tuple(kept))
