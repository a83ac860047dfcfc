"""Who takes calls over, and when: `duty.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from config.organisation import load_regions
from config.outbound import Hours, read_hours


class DutyError(ValueError):
    """`config/duty.yaml` is wrong; the message says where."""


@dataclass(frozen=True, slots=True)
class Duty:
    hours: tuple[Hours, ...]
    ring_s: float
    regions: Mapping[str, tuple[str, ...]]  # numbers by the code of a region

    def is_on(self, moment: time) -> bool:
        return any(hours.has(moment) for hours in self.hours)

    def numbers(self, region: str | None, last_resort: str | None) -> tuple[str, ...]:
        """Whom to ring for a caller of this region, in this order."""
        known = load_regions()
        found: list[str] = []
        while region is not None and region in known:
            found += self.regions.get(region, ())
            region = None if found else known[region].parent
        return tuple(dict.fromkeys((*found, *([last_resort] if last_resort else []))))


def read_duty(raw: Mapping[str, Any]) -> Duty:
    """Check and convert the content of the file. Raises DutyError."""
    try:
        duty = Duty(
            hours=tuple(read_hours(*pair) for pair in raw["hours"]),
            ring_s=float(raw["ring_s"]),
            regions={str(code): tuple(map(str, numbers)) for code, numbers in raw["regions"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise DutyError(f"duty.yaml: {problem}") from None
    if unknown := set(duty.regions) - set(load_regions()):
        raise DutyError(f"duty.yaml: no such region: {', '.join(sorted(unknown))}")
    return duty


@cache
def load_duty() -> Duty:
    """Read `config/duty.yaml`."""
    return read_duty(yaml.safe_load(files("config").joinpath("duty.yaml").read_text("utf-8")))
