"""How long personal data is kept: `config/retention.yaml`."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files

import yaml


class RetentionError(ValueError):
    """`config/retention.yaml` is wrong; the message says where."""


@dataclass(frozen=True, slots=True)
class Retention:
    """Days each kind of data is kept."""

    talk: int
    orders: int
    tasks: int
    replies: int
    deliveries: int
    calls: int
    pictures: int
    habits: int


@cache
def load_retention() -> Retention:
    """Read and check the file. Raises RetentionError."""
    days = yaml.safe_load(files("config").joinpath("retention.yaml").read_text("utf-8"))["days"]
    names = {field.name for field in fields(Retention)}
    if set(days) != names or not all(isinstance(count, int) and count > 0 for count in days.values()):
        raise RetentionError(
            f"config/retention.yaml: days must hold a whole number above 0 for each of {sorted(names)}"
        )
    return Retention(**days)
