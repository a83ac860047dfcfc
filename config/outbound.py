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


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of a call. `asks`: what kind of answer it wants, as in `voice.conversation.Answer`."""

    key: str
    asks: str
    text: str


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
    at_most: int = 1  # times the opening is said, unless it is asked for again


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
    kinds: Mapping[str, CallKind] = field(default_factory=dict)


def read_outbound_rules(raw: Mapping[str, Any]) -> OutboundRules:
    """Check and convert the content of the file. Raises OutboundError."""
    try:
        return OutboundRules(
            quiet_hours=tuple(_hours(*pair) for pair in raw["quiet_hours"]),
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
            kinds={name: _kind(kind) for name, kind in raw["kinds"].items()},
        )
    except (KeyError, TypeError, ValueError) as problem:
        raise OutboundError(f"outbound.yaml: {problem}") from None


def _hours(start: str, end: str) -> Hours:
    return Hours(time.fromisoformat(start), None if end == END_OF_DAY else time.fromisoformat(end))


def _waits(raw: Mapping[str, Iterable[float]]) -> dict[str, tuple[timedelta, ...]]:
    return {why: tuple(timedelta(minutes=minutes) for minutes in waits) for why, waits in raw.items()}


def _kind(raw: Mapping[str, Any]) -> CallKind:
    return CallKind(**{**raw, "questions": tuple(Asked(**question) for question in raw.get("questions", ()))})


@cache
def load_outbound_rules() -> OutboundRules:
    """Read `config/outbound.yaml`."""
    return read_outbound_rules(yaml.safe_load(files("config").joinpath("outbound.yaml").read_text("utf-8")))
