"""Calls that the line makes: the rules and wording of `outbound.yaml`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

END_OF_DAY = "24:00"


class OutboundError(ValueError):
    """`config/outbound.yaml` is wrong; the message says where."""


@dataclass(frozen=True, slots=True)
class Hours:
    """From `start` until before `end`; `end` None is midnight."""

    start: time
    end: time | None

    def has(self, moment: time) -> bool:
        return self.start <= moment and (self.end is None or moment < self.end)


@dataclass(frozen=True, slots=True)
class MachineRules:
    """How an answering machine is told from a person."""

    longest_hello_ms: int
    beep_ms: int
    beep_hz: tuple[int, ...]
    silent_ms: int
    nearby_db: float  # against full scale
    above_room_db: float
    longest_ms: int


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of a call. `asks`: what kind of answer it wants, as in `voice.conversation.Answer`."""

    key: str
    asks: str
    text: str
    goes_on: bool = False  # whoever says more than no goes on with the conversation


@dataclass(frozen=True, slots=True)
class CallKind:
    """What is said in one kind of call; {braces} are filled in."""

    opening: str
    questions: tuple[Asked, ...] = ()
    offer: str = ""  # said after a message: what can be pressed
    closing: str = ""
    emergency: bool = False
    acknowledged: bool = False  # the person shall say that they have heard
    goes_on: bool = False  # after the opening, with the conversation that was cut off
    expires_min: int | None = None  # after it was wanted, the call is of no use
    recorded: bool = False  # kept like a call that came in, and said so
    at_most: int = 1  # times the opening is said, unless it is asked for again
    to_machine: int = (
        0  # times it is said where a machine seems to have answered; 0: we hang up without a word
    )


@dataclass(frozen=True, slots=True)
class LifeRules:
    """Which calls the life of an order, and the care for people, set off."""

    remind_day_before_at: time  # of a visit; one that is accepted later is told of at once …
    remind_before: timedelta  # … unless it begins sooner than this
    follow_up_after: timedelta  # the work was done
    care_at: time  # of the day on which care calls are planned
    care_every: timedelta  # for somebody with whom nobody has talked meanwhile
    care_a_day: int  # planned at most; 0: none are made
    care_groups: tuple[str, ...]  # codes of config/people.yaml


@dataclass(frozen=True, slots=True)
class OutboundRules:
    quiet_hours: tuple[Hours, ...]
    at_once: int
    apart: timedelta
    rings_s: int
    retries: Mapping[str, tuple[timedelta, ...]]
    urgent_retries: Mapping[str, tuple[timedelta, ...]]
    machine: MachineRules
    heard: tuple[str, ...]  # words in a sentence that says that somebody has heard …
    not_heard: tuple[str, ...]  # … if none of these stands in it
    no_more_calls: tuple[str, ...]
    no_more_calls_closing: str
    not_understood: str  # said before a question is asked again
    stars: tuple[
        tuple[int, tuple[str, ...]], ...
    ]  # of satisfaction, by words that are looked for in this order
    stars_offered: tuple[str, ...]  # for the keys 1, 2 …
    worker: str  # «{surname}师傅»
    no_worker: str
    life: LifeRules
    kinds: Mapping[str, CallKind] = field(default_factory=dict)

    def stars_of(self, text: str) -> int | None:
        """How satisfied somebody is who says this, 1 to 5; None: nobody can tell."""
        return next((stars for stars, words in self.stars if any(word in text for word in words)), None)


def read_outbound_rules(raw: Mapping[str, Any]) -> OutboundRules:
    """Check and convert the content of the file. Raises OutboundError."""
    try:
        return OutboundRules(
            quiet_hours=tuple(read_hours(*pair) for pair in raw["quiet_hours"]),
            at_once=int(raw["at_once"]),
            apart=timedelta(seconds=raw["apart_s"]),
            rings_s=int(raw["rings_s"]),
            retries=_waits(raw["retries_min"]),
            urgent_retries=_waits(raw["urgent_retries_min"]),
            machine=MachineRules(**{**raw["machine"], "beep_hz": tuple(raw["machine"]["beep_hz"])}),
            heard=tuple(raw["heard"]["words"]),
            not_heard=tuple(raw["heard"]["but_not"]),
            no_more_calls=tuple(raw["no_more_calls"]),
            no_more_calls_closing=str(raw["no_more_calls_closing"]),
            not_understood=str(raw["not_understood"]),
            stars=tuple((int(row["stars"]), tuple(row["words"])) for row in raw["stars"]),
            stars_offered=tuple(raw["stars_offered"]),
            worker=str(raw["worker"]),
            no_worker=str(raw["no_worker"]),
            life=_life(raw["life"]),
            kinds={name: _kind(kind) for name, kind in raw["kinds"].items()},
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise OutboundError(f"outbound.yaml: {problem}") from None


def read_hours(start: str, end: str) -> Hours:
    """«08:00» and «24:00». Raises ValueError."""
    return Hours(time.fromisoformat(start), None if end == END_OF_DAY else time.fromisoformat(end))


def _life(raw: Mapping[str, Any]) -> LifeRules:
    reminder, care = raw["reminder"], raw["care_call"]
    return LifeRules(
        remind_day_before_at=time.fromisoformat(reminder["day_before_at"]),
        remind_before=timedelta(minutes=reminder["least_before_min"]),
        follow_up_after=timedelta(minutes=raw["follow_up"]["after_min"]),
        care_at=time.fromisoformat(care["at"]),
        care_every=timedelta(days=care["every_days"]),
        care_a_day=int(care["most_a_day"]),
        care_groups=tuple(care["groups"]),
    )


def _waits(raw: Mapping[str, Iterable[float]]) -> dict[str, tuple[timedelta, ...]]:
    return {why: tuple(timedelta(minutes=minutes) for minutes in waits) for why, waits in raw.items()}


def _kind(raw: Mapping[str, Any]) -> CallKind:
    return CallKind(**{**raw, "questions": tuple(Asked(**question) for question in raw.get("questions", ()))})


@cache
def load_outbound_rules() -> OutboundRules:
    """Read `config/outbound.yaml`."""
    return read_outbound_rules(yaml.safe_load(files("config").joinpath("outbound.yaml").read_text("utf-8")))
