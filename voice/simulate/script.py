"""A scripted call, read from YAML. `tests/calls/README.md` lists the keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

STRANGER = "13909510001"
MONDAY = datetime.fromisoformat("2026-11-23T09:10")
# What every caller can answer without the script saying so.
ALWAYS: Mapping[str, Any] = {"confirm": "对", "name": "马玉兰", "satisfaction": "满意"}
NOISES = ("none", "babble", "white")
CODECS = ("alaw", "ulaw")


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
    """How the caller sounds on the line."""

    voice: str = "zf_xiaobei"
    speed: float = 1.0
    noise: str = "none"
    snr_db: float = 15.0  # of speech over the noise
    codec: str = "alaw"
    loss: float = 0.0  # share of the frames


@dataclass(frozen=True, slots=True)
class CallScript:
    """One call. `answers`: by what is asked, a text or several one after another."""

    name: str
    says: tuple[Move, ...]  # one after another, from the greeting on
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
    says, then = (tuple(_move(one) for one in given.pop(key, ())) for key in ("says", "then"))
    answers = {**ALWAYS, **given.pop("answers", {})}
    people = tuple({key: str(value) for key, value in row.items()} for row in given.pop("people", ()))
    return CallScript(**given, says=says, then=then, answers=answers, people=people, conditions=conditions)


def _move(raw: Any) -> Move:
    return Move(**raw) if isinstance(raw, Mapping) else Move(text=str(raw))
