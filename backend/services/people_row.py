"""One row of an imported list becomes a person, or a reason why it can not. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache

from backend.domain.geography import Position
from backend.domain.id_number import IdNumber, read_id_number
from backend.domain.people import Contact, Elder
from backend.domain.phone import normal_phone
from config.crews import load_crew_words
from config.organisation import load_communities, load_people_words, load_regions

LONGEST_NAME, LONGEST_ADDRESS = 50, 200  # characters
OLDEST = 130  # years
LATITUDES, LONGITUDES = (3.0, 54.0), (73.0, 136.0)  # of China, degrees
EXCEL_EPOCH = date(1899, 12, 30)  # day 0 of a spreadsheet's day count
_SEVERAL_PHONES = re.compile(r"[/、;；,，|]+")
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T].*)?")
_COMPACT_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")
_DAY_COUNT = re.compile(r"\d{5}")  # four digits are a year

KeyOf = Callable[..., str]


class RowError(ValueError):
    """The row can not be kept. `code` stands in config/people.yaml under `problems`."""

    def __init__(self, code: str, value: str = "") -> None:
        super().__init__(code)
        self.code, self.value = code, value


@dataclass(slots=True)
class Person:
    """A row that can be kept, and what staff should still look at: codes with the value concerned."""

    elder: Elder
    warnings: list[tuple[str, str]] = field(default_factory=list)


def read_row(cells: Mapping[str, str], key_of: KeyOf, *, today: date) -> Person:
    """The person of this row. Raises RowError for a missing name and for a wrong phone or id number."""
    name = read_name(cells.get("name", ""))
    phones = read_phones(cells.get("phone", ""), "bad_phone")
    identity = _identity(cells.get("id_number", ""))
    warnings: list[tuple[str, str]] = []
    birth_date = _birth_date(cells.get("birth_date", ""), identity, today, warnings)
    address = _address(cells.get("address", ""))
    categories, tags = _groups(cells.get("categories", ""), warnings)
    number = identity.number if identity else None
    key = key_of(
        name=name,
        id_number=number,
        phone=phones[0] if phones else None,
        birth_date=birth_date,
        address=address,
    )
    elder = Elder(
        id=None,
        key=key,
        name=name,
        phones=phones,
        address=address,
        region=region_of(address) if address else None,
        id_number=number,
        birth_date=birth_date,
        gender=identity.gender if identity else _gender(cells.get("gender", "")),
        categories=categories,
        tags=tags,
        contacts=_contact(cells, warnings),
        position=read_position(cells, warnings) or _of_community(address),
    )
    return Person(elder, warnings)


@cache
def _region_pattern() -> tuple[re.Pattern[str], Mapping[str, str], Mapping[tuple[str, str], str]]:
    regions = load_regions()
    counties = {
        region.name: region.code for region in regions.values() if len(region.code) == 6 and region.parent
    }
    towns = {
        (region.parent or "", region.name): region.code for region in regions.values() if len(region.code) > 6
    }
    longest_first = sorted(counties, key=lambda name: (-_depth(counties[name]), -len(name)))
    return re.compile("|".join(map(re.escape, longest_first))), counties, towns


def _depth(code: str) -> int:
    return 2 if not code.endswith("00") else 1


def region_of(address: str) -> str | None:
    """The code of the town, county or city that the address names, as fine as it can be told."""
    pattern, counties, towns = _region_pattern()
    named = [counties[name] for name in pattern.findall(address)]
    if not named:
        return None
    county = max(named, key=_depth)
    town = (code for (parent, name), code in towns.items() if parent == county and name in address)
    return next(town, county)


def read_name(text: str) -> str:
    """Without the spaces that lists put into names. Raises RowError."""
    name = (
        "".join(unicodedata.normalize("NFKC", text).split()) if not text.isascii() else " ".join(text.split())
    )
    if not name:
        raise RowError("no_name")
    if len(name) > LONGEST_NAME:
        raise RowError("name_too_long", name[:LONGEST_NAME])
    return name


def read_phones(text: str, problem: str) -> tuple[str, ...]:
    """The digits of each number in the cell. Raises RowError with this code."""
    phones: dict[str, None] = {}
    for part in _SEVERAL_PHONES.split(text):
        if part.strip():
            digits = normal_phone(part)
            if digits is None:
                raise RowError(problem, part.strip()[:LONGEST_NAME])
            phones[digits] = None
    return tuple(phones)


def _identity(text: str) -> IdNumber | None:
    if not text.strip():
        return None
    identity = read_id_number(text)
    if identity is None:
        raise RowError("bad_id_number")
    return identity


def _address(text: str) -> str | None:
    address = " ".join(text.split())
    if len(address) > LONGEST_ADDRESS:
        raise RowError("address_too_long", address[:LONGEST_NAME])
    return address or None


def _birth_date(
    text: str, identity: IdNumber | None, today: date, warnings: list[tuple[str, str]]
) -> date | None:
    text = unicodedata.normalize("NFKC", text).strip()
    said = read_date(text)
    plausible = said is not None and said <= today and today.year - said.year <= OLDEST
    if text and not plausible:
        warnings.append(("bad_birth_date", text[:LONGEST_NAME]))
    if identity is None:
        return said if plausible else None
    if plausible and said != identity.birth_date:
        warnings.append(("birth_date_differs", text[:LONGEST_NAME]))
    return identity.birth_date


def read_date(text: str) -> date | None:
    """A day in one of the usual writings: 1945-03-12, 1945/3/12, 1945年3月12日, 19450312, or a spreadsheet's day count."""
    found = _DATE.fullmatch(text) or _COMPACT_DATE.fullmatch(text)
    try:
        if found:
            return date(*map(int, found.groups()))
    except ValueError:
        return None
    return EXCEL_EPOCH + timedelta(days=int(text)) if _DAY_COUNT.fullmatch(text) else None


