"""What helps to hear right (`hearing.yaml`): prompts, words of closed questions, when a text is not believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml


class HearingWordsError(ValueError):
    """`config/hearing.yaml` is wrong; the message says where."""


@dataclass(frozen=True, slots=True)
class Belief:
    """Limits beyond which a text is taken for invented. Probabilities are 0..1, log-probabilities a mean over tokens."""

    no_speech: float
    sure_logprob: float
    worst_logprob: float
    most_characters_a_second: float
    spare_characters: int
    compression: float
    repeats: int
    most_repeats: int
    longest_syllable_s: float
    spare_s: float
    softer_db: float
    hum_below_hz: float
    least_above_hum: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Weights of the logistic curve that makes a confidence of what whisper reports."""

    constant: float
    logprob: float
    no_speech: float


@dataclass(frozen=True, slots=True)
class Weights:
    """What speaks for an answer to a closed question, in natural logarithms, and how sure a lead over the next one makes."""

    length: float
    read: float
    believed: float
    grammar: float
    whole: float
    sure: float
    sure_by_lead: float


@dataclass(frozen=True, slots=True)
class HearingWords:
    """The whole file. `asks` and `prompts` have the names of what was just asked as keys."""

    open_prompt: str
    prompts: Mapping[str, str]
    most_phrases: int
    hot_words: tuple[str, ...]
    known_words: frozenset[str]
    hallucinations: tuple[str, ...]
    said_again: frozenset[str]  # characters
    cries: frozenset[str]
    belief: Belief
    confidence: Calibration
    rules: Mapping[str, str]  # name → JSGF expansion
    asks: Mapping[str, str]
    besides: Mapping[str, str]  # said instead of an answer
    anything_else: frozenset[str]  # questions to which more can be answered than is listed
    always: Mapping[str, tuple[str, ...]]
    alike: Mapping[str, str]  # a word → another for the same
    weights: Weights


@cache
def load_hearing_words() -> HearingWords:
    """Read and check `config/hearing.yaml`. Raises HearingWordsError with the place."""
    raw = yaml.safe_load(files("config").joinpath("hearing.yaml").read_text("utf-8"))
    try:
        return HearingWords(
            open_prompt=raw["prompts"]["open"],
            prompts=raw["prompts"]["asks"],
            most_phrases=raw["most_phrases"],
            hot_words=tuple(raw["hot_words"]),
            known_words=frozenset(raw["known_words"]),
            hallucinations=tuple(raw["hallucinations"]),
            said_again=frozenset("".join(raw["said_again"])),
            cries=frozenset(raw["cries"]),
            belief=Belief(**raw["belief"]),
            confidence=Calibration(**raw["confidence"]),
            rules={
                name: rule if isinstance(rule, str) else " | ".join(rule)
                for name, rule in raw["rules"].items()
            },
            asks=raw["asks"],
            besides=raw["besides"],
            anything_else=frozenset(raw["anything_else"]),
            always={asks: tuple(texts) for asks, texts in raw["always"].items()},
            alike=raw["alike"],
            weights=Weights(**raw["weights"]),
        )
    except KeyError as missing:
        raise HearingWordsError(f"config/hearing.yaml has no {missing}; add it") from None
    except TypeError as wrong:
        raise HearingWordsError(f"config/hearing.yaml: {wrong}") from None
