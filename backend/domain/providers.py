"""Who does the work: providers and their workers."""

from __future__ import annotations

from dataclasses import dataclass

from backend.domain.geography import Position


@dataclass(frozen=True, slots=True)
class Provider:
    """An organisation that a department sends orders to."""

    code: str
    name: str
    department: str  # code in config/departments.yaml
    region: str  # code in config/regions.yaml
    items: tuple[str, ...]  # codes in config/catalogue.yaml
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Worker:
    """Somebody who visits people at home."""

    code: str
    name: str
    provider: str  # Provider.code
    region: str
    items: tuple[str, ...]
    phone: str | None = None
    position: Position | None = None  # where they set out from
    gender: str | None = None  # "f" or "m"
    skills: tuple[str, ...] = ()  # what they can do and are licensed for: codes in config/dispatch.yaml
    languages: tuple[str, ...] = ()
    radius_km: float | None = None  # how far they go; None: as usual
    rating: float | None = None  # 1 to 5 stars; None: nobody has rated them
    a_day: int = 8  # visits
    active: bool = True
    regions: tuple[str, ...] = ()  # where else they go, besides `region`
