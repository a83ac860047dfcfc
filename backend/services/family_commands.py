"""What may be asked of the bindings of relatives: plain data, like `commands.py`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from backend.domain.family import ALL_RIGHTS, Rights


@dataclass(frozen=True, slots=True)
class IssueCode:
    """A six-digit code for relatives of this elder. `code` is drawn by whoever asks: at random."""

    elder_id: int
    code: str
    at: datetime
    by: str  # "elder" or a staff login
    rights: Rights = ALL_RIGHTS


@dataclass(frozen=True, slots=True)
class BindRelative:
    """Somebody said a code, and what they are to the elder."""

    code: str
    sender: str
    relation: str
    at: datetime


@dataclass(frozen=True, slots=True)
class NoteGuess:
    """Somebody said a code that does not exist."""

    sender: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RevokeBinding:
    """The elder does not want this relative any more, or the relative stops."""

    binding_id: int
    at: datetime
    by: str  # "elder", "relative" or a staff login


@dataclass(frozen=True, slots=True)
class ShutOut:
    """The elder does not want this contact of an imported list to order for them or to see anything."""

    elder_id: int
    phone: str
    relation: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class AcknowledgeAlert:
    """A relative who was told of an emergency is on their way."""

    alert_id: int
    sender: str
    at: datetime