def _groups(text: str, warnings: list[tuple[str, str]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Codes of the groups we know, and the others as they came."""
    words = load_people_words()
    for separator in words.separators:
        text = text.replace(separator, "|")
    codes: dict[str, None] = {}
    tags: dict[str, None] = {}
    for part in text.split("|"):
        name = "".join(unicodedata.normalize("NFKC", part).split())
        if not name:
            continue
        code = words.group_of.get(name) or words.group_of.get(name.lower())
        if code:
            codes[code] = None
        else:
            tags[part.strip()[:LONGEST_NAME]] = None
            warnings.append(("unknown_group", part.strip()[:LONGEST_NAME]))
    return tuple(codes), tuple(tags)


def read_position(cells: Mapping[str, str], warnings: list[tuple[str, str]]) -> Position | None:
    """From the columns `lat` and `lon`, in degrees; what lies outside China is warned about and left out."""
    told = [unicodedata.normalize("NFKC", cells.get(name, "")).strip().rstrip("°") for name in ("lat", "lon")]
    if not any(told):
        return None
    try:
        lat, lon = map(float, told)
    except ValueError:
        lat = lon = 0.0
    if LATITUDES[0] <= lat <= LATITUDES[1] and LONGITUDES[0] <= lon <= LONGITUDES[1]:
        return Position(lat, lon)
    warnings.append(("bad_position", " ".join(told)[:LONGEST_NAME]))
    return None


def _gender(text: str) -> str | None:
    """As the list says it, where no id number tells; what is unclear is left out."""
    return load_crew_words().genders.get(unicodedata.normalize("NFKC", text).strip().lower())


def _of_community(address: str | None) -> Position | None:
    """The middle of the community that the address names: config/regions.yaml."""
    found = (one for one in load_communities() if address and one.name in address)
    place = next((one for one in found if (region_of(address or "") or "").startswith(one.region[:6])), None)
    return Position(*place.centre) if place else None


def _contact(cells: Mapping[str, str], warnings: list[tuple[str, str]]) -> tuple[Contact, ...]:
    name, relation = (
        cells.get("contact_name", "").strip()[:LONGEST_NAME],
        cells.get("contact_relation", "").strip()[:LONGEST_NAME],
    )
    phones = read_phones(cells.get("contact_phone", ""), "bad_contact_phone")
    if not phones:
        if name:
            warnings.append(("contact_without_phone", name))
        return ()
    return tuple(Contact(name or relation, phone, relation) for phone in phones)
