"""How lists of providers and workers call things: `config/crews.yaml`, read and checked once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from config.catalogue import load_catalogue
from config.dispatch import load_dispatch
from config.organisation import load_departments, names_of


@dataclass(frozen=True, slots=True)
class CrewWords:
    """Any name → the code it means; and what an import says."""

    provider_columns: Mapping[str, str]
    worker_columns: Mapping[str, str]
    departments: Mapping[str, str]
    items: Mapping[str, str]
    skills: Mapping[str, str]
    genders: Mapping[str, str]
    active: Mapping[str, bool]
    separators: tuple[str, ...]
    problems: Mapping[str, str]
    provider_template: Sequence[Sequence[str]]
    worker_template: Sequence[Sequence[str]]


@cache
def load_crew_words() -> CrewWords:
    """Read and check `config/crews.yaml`. Raises OrganisationError."""
    raw: Mapping[str, Any] = yaml.safe_load(files("config").joinpath("crews.yaml").read_text("utf-8"))
    departments = load_departments().by_code.values()
    items = load_catalogue().values()
    return CrewWords(
        provider_columns=names_of(raw["provider_columns"], "crews.yaml"),
        worker_columns=names_of(raw["worker_columns"], "crews.yaml"),
        departments={one.code: one.code for one in departments}
        | {name: one.code for one in departments for name in (one.name, one.short)},
        items={one.code: one.code for one in items}
        | {name: one.code for one in items for name in (one.button, one.short, one.say, one.name)},
        skills=names_of(
            {code: () for needed in load_dispatch().skills.values() for code in needed} | raw["skills"],
            "crews.yaml",
        ),
        genders=names_of(raw["genders"], "crews.yaml"),
        active=dict.fromkeys(raw["present"], True) | dict.fromkeys(raw["away"], False),
        separators=tuple(raw["separators"]),
        problems=raw["problems"],
        provider_template=raw["provider_template"],
        worker_template=raw["worker_template"],
    )
