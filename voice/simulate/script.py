"""A scripted call, read from YAML. `tests/calls/README.md` lists the keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from voice.line.losses import Losses

STRANGER = "13909510001"
MONDAY = datetime.fromisoformat("2026-11-23T09:10")
# What every caller can answer without the script saying so.
ALWAYS: Mapping[str, Any] = {"confirm": "对", "name": "马玉兰", "satisfaction": "满意"}
NOISES = ("none", "babble", "white")
CODECS = ("alaw", "ulaw")
MOST_JITTER_MS = 500


class ScriptError(ValueError):
    """A script is wrong; the message says where and what to do."""


@dataclass(frozen=True, slots=True)
class Move:
    """One thing the caller does: says `text` (`[1.5]` in it is a pause of 1.5 s), presses `keys`, or hangs up."""

    text: str | None = None
    keys: str | None = None
    hang_up: bool = False
    after_ms: int = 500  # since the line became silent
    over_ms: int | None = None  # instead: since the line began to speak, talking over it


@dataclass(frozen=True, slots=True)
class Conditions:
    """How the caller sounds on the line, and what the network does to the sound of both."""

    voice: str = "zf_xiaobei"
    speed: float = 1.0
    noise: str = "none"
    snr_db: float = 15.0  # of speech over the noise
    codec: str = "alaw"
    loss: float = 0.0  # share (0..1) of the packets that never arrive …
    burst: float = 0.0  # … so many in a row on average; 0: each by itself
    jitter_ms: int = 0  # each packet comes up to so much late, in its order; over SIP only
    seed: int = 0  # which packets: the same for the same seed

    @property
    def harms_packets(self) -> bool:
        return bool(self.loss or self.jitter_ms)


@dataclass(frozen=True, slots=True)
class Means:
    """What a caller means who listens, instead of going by the script: `voice/simulate/attentive.py`."""

    asks: str  # the question that is looked at
    says: tuple[str, ...]  # the answer to it, said anew in the next words where that is needed
    reads: str  # regular expression: a read-back that has it is right
    is_yes: bool = True  # of an answer to `confirm`
    instead: str = ""  # said where the line asks what was wrong
    keys: str | None = None  # the answer by key
    yes: tuple[str, ...] = ("对", "都对，没有错")  # one way after another
    no: str = "不对"
    read_back: str = "安排|取消|改"  # regular expression: what reads something back


@dataclass(frozen=True, slots=True)
class CallScript:
    """One call. `answers`: by what is asked, a text or several one after another."""

    name: str
    says: tuple[Move, ...]  # one after another, from the greeting on
    already: tuple[
        str, ...
    ] = ()  # told before the first sound, in writing: the call begins at the answer to it
    means: Means | None = None  # the caller listens, and answers by this
    then: tuple[Move, ...] = ()  # said when the line asks whether there is anything else
    answers: Mapping[str, Any] = field(default_factory=dict)
    expect: Mapping[str, Any] = field(default_factory=dict)
    caller: str = STRANGER
    now: datetime = MONDAY
    people: tuple[
        Mapping[str, str], ...
    ] = ()  # whom the line knows: rows as `nuanxian people import` takes them
    conditions: Conditions = Conditions()
    known: str | None = None  # why the line is known to fail here


def load_scripts(path: Path) -> list[CallScript]:
    """All calls of a file: one mapping, or a list of them. Raises ScriptError."""
    try:
        raw = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, yaml.YAMLError) as problem:
        raise ScriptError(f"{path}: {problem}") from None
    try:
        return [read_script(one) for one in (raw if isinstance(raw, list) else [raw])]
    except (TypeError, KeyError, ValueError) as problem:
        raise ScriptError(f"{path}: {problem}") from None


def read_script(raw: Mapping[str, Any]) -> CallScript:
    """Check one script. Raises TypeError, KeyError or ValueError for what it can not have."""
    given = dict(raw)
    if "now" in given:
        given["now"] = datetime.fromisoformat(str(given["now"]))
    conditions = Conditions(**given.pop("conditions", {}))
    if conditions.noise not in NOISES or conditions.codec not in CODECS:
        raise ValueError(f"{raw['name']}: noise is one of {NOISES}, codec one of {CODECS}")
    if not (0 <= conditions.jitter_ms <= MOST_JITTER_MS):
        raise ValueError(f"{raw['name']}: jitter_ms is between 0 and {MOST_JITTER_MS}")
    Losses(conditions.loss, burst=conditions.burst)
    says, then = (tuple(_move(one) for one in given.pop(key, ())) for key in ("says", "then"))
    answers = {**ALWAYS, **given.pop("answers", {})}
    if "means" in given:
        given["means"] = _means(given["means"])
    given["already"] = tuple(given.get("already", ()))
    people = tuple({key: str(value) for key, value in row.items()} for row in given.pop("people", ()))
    return CallScript(**given, says=says, then=then, answers=answers, people=people, conditions=conditions)


def _means(raw: Mapping[str, Any]) -> Means:
    return Means(**{**raw, "says": tuple(raw["says"])})


def _move(raw: Any) -> Move:
    return Move(**raw) if isinstance(raw, Mapping) else Move(text=str(raw))
