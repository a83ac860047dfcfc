"""Who is served where and by whom: regions, departments with their duty list, and the words for groups of people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from config.catalogue import load_catalogue


class OrganisationError(ValueError):
    """A file about the organisation is wrong; the message says where and what to do."""


@dataclass(frozen=True, slots=True)
class Department:
    """A department and the items it answers for."""

    code: str
    name: str
    short: str
    handles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Departments:
    by_code: Mapping[str, Department]
    by_item: Mapping[str, Department]

    def for_item(self, item: str) -> Department:
        """Who answers for this item. Raises KeyError for an item that is not in the catalogue."""
        return self.by_item[item]


@dataclass(frozen=True, slots=True)
class Region:
    """A province, city, county or town. A town's code is its county's and two digits."""

    code: str
    name: str
    parent: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """A group of people in special difficulty."""

    code: str
    name: str
    visits_a_month: int
    synonyms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PeopleWords:
    """How lists of people call groups and columns."""

    groups: Mapping[str, Group]
    group_of: Mapping[str, str]  # any name → code
    column_of: Mapping[str, str]  # any header → column
    separators: tuple[str, ...]
    same_home: str
    registered_by_line: str
    problems: Mapping[str, str]  # code → what the import says


def _read(name: str) -> Any:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load(files("config").joinpath(name).read_text("utf-8"), Loader=loader)  # noqa: S506 (both are the safe loader)


@cache
def load_departments() -> Departments:
    """Read and check `config/departments.yaml`. Raises OrganisationError with the place and the remedy."""
    by_code: dict[str, Department] = {}
    by_item: dict[str, Department] = {}
    for row in _read("departments.yaml")["departments"]:
        department = Department(row["code"], row["name"], row["short"], tuple(row["handles"]))
        if department.code in by_code:
            raise OrganisationError(
                f"config/departments.yaml: two departments have the code {department.code!r}"
            )
        by_code[department.code] = department
        for item in department.handles:
            if item in by_item:
                raise OrganisationError(
                    f"config/departments.yaml: {item!r} is handled by two departments; leave it in one"
                )
            by_item[item] = department
    if missing := set(load_catalogue()) - set(by_item):
        raise OrganisationError(
            f"config/departments.yaml: nobody handles {sorted(missing)}; add them to a department"
        )
    if unknown := set(by_item) - set(load_catalogue()):
        raise OrganisationError(f"config/departments.yaml: {sorted(unknown)} are not in catalogue.yaml")
    return Departments(by_code, by_item)


@cache
def load_regions() -> Mapping[str, Region]:
    """All regions by code, parents before children."""
    regions: dict[str, Region] = {}
    for row in _read("regions.yaml")["regions"]:
        code, parent = row["code"], row["parent"]
        if code in regions or (parent is not None and parent not in regions):
            raise OrganisationError(
                f"config/regions.yaml: {code} stands twice, or before its parent {parent}"
            )
        regions[code] = Region(code, row["name"], parent)
        for count, town in enumerate(row.get("towns", ()), start=1):
            regions[f"{code}{count:02d}"] = Region(f"{code}{count:02d}", town, code)
    return regions


@cache
def load_people_words() -> PeopleWords:
    """Read and check `config/people.yaml`."""
    raw = _read("people.yaml")
    groups = {
        row["code"]: Group(row["code"], row["name"], row["visits_a_month"], tuple(row["synonyms"]))
        for row in raw["groups"]
    }
    return PeopleWords(
        groups=groups,
        group_of=_names({group.code: (group.name, *group.synonyms) for group in groups.values()}),
        column_of=_names(raw["columns"]),
        separators=tuple(raw["separators"]),
        same_home=raw["same_home"],
        registered_by_line=raw["registered_by_line"],
        problems=raw["problems"],
    )


def _names(words: Mapping[str, Any]) -> dict[str, str]:
    """Every name → its code; a name of two codes is refused."""
    found: dict[str, str] = {}
    for code, synonyms in words.items():
        for name in (code, *synonyms):
            if found.setdefault(name, code) != code:
                raise OrganisationError(
                    f"config/people.yaml: {name!r} means {found[name]!r} and {code!r}; leave it in one"
                )
    return found
