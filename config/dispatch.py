"""Who is asked to do an order: `config/dispatch.yaml`, read and checked once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from config.catalogue import load_catalogue
from config.organisation import load_departments, load_regions
from config.sla import load_sla

CRITERIA = ("travel", "continuity", "rating", "load", "language", "gender")


class DispatchError(ValueError):
    """`config/dispatch.yaml` is wrong; the message says where and what to do."""


@dataclass(frozen=True, slots=True)
class Circle:
    """How far around an order workers are looked for, and who is told when nobody is left in it."""

    level: int  # 1 is the first of `Sla.levels`
    digits: int  # of the region's code that must be the same
    offers: int


@dataclass(frozen=True, slots=True)
class DispatchRules:
    automatic: frozenset[str]
    circles: tuple[Circle, ...]
    weights: Mapping[str, float]
    road_factor: float
    speed_kmh: float
    radius_km: float
    comfortable_minutes: float
    same_gender: frozenset[str]  # items
    gender_must: frozenset[str]
    skills: Mapping[str, frozenset[str]]
    visit_minutes: Mapping[str, int]
    centres: Mapping[str, tuple[float, float]]
    to_providers: frozenset[str]  # departments whose orders go to a provider, which names its worker
    wishes: Mapping[str, str]  # words → "f" or "m"
    said: Mapping[str, str]  # "f" or "m" → the words for it
    rating_weight: float

    def wished_gender(self, details: Iterable[str]) -> str | None:
        """Whether somebody said that a woman ("f") or a man ("m") is to come."""
        # The first words count, of those that begin together the longest: «不要女师傅» is no wish for «女师傅».
        pattern = "|".join(map(re.escape, sorted(self.wishes, key=len, reverse=True)))
        found = re.search(pattern, " ".join(details)) if pattern else None
        return self.wishes[found[0]] if found else None

    def minutes_at(self, item: str) -> int:
        return self.visit_minutes.get(item, self.visit_minutes["usual"])


@cache
def load_dispatch() -> DispatchRules:
    """Read and check the file. Raises DispatchError."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    raw = yaml.load(files("config").joinpath("dispatch.yaml").read_text("utf-8"), Loader=loader)  # noqa: S506 (both are safe)
    return read_dispatch(raw)


def read_dispatch(raw: Mapping[str, Any]) -> DispatchRules:
    """The rules of an already parsed file. Raises DispatchError."""
    levels = load_sla().levels
    items = load_catalogue().keys() | {"usual"}
    _known("automatic", raw["automatic"], load_departments().by_code)
    _known("to_providers", raw["to_providers"], load_departments().by_code)
    _known("gender_wishes", raw["gender_wishes"], ("f", "m"))
    _known("weights", raw["weights"], CRITERIA)
    _known("circles", (row["level"] for row in raw["circles"]), levels)
    _known("centres", raw["centres"], load_regions())
    wishes = {words: gender for gender, said in raw["gender_wishes"].items() for words in said}
    same = raw["same_gender"]
    for name, codes in (
        ("skills", raw["skills"]), ("visit_minutes", raw["visit_minutes"]), ("same_gender", same["items"]),
        ("same_gender.must", same["must"]),
    ):  # fmt: skip
        _known(name, codes, items)
    circles = tuple(
        Circle(levels.index(row["level"]) + 1, row["digits"], row["offers"]) for row in raw["circles"]
    )
    if [circle.digits for circle in circles] != sorted((circle.digits for circle in circles), reverse=True):
        raise DispatchError(
            "config/dispatch.yaml: circles must grow: each has no more digits than the one before"
        )
    return DispatchRules(
        automatic=frozenset(raw["automatic"]),
        circles=circles,
        weights={name: float(raw["weights"].get(name, 0)) for name in CRITERIA},
        road_factor=float(raw["road_factor"]),
        speed_kmh=float(raw["speed_kmh"]),
        radius_km=float(raw["radius_km"]),
        comfortable_minutes=float(raw["comfortable_minutes"]),
        same_gender=frozenset(same["items"]),
        gender_must=frozenset(same["must"]),
        skills={item: frozenset(needed) for item, needed in raw["skills"].items()},
        visit_minutes=raw["visit_minutes"],
        centres={code: (float(lat), float(lon)) for code, (lat, lon) in raw["centres"].items()},
        to_providers=frozenset(raw["to_providers"]),
        wishes=wishes,
        said={gender: said[0] for gender, said in raw["gender_wishes"].items()},
        rating_weight=float(raw["rating_weight"]),
    )


def _known(where: str, codes: Any, known: Any) -> None:
    if unknown := sorted(set(codes) - set(known)):
        raise DispatchError(f"config/dispatch.yaml: {where}: {unknown} are unknown")
