"""Finds single time words («明儿», «后晌», «三点半») by the shapes of `lexicon/time.yaml`, and the form of what they say."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from config.lexicon import load
from nlu.slots.dates import Days
from nlu.slots.numbers import number
from nlu.slots.words import SAME_TURN, alternation, filled

Clock = tuple[int, int]  # hour and minute


@dataclass(frozen=True, slots=True)
class Word:
    """One time word: its shape in the lexicon, where it stands, and the named parts of it."""

    shape: str
    start: int
    end: int
    text: str
    found: dict[str, str]


@dataclass(frozen=True, slots=True)
class Reading:
    """One of these is set, or two that one word says together («明早»)."""

    days: Days | None = None
    part: str | None = None
    clock: Clock | None = None
    clock_to: Clock | None = None  # «三四点»
    moments: tuple[datetime, datetime] | None = None  # counted from now; equal ones are a point
    recurrence: str | None = None
    by_hours: tuple[int, ...] = ()
    asap: bool = False
    vague: bool = False
    past: bool = False  # in the past by its meaning («昨天», «上礼拜»)
    open_day: bool = False  # a day that has to be asked back («古尔邦节»)
    no_such_day: str | None = None
    shift: str | None = None  # an ISO 8601 duration by which an appointment is to move: "+P2D", "-PT30M"


@lru_cache(maxsize=1)
def lexicon() -> dict[str, Any]:
    return load("time")


@lru_cache(maxsize=1)
def day_offsets() -> dict[str, int]:
    return {str(word): int(offset) for offset, words in lexicon()["days"].items() for word in words}


@lru_cache(maxsize=1)
def part_names() -> dict[str, str]:
    """Word -> name of the part of the day."""
    return {str(word): str(name) for name, part in lexicon()["parts"].items() for word in part["words"]}


def _fillings(words: dict[str, Any]) -> dict[str, str]:
    return {
        "n": "(?:[0-9]{1,2}|[一二两三四五六七八九十廿卅]{1,3})",
        "d": "[" + "".join(map(str, words["weekdays"])) + "]",
        "day": alternation(day_offsets()),
        "part": alternation(part_names()),
        "short_part": alternation(words["short_parts"]),
        "unit": alternation(words["units"]),
        "week": alternation(words["weeks"]),
        "month_which": alternation(words["months"]),
        "month_part": alternation(words["month_parts"]),
        "month_last": "".join(sorted({part[-1] for part in words["month_parts"]})),
        "friday": alternation(words["friday_names"]),
        "announced": alternation(words["announced"]),
        "lunar_said": words["lunar_said"],
        "festival": "|".join(_festival_shapes(words["festivals"])),
        "asap": alternation(words["asap"]),
        "asap_asked": alternation(words["asap_when_asked"]),
        "vague": alternation(words["vague"]),
    }


def _festival_shapes(festivals: dict[str, Any]) -> Iterable[str]:
    for name in sorted(festivals, key=len, reverse=True):
        needs = festivals[name].get("needs")
        yield re.escape(name) + (f"(?={needs})" if needs else "")


@lru_cache(maxsize=1)
def _pattern() -> re.Pattern[str]:
    words = lexicon()
    fillings = _fillings(words)
    shapes = [f"(?P<shape_{name}>{filled(shape, fillings)})" for name, shape in words["shapes"].items()]
    return re.compile("|".join(shapes))


@lru_cache(maxsize=SAME_TURN)
def time_words(text: str) -> tuple[Word, ...]:
    """All time words in order; where two shapes fit, the earlier one in the lexicon wins. Asked several times in a
    turn, looked for once."""
    found = []
    for match in _pattern().finditer(text):
        parts = {name: part for name, part in match.groupdict().items() if part is not None}
        shape = next(name for name in parts if name.startswith("shape_"))
        start, end = match.span()
        if "shift_n" in parts:  # «推迟两天»: the length alone is the time
            start, end = match.start("shift_n"), match.end("shift_u")
        found.append(Word(shape.removeprefix("shape_"), start, end, text[start:end], parts))
    return tuple(found)


@lru_cache(maxsize=1)
def feasts() -> re.Pattern[str]:
    """The names of feasts, which streets and houses also bear: «国庆路», «重阳老年公寓»."""
    return re.compile("|".join(map(re.escape, lexicon()["festivals"])))


def as_number(text: str | None) -> int:
    return number(text or "") or 0


def weekday_numbers(text: str) -> list[int]:
    values = lexicon()["weekdays"]
    return [int(values[letter]) for letter in text if letter in values]
