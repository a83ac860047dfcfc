"""What a sentence means: labels with confidence, slots with resolved values, and danger with its reason.

The vocabulary (labels, slots) is `config/catalogue.yaml` for the 20 items and `TALK_LABELS` for the rest.
Everything here is plain data; nothing reads a clock, a file or a socket.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

# Labels that are not one of the 20 items, in order of precedence (emergency first, then requests, then the rest).
TALK_LABELS = (
    "emergency", "care_visit", "order_status", "cancel_order", "reschedule", "complaint", "policy_question", "human",
    "affirm", "deny", "repeat", "slower", "louder", "greet", "thanks", "goodbye", "help", "inform", "out_of_scope",
)  # fmt: skip

SLOTS = ("beneficiary", "time", "place", "phone", "detail")


class Expecting(StrEnum):
    """What the line has just asked for; None (not a member) when it asked nothing in particular."""

    TIME = "time"
    PLACE = "place"
    PHONE = "phone"
    BENEFICIARY = "beneficiary"
    DETAIL = "detail"
    CONFIRM = "confirm"
    WHICH_ITEM = "which_item"
    NAME = "name"
    SATISFACTION = "satisfaction"


@dataclass(frozen=True, slots=True)
class ScoredLabel:
    """A label and the calibrated probability (0..1) that it is meant."""

    label: str
    confidence: float


@dataclass(frozen=True, slots=True)
class WantedTime:
    """A wanted time, resolved against the time of the call.

    `iso` is what orders and scripts see: `2026-11-24T12:00` (a point), `2026-11-24` (a day), `A/B` (a range of
    either), or None when only `asap` or nothing definite was said. All times are local (Asia/Shanghai), without offset.
    """

    iso: str | None
    asap: bool = False
    recurrence: str | None = (
        None  # RFC 5545 RRULE without DTSTART, e.g. "FREQ=DAILY"; `iso` is then the first time
    )
    conflict: str | None = (
        None  # what contradicts what, as data: "weekday:2026-11-24:3" = said Wednesday, is not
    )
    vague: bool = False  # «都行», «随便»: any time will do (iso None), or a time too loose to plan with
    day_said: bool = True  # False: only a clock time or part of the day was said and the day was supplied
    clock_said: bool = True  # False: only a day was said (then `iso` is a day)


@dataclass(frozen=True, slots=True)
class Place:
    """An address as said, split as far as it could be. Any part may be None. `usual` is «老地方», «家里».

    `destination`: where the person wants to be taken or something is to be done («陪我去人民医院»), not where to come.
    """

    text: str
    county: str | None = None
    town: str | None = None
    community: str | None = None  # village, community, estate, road
    building: str | None = None
    unit: str | None = None
    door: str | None = None
    usual: bool = False
    destination: bool = False


@dataclass(frozen=True, slots=True)
class Person:
    """Who it is for. `relation` is the canonical relation (lexicon/relations.yaml), "self" for the speaker."""

    text: str
    relation: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Phone:
    digits: str
    complete: bool  # a whole mobile (11) or landline number; False: a group of digits that others complete


Resolved = WantedTime | Place | Person | Phone | None


@dataclass(frozen=True, slots=True)
class Slot:
    """A slot filled by the sentence. `start`/`end` are character offsets in `Understanding.text`."""

    slot: str
    text: str
    start: int
    end: int
    value: str | None = (
        None  # the resolved value as scripts see it (ISO time, digits, "self", canonical text)
    )
    resolved: Resolved = None
    label: str | None = None  # the request it belongs to when the sentence carries several; None: all of them


@dataclass(frozen=True, slots=True)
class Danger:
    """Life or safety in danger now, and why we think so (shown to staff)."""

    kind: str  # fall, chest, stroke, breathing, unconscious, faint, bleeding, poison, gas, fire, lost, no_answer, suicide, violence, trapped, other
    confidence: float
    why: tuple[str, ...]  # the words that decided
    call: str = "120"  # the number to call first: 120, 110, 119


@dataclass(frozen=True, slots=True)
class Understanding:
    """One sentence understood. `labels` are those the line acts on (at least one, best first)."""

    text: str  # the sentence as given, cut to the longest length handled
    labels: tuple[ScoredLabel, ...]
    ranking: tuple[ScoredLabel, ...] = ()  # the best five of all, acted on or not: for «did you mean» offers
    slots: tuple[Slot, ...] = ()
    danger: Danger | None = None
    sure: bool = True  # False: act on it only after asking back

    def names(self) -> tuple[str, ...]:
        return tuple(item.label for item in self.labels)

    def has(self, label: str) -> bool:
        return any(item.label == label for item in self.labels)

    def filled(self, slot: str) -> tuple[Slot, ...]:
        return tuple(item for item in self.slots if item.slot == slot)


class Parser(Protocol):
    """An understanding engine. Never raises on any text; bounded time on any length."""

    def parse(
        self,
        text: str,
        *,
        expecting: Expecting | None = None,
        alternatives: tuple[str, ...] = (),
        now: datetime,
    ) -> Understanding: ...


@dataclass(frozen=True, slots=True)
class TaggedSpan:
    """A stretch of the sentence that the tagger takes for a slot; offsets as in `Slot`."""

    slot: str
    start: int
    end: int
    confidence: float
