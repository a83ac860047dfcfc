"""The service items as an operator wrote them in `catalogue.yaml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

ASKABLE = frozenset({"time", "place", "detail"})


class CatalogueError(ValueError):
    """The catalogue file is wrong; the message says where and what to do."""


@dataclass(frozen=True, slots=True)
class Item:
    """One service item and what the line asks for it."""

    code: str
    category: str
    name: str
    button: str
    short: str
    say: str
    covers: str
    asks: tuple[str, ...]
    default_time: str | None
    daily: bool  # «一个月的» means one each day
    household: bool  # serves everybody at the address, so that two people there are one order
    official: bool  # one of the published 20


@dataclass(frozen=True, slots=True)
class Catalogue(Mapping[str, Item]):
    """All items by code, in the order of the file. Looking up an unknown code raises KeyError."""

    categories: Mapping[str, str]
    items_by_code: Mapping[str, Item]

    def __getitem__(self, code: str) -> Item:
        return self.items_by_code[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self.items_by_code)

    def __len__(self) -> int:
        return len(self.items_by_code)

    def official(self) -> tuple[Item, ...]:
        return tuple(item for item in self.items_by_code.values() if item.official)


def _item(row: Mapping[str, Any], categories: Mapping[str, str], *, official: bool) -> Item:
    code = row.get("code")
    try:
        item = Item(
            code=row["code"], category=row["category"], name=row["name"], button=row["button"], short=row["short"],
            say=row["say"], covers=row["covers"], asks=tuple(row["asks"]), default_time=row.get("default_time"),
            daily=bool(row.get("daily", False)), household=bool(row.get("household", False)), official=official,
        )  # fmt: skip
    except KeyError as missing:
        raise CatalogueError(f"config/catalogue.yaml: item {code!r} has no {missing}; add it") from None
    if item.category not in categories:
        raise CatalogueError(
            f"config/catalogue.yaml: item {code!r} is in category {item.category!r}, which is not listed"
        )
    if unknown := set(item.asks) - ASKABLE:
        raise CatalogueError(
            f"config/catalogue.yaml: item {code!r} asks {sorted(unknown)}; only {sorted(ASKABLE)} can be asked"
        )
    return item


@cache
def load_catalogue() -> Catalogue:
    """Read and check `config/catalogue.yaml`. Raises CatalogueError with the place and the remedy."""
    raw = yaml.safe_load(files("config").joinpath("catalogue.yaml").read_text("utf-8"))
    categories = {row["code"]: row["name"] for row in raw["categories"]}
    items = [_item(row, categories, official=True) for row in raw["items"]]
    items += [_item(row, categories, official=False) for row in raw.get("extra_items", ())]
    by_code = {item.code: item for item in items}
    if len(by_code) != len(items):
        raise CatalogueError("config/catalogue.yaml: two items have the same code")
    return Catalogue(categories=categories, items_by_code=by_code)
