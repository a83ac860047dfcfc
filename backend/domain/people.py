"""The people served and those who speak for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from backend.domain.geography import Position


@dataclass(frozen=True, slots=True)
class Contact:
    """A relative or other person to reach for an elder, and who may order for them."""

    name: str
    phone: str  # digits only
    relation: str  # what the contact is to the elder: 女儿, 儿子, 邻居 ...
    emergency: bool = True


@dataclass(frozen=True, slots=True)
class Elder:
    """A person served. `key` is the stable key of imports (a keyed hash of the id number, else of name and phone)."""

    id: int | None
    key: str
    name: str
    phones: tuple[str, ...] = ()  # digits only, the first is preferred
    address: str | None = None
    region: str | None = None  # code in config/regions.yaml
    id_number: str | None = None
    birth_date: date | None = None
    gender: str | None = None  # "f", "m", from the id number or the import
    categories: tuple[str, ...] = ()  # special-difficulty groups of plan 003, codes in config/people.yaml
    tags: tuple[str, ...] = ()  # unknown groups, kept as they came
    ability_grade: int | None = None  # GB/T 42195-2022: 0 able … 4 fully lost
    entitlements: tuple[str, ...] = ()
    language: str | None = None  # e.g. "普通话", "宁夏话"
    pace: int = 0  # how many steps slower than normal this person likes to be spoken to, 0..3
    loudness: int = 0  # how many steps louder, 0..2
    contacts: tuple[Contact, ...] = ()
    consent: bool = False  # to keep recordings and records beyond what the order needs
    position: Position | None = None  # of the home


@dataclass(frozen=True, slots=True)
class Ward:
    """An elder somebody else speaks for, what that somebody is to them, and what they may."""

    elder: Elder
    relation: str
    may_order: bool = True
    may_see: bool = True


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a sender is: an elder, the contact of elders, both, or nobody we know."""

    sender: str
    phone: str | None  # digits, when the sender is a phone number or we know one
    elder: Elder | None = None
    wards: tuple[Ward, ...] = ()

    @property
    def known(self) -> bool:
        return self.elder is not None or bool(self.wards)

    @property
    def orders_for(self) -> tuple[Ward, ...]:
        """Those of the wards whom this caller may order for."""
        return tuple(ward for ward in self.wards if ward.may_order)

    @property
    def sees(self) -> tuple[Elder, ...]:
        """Those whose orders this caller may hear of."""
        wards = tuple(ward.elder for ward in self.wards if ward.may_see)
        return (self.elder, *wards) if self.elder else wards
