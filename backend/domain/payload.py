"""What each move must come with: a department, a worker, a place of check-in, evidence. Checked before anything changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from unicodedata import category

from backend.domain.order import Move, OrderError, State
from backend.domain.wanted import RULE_MEANT, TIME_MEANT, is_rule, is_time, out_of_reach

LONGEST_TEXT = 500  # characters
LONGEST_NAME = 40  # of a field that nobody knows, as it is told back
MOST_ENTRIES = 50
MOST_DEPTH = 4  # of objects in objects
LARGEST_NUMBER = 1e15  # whole numbers up to here survive every JSON reader


class PayloadError(OrderError):
    """A move came without what it needs, or with something that makes no sense. `problems`: field → what is wrong."""

    def __init__(self, move: Move, problems: Mapping[str, str]) -> None:
        super().__init__(f"{move}: " + "; ".join(f"{name} {why}" for name, why in problems.items()))
        self.move, self.problems = move, problems


@dataclass(frozen=True, slots=True)
class Needs:
    """The fields of a move. `any_of`: at least one of them; `reason`: a sentence why; `system`: what only the system itself tells."""

    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    reason: bool = False
    system: tuple[str, ...] = ()

    @property
    def known(self) -> frozenset[str]:
        return frozenset((*self.required, *self.optional, *self.any_of, *self.system))


_UNFIT = frozenset({"Cc", "Cs"})  # control characters; halves of surrogate pairs

# A visit that began with a check-in ends with proof: a picture, a signature, or the elder's spoken yes.
EVIDENCE = ("photos", "signature", "spoken_yes")

NEEDS: Mapping[Move, Needs] = MappingProxyType(
    {
        Move.ROUTE: Needs(required=("department",)),
        Move.OFFER: Needs(required=("worker",), optional=("why", "overridden")),
        Move.REFUSE: Needs(reason=True),
        Move.LAPSE: Needs(),
        Move.ACCEPT: Needs(optional=("assignee",)),
        Move.SET_OUT: Needs(optional=("position", "minutes")),
        Move.START: Needs(any_of=("position", "place")),
        Move.PAUSE: Needs(required=("waiting_for",)),
        Move.RESUME: Needs(),
        Move.FINISH: Needs(optional=(*EVIDENCE, "readings", "items_done", "position", "place")),
        Move.CONFIRM: Needs(optional=("satisfaction", "spoken_yes")),
        Move.FOLLOW_UP: Needs(optional=("satisfaction",)),
        Move.CLOSE: Needs(),
        Move.RETURN: Needs(reason=True),
        Move.REOPEN: Needs(reason=True),
        Move.RESCHEDULE: Needs(any_of=("iso", "asap"), optional=("recurrence",)),
        Move.ESCALATE: Needs(optional=("told",), system=("level", "step")),
        Move.CANCEL: Needs(reason=True),
    }
)


def needs_of(move: Move, state: State) -> Needs:
    """What `move` needs in this state."""
    if move is Move.FINISH and state is State.STARTED:
        rest = tuple(name for name in NEEDS[move].optional if name not in EVIDENCE)
        return Needs(any_of=EVIDENCE, optional=rest)
    return NEEDS[move]


def check_payload(
    move: Move,
    state: State,
    payload: Mapping[str, Any],
    reason: str = "",
    *,
    at: datetime | None = None,
    system: bool = True,
) -> None:
    """Raises PayloadError with everything that is wrong at once.

    `at`: the moment of the move, which a wanted time must not lie too far from; `system`: the system itself makes the move.
    """
    needs = needs_of(move, state)
    known = needs.known if system else needs.known - set(needs.system)
    problems = {name[:LONGEST_NAME]: "is unknown here" for name in payload if name not in known}
    problems |= {name: "is needed" for name in needs.required if not payload.get(name)}
    if needs.any_of and not any(payload.get(name) for name in needs.any_of):
        problems[needs.any_of[0]] = f"is needed (or one of: {', '.join(needs.any_of[1:])})"
    if needs.reason and not reason.strip():
        problems["reason"] = "is needed"
    if len(reason) > LONGEST_TEXT:
        problems["reason"] = f"is longer than {LONGEST_TEXT} characters"
    for name in known & payload.keys() - problems.keys():
        fits, meant = _KINDS[name]
        if payload[name] is not None and not fits(payload[name]):
            problems[name] = f"must be {meant}"
    if (
        at is not None
        and payload.get("iso")
        and "iso" not in problems
        and (far := out_of_reach(payload["iso"], at))
    ):
        problems["iso"] = far
    if problems:
        raise PayloadError(move, problems)


def _is_text(value: Any) -> bool:
    """Text that a database holds and a page shows: no control characters but tabs and line breaks, no half surrogate pairs."""
    if not isinstance(value, str) or not value.strip() or len(value) > LONGEST_TEXT:
        return False
    return value.isprintable() or not any(
        category(letter) in _UNFIT for letter in value if letter not in "\t\r\n"
    )


def _are_texts(value: Any) -> bool:
    return isinstance(value, list | tuple) and 0 < len(value) <= MOST_ENTRIES and all(map(_is_text, value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST_NUMBER


def _is_position(value: Any) -> bool:
    """Latitude and longitude in degrees."""
    if not isinstance(value, list | tuple) or len(value) != 2 or not all(map(_is_number, value)):
        return False
    lat, lon = float(value[0]), float(value[1])
    return abs(lat) <= 90 and abs(lon) <= 180


def _are_readings(value: Any) -> bool:
    return (
        isinstance(value, Mapping)
        and 0 < len(value) <= MOST_ENTRIES
        and all(_is_text(name) and (_is_number(one) or _is_text(one)) for name, one in value.items())
    )


def _is_explanation(value: Any, depth: int = MOST_DEPTH) -> bool:
    """A small JSON object of names with texts, numbers, and lists and objects of these."""
    if not isinstance(value, Mapping) or len(value) > MOST_ENTRIES:
        return False
    return all(_is_text(name) and _is_plain(one, depth) for name, one in value.items())


def _is_plain(value: Any, depth: int) -> bool:
    if value is None or isinstance(value, bool) or value == "" or _is_number(value) or _is_text(value):
        return True
    if isinstance(value, list | tuple):
        return depth > 0 and len(value) <= MOST_ENTRIES and all(_is_plain(one, depth - 1) for one in value)
    return depth > 0 and _is_explanation(value, depth - 1)


def _between(least: int, most: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


_TEXT = (_is_text, f"a text of 1 to {LONGEST_TEXT} characters")
_TEXTS = (_are_texts, f"a list of 1 to {MOST_ENTRIES} texts")
_FLAG = (lambda value: isinstance(value, bool), "true or false")
_KINDS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "department": _TEXT,
    "worker": _TEXT,
    "assignee": _TEXT,
    "place": _TEXT,
    "signature": _TEXT,
    "step": _TEXT,
    "photos": _TEXTS,
    "items_done": _TEXTS,
    "waiting_for": _TEXTS,
    "told": _TEXTS,
    "spoken_yes": _FLAG,
    "asap": _FLAG,
    "overridden": _FLAG,
    "position": (_is_position, "[latitude, longitude] in degrees"),
    "readings": (_are_readings, "names with numbers or texts"),
    "why": (_is_explanation, f"an object with at most {MOST_ENTRIES} entries, {MOST_DEPTH} levels deep"),
    "satisfaction": (_between(1, 5), "a whole number from 1 to 5"),
    "minutes": (_between(0, 24 * 60), "whole minutes, at most a day"),
    "level": (_between(1, 9), "a whole number from 1 to 9"),
    "iso": (is_time, TIME_MEANT),
    "recurrence": (is_rule, RULE_MEANT),
}
