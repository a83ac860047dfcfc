"""When it is whose turn on the telephone: times, levels and words of `turn_taking.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

import yaml

from config import lexicon

Group = TypeVar("Group")


class TurnTakingError(ValueError):
    """`config/turn_taking.yaml` is wrong; the message says where."""


@dataclass(frozen=True, slots=True)
class Speech:
    """What counts as somebody speaking nearby."""

    starts_at: float
    goes_on_at: float
    onset_ms: int
    onset_within_ms: int
    lead_in_ms: int
    tail_ms: int
    shortest_ms: int
    above_noise_db: float
    clear_above_noise_db: float
    below_caller_db: float
    below_utterance_db: float
    close_below_db: float
    usual_db: float


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How long a silence ends a turn."""

    closed_ms: int
    complete_ms: int
    open_ms: int
    list_ms: int
    vague_ms: int
    unread_ms: int
    unfinished_ms: int
    digits_ms: int
    longest_complete_ms: int
    longest_ms: int
    quantile: float
    margin: float
    shortest_pause_ms: int
    usual_pauses_ms: tuple[int, ...]
    kept_pauses: int
    recognise_after_ms: int
    recognise_after_closed_ms: int
    recognise_at_the_latest_ms: int
    resumed_within_ms: int
    unheard_within_ms: int
    part_ms: int
    longest_part_ms: int


@dataclass(frozen=True, slots=True)
class BargeIn:
    """What stops our speech."""

    voiced_ms: int
    hum_counts: float
    any_ms: int
    within_ms: int
    echo: float


@dataclass(frozen=True, slots=True)
class Unclear:
    """What happens when somebody spoke and nobody could read it."""

    speech_ms: int
    noise: tuple[str, ...]
    until_person: int
    sure_yes: float
    least_no: float
    keys_from_time: int


@dataclass(frozen=True, slots=True)
class Silence:
    """What happens when nobody speaks."""

    steps_ms: tuple[int, ...]
    hang_up_ms: int
    after_goodbye_ms: int
    fetching_ms: int
    answer_late_ms: int


@dataclass(frozen=True, slots=True)
class Keys:
    """What the keys of the telephone mean."""

    between_ms: int
    person: str
    person_text: str
    repeat: str
    repeat_text: str
    yes_no: tuple[str, ...]
    numeric: frozenset[str]
    back: str
    refuse_recording: str
    refuse_recording_within_ms: int


@dataclass(frozen=True, slots=True)
class MannerRules:
    """How we speak to whom."""

    slow_speaker: tuple[float, ...]
    hard_of_hearing: tuple[int, ...]  # steps of pace, steps of loudness
    hard_sentences: int


@dataclass(frozen=True, slots=True)
class CallLimits:
    longest_ms: int
    emergency_longest_ms: int


@dataclass(frozen=True, slots=True)
class Fax:
    tones_hz: tuple[float, ...]
    share: float
    lasting_ms: int


@dataclass(frozen=True, slots=True)
class Words:
    """Word lists that tell a finished phrase from an unfinished one."""

    fillers: tuple[str, ...]
    pointing: tuple[str, ...]
    unfinished: tuple[str, ...]
    objectless: tuple[str, ...]
    topics: tuple[str, ...]
    verbs: tuple[str, ...]
    complete: frozenset[str]
    affirm: frozenset[str]
    deny: frozenset[str]
    backchannel: frozenset[str]
    closing: tuple[str, ...]
    time_ends: tuple[str, ...]
    wishes: tuple[str, ...]  # with the words of the items
    turns_back: tuple[str, ...]
    around_back: tuple[str, ...]
    refuse_recording: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TurnRules:
    """All of `turn_taking.yaml`. `says`: sentences of the line itself, where no conversation can be asked."""

    speech: Speech
    endpoint: Endpoint
    barge_in: BargeIn
    unclear: Unclear
    silence: Silence
    keys: Keys
    manner: MannerRules
    call: CallLimits
    fax: Fax
    words: Words
    says: Mapping[str, str]


_GROUPS: Mapping[str, type] = {
    "speech": Speech,
    "endpoint": Endpoint,
    "barge_in": BargeIn,
    "unclear": Unclear,
    "silence": Silence,
    "keys": Keys,
    "manner": MannerRules,
    "call": CallLimits,
    "fax": Fax,
    "words": Words,
}


def read_turn_rules(raw: Mapping[str, Any]) -> TurnRules:
    """Check and convert the content of the file. Raises TurnTakingError for a missing or unknown entry."""
    groups: dict[str, Any] = {name: _group(name, kind, raw.get(name)) for name, kind in _GROUPS.items()}
    if unknown := set(raw) - set(_GROUPS) - {"says"}:
        raise TurnTakingError(f"turn_taking.yaml: unknown group {', '.join(sorted(unknown))}")
    items = lexicon.load("replies")["item_words"].values()
    words = groups["words"]
    groups["words"] = replace(words, wishes=(*words.wishes, *(word for item in items for word in item)))
    return TurnRules(**groups, says=raw.get("says", {}))


def _group(name: str, kind: type[Group], raw: Any) -> Group:
    given = raw if isinstance(raw, Mapping) else {}
    wanted = {field.name: str(field.type) for field in fields(kind)}  # type: ignore[arg-type]
    if wrong := set(wanted) ^ set(given):
        raise TurnTakingError(f"turn_taking.yaml: {name}: missing or unknown: {', '.join(sorted(wrong))}")
    return kind(**{key: _converted(value, wanted[key]) for key, value in given.items()})


def _converted(value: Any, kind: str) -> Any:
    if isinstance(value, list):
        return frozenset(value) if kind.startswith("frozenset") else tuple(value)
    return value


@cache
def load_turn_rules() -> TurnRules:
    """Read `config/turn_taking.yaml`."""
    return read_turn_rules(yaml.safe_load(files("config").joinpath("turn_taking.yaml").read_text("utf-8")))
