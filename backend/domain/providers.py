"""Who does the work: providers and their workers."""

from __future__ import annotations

from dataclasses import dataclass


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
