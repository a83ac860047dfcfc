"""Relatives who may speak for an elder, and the codes by which they come to. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

CODE_DIGITS = 6
MOST_GUESSES = 5  # wrong codes of one sender
GUESSES_COUNT_FOR = timedelta(hours=1)
# With 20 codes open at once, this many guesses of everybody together find one in 0.1 % of all quarters of an hour.
MOST_GUESSES_OF_ALL = 60
GUESSES_OF_ALL_COUNT_FOR = timedelta(minutes=15)


class FamilyError(Exception):
    """Everything that can go wrong with a binding.

    FamilyError
    ├── CodeError          the code does not exist, is over, or was used
    └── BindingGoneError   there is no such binding (any more)
    """


class CodeError(FamilyError):
    """The code does not exist, is over, or was used. Which of the three is not told."""


class BindingGoneError(FamilyError):
    """There is no such binding, or it was revoked."""


class CodeKind(StrEnum):
    SPOKEN = "spoken"  # six digits that the elder hears or staff read out
    MAGNET = "magnet"  # a long random word behind the QR code on the fridge


LIVES: dict[CodeKind, timedelta] = {
    CodeKind.SPOKEN: timedelta(minutes=15),
    CodeKind.MAGNET: timedelta(days=365),
}


@dataclass(frozen=True, slots=True)
class Rights:
    """What a relative may: order for the elder, see the elder's orders and news, be called in an emergency."""

    order: bool = True
    see: bool = True
    emergency: bool = True


ALL_RIGHTS = Rights()
NO_RIGHTS = Rights(order=False, see=False, emergency=False)


@dataclass(frozen=True, slots=True)
class Code:
    """A code that a relative may use once, before `ends_at`."""

    id: int
    elder_id: int
    elder_name: str
    kind: CodeKind
    rights: Rights
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Binding:
    """A relative who speaks for an elder. `sender` is a phone number or a channel id."""

    id: int
    elder_id: int
    elder_name: str
    sender: str
    relation: str  # what the relative is to the elder, in their own word: 女儿, 侄子 …
    rights: Rights
    bound_at: datetime
    bound_by: str
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Guesses:
    """Wrong codes of late: of this sender, and of everybody."""

    own: int
    of_all: int

    @property
    def too_many(self) -> bool:
        return self.own >= MOST_GUESSES or self.of_all >= MOST_GUESSES_OF_ALL


NO_GUESSES = Guesses(0, 0)
