"""Who is served where and by whom: regions, departments with their duty list, and the words for groups of people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
    regional: Mapping[tuple[str, str], Department] = field(default_factory=dict)  # item and region
    providers: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)

    def for_item(self, item: str, region: str | None = None) -> Department:
        """Who answers for this item in this region. Raises KeyError for an item that is not in the catalogue."""
        found = (self.regional.get((item, code)) for code in regions_above(region))
        return next((one for one in found if one is not None), self.by_item[item])

    def providers_for(self, item: str, region: str | None) -> frozenset[str] | None:
        """The only providers that are asked to do this item in this region; None: any of the department's."""
        found = (self.providers.get((item, code)) for code in regions_above(region))
        return next((one for one in found if one is not None), None)


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
    return yaml.load(_text(name), Loader=loader)  # noqa: S506 (both are the safe loader)


def _text(name: str) -> str:
    return files("config").joinpath(name).read_text("utf-8")


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
    return _with_regions(Departments(by_code, by_item), _read("departments.yaml").get("regional") or ())


def _with_regions(departments: Departments, rows: Sequence[Mapping[str, Any]]) -> Departments:
    """The duty list with what is otherwise in some regions. Raises OrganisationError."""
    regional: dict[tuple[str, str], Department] = {}
    providers: dict[tuple[str, str], frozenset[str]] = {}
    for row in rows:
        region, items = row["region"], row["items"]
        unknown = {region} - set(load_regions()) | set(items) - set(departments.by_item)
        if (code := row.get("department")) is not None:
            unknown |= {code} - set(departments.by_code)
        if unknown:
            raise OrganisationError(f"config/departments.yaml: regional: {sorted(unknown)} are unknown")
        for item in items:
            if code is not None:
                regional[item, region] = departments.by_code[code]
            if row.get("providers"):
                providers[item, region] = frozenset(row["providers"])
    return replace(departments, regional=regional, providers=providers)


@dataclass(frozen=True, slots=True)
class NamedProvider:
    """A provider that `regional` of config/departments.yaml names, and in which line, counted from 1."""

    code: str
    line: int

    @property
    def place(self) -> str:
        return f"config/departments.yaml, line {self.line}"


def named_providers(text: str | None = None) -> tuple[NamedProvider, ...]:
    """Every provider that `regional` names, from top to bottom. Whether there is such a one only the records know."""
    raw = yaml.compose(_text("departments.yaml") if text is None else text, Loader=yaml.SafeLoader)
    rows = _entry(raw, "regional")
    lists = (_entry(row, "providers") for row in (rows.value if rows else ()))
    named = (one for each in lists if each is not None for one in each.value)
    return tuple(NamedProvider(one.value, one.start_mark.line + 1) for one in named)


def _entry(mapping: yaml.Node | None, name: str) -> yaml.SequenceNode | None:
    """The list under this name, if there is one."""
    if not isinstance(mapping, yaml.MappingNode):
        return None
    found = next((value for key, value in mapping.value if key.value == name), None)
    return found if isinstance(found, yaml.SequenceNode) else None


def regions_above(region: str | None) -> Iterator[str]:
    """The region and those it lies in, the narrowest first."""
    while region is not None and region in load_regions():
        yield region
        region = load_regions()[region].parent


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


def whole_region() -> str:
    """The code of the region that holds all others."""
    return next(code for code, region in load_regions().items() if region.parent is None)


@dataclass(frozen=True, slots=True)
class Community:
    """A housing estate or village that addresses name, and its middle: latitude and longitude in degrees."""

    name: str
    region: str
    centre: tuple[float, float]


@cache
def load_communities() -> tuple[Community, ...]:
    """The communities of `config/regions.yaml`, those with longer names first. Raises OrganisationError."""
    rows = _read("regions.yaml")["communities"]
    if unknown := {row["region"] for row in rows} - set(load_regions()):
        raise OrganisationError(f"config/regions.yaml: communities: no such region: {sorted(unknown)}")
    found = (Community(row["name"], row["region"], (float(row["lat"]), float(row["lon"]))) for row in rows)
    return tuple(sorted(found, key=lambda one: -len(one.name)))


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
        group_of=names_of(
            {group.code: (group.name, *group.synonyms) for group in groups.values()}, "people.yaml"
        ),
        column_of=names_of(raw["columns"], "people.yaml"),
        separators=tuple(raw["separators"]),
        same_home=raw["same_home"],
        registered_by_line=raw["registered_by_line"],
        problems=raw["problems"],
    )


def names_of(words: Mapping[str, Any], file: str) -> dict[str, str]:
    """Every name → its code. Raises OrganisationError for a name of two codes."""
    found: dict[str, str] = {}
    for code, synonyms in words.items():
        for name in (code, *synonyms):
            if found.setdefault(name, code) != code:
                raise OrganisationError(
                    f"config/{file}: {name!r} means {found[name]!r} and {code!r}; leave it in one"
                )
    return found
