"""How long each step of an order may take: `config/sla.yaml`, read and checked once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from config.catalogue import load_catalogue

_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1)}
_SPAN = re.compile(r"(\d+)([mhd])")
FROM = frozenset({"step", "placed", "wanted"})
DOES = frozenset({"dispatch", "lapse", "escalate", "close"})


class SlaError(ValueError):
    """`config/sla.yaml` is wrong; the message says where and what to do."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that has to happen in time."""

    code: str
    states: frozenset[str]
    stops: frozenset[str]
    counts_from: str
    does: str


@dataclass(frozen=True, slots=True)
class Limit:
    """How long a step may take. With `working`, spans are of working time."""

    within: timedelta
    working: bool = False
    warn: timedelta | None = None  # before the end
    again: timedelta | None = None  # between the reports to two levels


@dataclass(frozen=True, slots=True)
class Sla:
    levels: tuple[str, ...]
    hours: tuple[tuple[time, time], ...]
    holidays: frozenset[date]
    make_up_days: frozenset[date]
    steps: Mapping[str, Step]
    limits: Mapping[tuple[str, str, str], Limit]  # item, step, urgency

    def limit(self, item: str, step: str, urgency: str) -> Limit:
        """The limit of an item; of an item that is not in the catalogue (any more), the usual one."""
        return self.limits.get((item, step, urgency)) or self.limits["", step, urgency]


@cache
def load_sla() -> Sla:
    """Read and check the file. Raises SlaError."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    raw = yaml.load(files("config").joinpath("sla.yaml").read_text("utf-8"), Loader=loader)  # noqa: S506 (both are safe)
    return read_sla(raw)


def read_sla(raw: Mapping[str, Any]) -> Sla:
    """The rules of an already parsed file. Raises SlaError."""
    hours = tuple(_hours(text) for text in raw["working_hours"])
    if not hours or any(start >= end for start, end in hours) or list(hours) != sorted(hours):
        raise SlaError("config/sla.yaml: working_hours must be spans of one day, in their order")
    day = sum((_length(start, end) for start, end in hours), timedelta())
    steps = {code: _step(code, row) for code, row in raw["steps"].items()}
    normal, urgent = raw["normal"], raw["urgent"]
    if unknown := (normal.keys() | urgent.keys()) - steps.keys():
        raise SlaError(f"config/sla.yaml: {sorted(unknown)} are no steps")
    if missing := steps.keys() - normal.keys():
        raise SlaError(f"config/sla.yaml: {sorted(missing)} have no normal limit")
    if unknown := raw["items"].keys() - load_catalogue().keys():
        raise SlaError(f"config/sla.yaml: {sorted(unknown)} are not in catalogue.yaml")
    limits = {}
    for item, own in {"": {}, **raw["items"]}.items():
        for step in steps:
            values = normal[step] | own.get(step, {})
            limits[item, step, "normal"] = _limit(values, day)
            # What an item says of a step counts in both cases, unless being urgent is shorter.
            quicker = _limit(values | urgent.get(step, {}), day)
            limits[item, step, "urgent"] = min(quicker, limits[item, step, "normal"], key=_real_time)
    return Sla(
        levels=tuple(raw["levels"]),
        hours=hours,
        holidays=frozenset(raw["holidays"]),
        make_up_days=frozenset(raw["make_up_days"]),
        steps=steps,
        limits=limits,
    )


def _real_time(limit: Limit) -> timedelta:
    """Roughly how long a limit is by the clock: of 24 hours about 5.4 are working hours, weekends included."""
    return limit.within * 4.5 if limit.working else limit.within


def _step(code: str, row: Mapping[str, Any]) -> Step:
    if row["from"] not in FROM or row["does"] not in DOES:
        raise SlaError(f"config/sla.yaml: {code}: from is one of {sorted(FROM)}, does one of {sorted(DOES)}")
    return Step(code, frozenset(row["states"]), frozenset(row.get("stops", ())), row["from"], row["does"])


def _limit(row: Mapping[str, Any], day: timedelta) -> Limit:
    working = bool(row.get("working", False))
    spans = {
        name: _span(row[name], day if working else timedelta(days=1))
        for name in ("within", "warn", "again")
        if name in row
    }
    return Limit(spans["within"], working, spans.get("warn"), spans.get("again"))


def _span(text: str, day: timedelta) -> timedelta:
    found = _SPAN.fullmatch(str(text))
    if found is None:
        raise SlaError(f"config/sla.yaml: {text!r} is no span of time; write 15m, 4h or 3d")
    return int(found[1]) * (_UNITS | {"d": day})[found[2]]


def _hours(text: str) -> tuple[time, time]:
    try:
        start, end = (time.fromisoformat(part.strip()) for part in text.split("-"))
    except ValueError:
        raise SlaError(f"config/sla.yaml: {text!r} is no span of hours; write 08:30-12:00") from None
    return start, end


def _length(start: time, end: time) -> timedelta:
    return timedelta(hours=end.hour - start.hour, minutes=end.minute - start.minute)
