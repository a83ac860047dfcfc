"""One row of a list of providers or workers becomes one, or a reason why it can not. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

from backend.domain.providers import Provider, Worker
from backend.services.people_row import RowError, read_name, read_phones, read_position, region_of
from config.crews import load_crew_words
from config.organisation import load_departments, load_regions

LONGEST = 50  # characters of a cell that are told back
MOST_A_DAY, WIDEST_KM = 100, 500
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

Warnings = list[tuple[str, str]]
T = TypeVar("T")


@dataclass(slots=True)
class Read(Generic[T]):
    """A row that can be kept, and what staff should still look at: codes with the value concerned."""

    found: T
    warnings: Warnings = field(default_factory=list)


def read_provider(cells: Mapping[str, str], stored: Provider | None, code: str) -> Read[Provider]:
    """The provider of this row; an empty cell leaves what is `stored`. Raises RowError."""
    department = read_department(cells.get("department", "")) or (stored and stored.department)
    regions = _regions(cells.get("region", "")) or ((stored.region,) if stored else ())
    if not department:
        raise RowError("no_department")
    if not regions:
        raise RowError("no_region")
    told = _items(cells.get("items", "")) or (stored.items if stored else ())
    phones = read_phones(cells.get("phone", ""), "bad_phone")
    return Read(
        Provider(
            code=code,
            name=read_name(cells.get("name", "")),
            department=department,
            region=regions[0],
            items=told or load_departments().by_code[department].handles,
            phone=phones[0] if phones else (stored.phone if stored else None),
        )
    )


def read_worker(
    cells: Mapping[str, str], provider: Provider, stored: Worker | None, code: str
) -> Read[Worker]:
    """The worker of this row; an empty cell leaves what is `stored`, else what the provider has. Raises RowError."""
    warnings: Warnings = []
    before = stored or Worker(code, "", provider.code, provider.region, provider.items)
    regions = _regions(cells.get("region", "")) or (before.region, *before.regions)
    phones = read_phones(cells.get("phone", ""), "bad_phone")
    items = _items(cells.get("items", "")) or before.items
    if not items:
        raise RowError("no_items")
    worker = replace(
        before,
        name=read_name(cells.get("name", "")),
        provider=provider.code,
        region=regions[0],
        regions=regions[1:],
        items=items,
        phone=phones[0] if phones else before.phone,
        position=read_position(cells, warnings) or before.position,
        gender=_one(cells, "gender", load_crew_words().genders, warnings) or before.gender,
        skills=_skills(cells, warnings) or before.skills,
        languages=_parts(cells.get("languages", "")) or before.languages,
        radius_km=_number(cells, "radius", 0.1, WIDEST_KM, warnings) or before.radius_km,
        rating=_number(cells, "rating", 1, 5, warnings) or before.rating,
    )
    a_day = _number(cells, "a_day", 0, MOST_A_DAY, warnings)
    active = _one(cells, "active", load_crew_words().active, warnings)
    return Read(
        replace(
            worker,
            a_day=worker.a_day if a_day is None else int(a_day),
            active=worker.active if active is None else active,
        ),
        warnings,
    )


def read_code(text: str) -> str | None:
    """A code that somebody chose; None for an empty cell. Raises RowError."""
    code = unicodedata.normalize("NFKC", text).strip()
    if code and not _CODE.fullmatch(code):
        raise RowError("bad_code", code[:LONGEST])
    return code or None


def _parts(text: str) -> tuple[str, ...]:
    for separator in load_crew_words().separators:
        text = text.replace(separator, "|")
    parts = (unicodedata.normalize("NFKC", part).strip() for part in text.split("|"))
    return tuple(dict.fromkeys(part[:LONGEST] for part in parts if part))


def read_department(text: str) -> str | None:
    """The code of the department that a cell names; None for an empty cell. Raises RowError."""
    name = unicodedata.normalize("NFKC", text).strip()
    if name and name not in load_crew_words().departments:
        raise RowError("unknown_department", name[:LONGEST])
    return load_crew_words().departments.get(name)


def _regions(text: str) -> tuple[str, ...]:
    """Codes or names, the first is where they are at home; a town without its county is in that of the one before."""
    found: dict[str, None] = {}
    county = ""
    for part in _parts(text):
        code = part if part in load_regions() else region_of(part) or region_of(county + part)
        if code is None:
            raise RowError("unknown_region", part)
        found[code] = None
        above = load_regions()[code[:6]]
        county = above.name
    return tuple(found)


def _items(text: str) -> tuple[str, ...]:
    known = load_crew_words().items
    parts = _parts(text)
    if unknown := [part for part in parts if part not in known]:
        raise RowError("unknown_item", unknown[0])
    return tuple(dict.fromkeys(known[part] for part in parts))


def _skills(cells: Mapping[str, str], warnings: Warnings) -> tuple[str, ...]:
    known = load_crew_words().skills
    parts = _parts(cells.get("skills", "") + "|" + cells.get("licence", ""))
    warnings += [("unknown_skill", part) for part in parts if part not in known]
    return tuple(sorted({known[part] for part in parts if part in known}))


def _one(cells: Mapping[str, str], name: str, known: Mapping[str, T], warnings: Warnings) -> T | None:
    """What a cell of few possible words means."""
    text = unicodedata.normalize("NFKC", cells.get(name, "")).strip().lower()
    if text and text not in known:
        warnings.append((f"bad_{name}", text[:LONGEST]))
    return known.get(text)


def _number(
    cells: Mapping[str, str], name: str, least: float, most: float, warnings: Warnings
) -> float | None:
    text = unicodedata.normalize("NFKC", cells.get(name, "")).strip()
    digits = _trimmed(text)
    try:
        value = float(digits) if digits else None
    except ValueError:
        value = least - 1
    if value is None or (least <= value <= most and (name != "a_day" or value.is_integer())):
        return value
    warnings.append((f"bad_{name}", text[:LONGEST]))
    return None


def _trimmed(text: str) -> str:
    """Without the unit that people write after a number: 8公里, 4.5星, 6单."""
    return re.sub(r"(?<=\d)\s*(公里|千米|km|星|分|单|次)?$", "", text, flags=re.IGNORECASE)
