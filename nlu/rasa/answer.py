"""Reads what Rasa's `/model/parse` answers. Pure; whatever is not as documented is an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nlu.engines.ngrams import Floats
from nlu.rasa.errors import RasaAnswerError
from nlu.rasa_project import JOINED
from nlu.understanding import SLOTS, TaggedSpan

FALLBACK_INTENT = "nlu_fallback"  # Rasa's FallbackClassifier puts it first when it is not sure
UNKNOWN_CONFIDENCE = 0.5  # of an entity whose extractor tells none


@dataclass(frozen=True, slots=True)
class Intent:
    """One intent of the ranking: its labels and the probability (0..1) that it is meant."""

    labels: tuple[str, ...]
    confidence: float


@dataclass(frozen=True, slots=True)
class RasaAnswer:
    """Intents, best first, and entities that are slots of ours. `unsure`: Rasa's own fallback came first."""

    intents: tuple[Intent, ...]
    spans: tuple[TaggedSpan, ...]
    unsure: bool = False


def read_answer(answer: Mapping[str, Any], text: str, labels: Sequence[str]) -> RasaAnswer:
    """The answer to `text`; `labels` are those the line knows. Raises RasaAnswerError."""
    listed = answer.get("intent_ranking") or [answer.get("intent")]
    try:
        named = [(str(one["name"]), float(one["confidence"])) for one in listed]
    except (TypeError, KeyError, ValueError) as problem:
        raise RasaAnswerError("there are no intents in the answer") from problem
    if not all(0 <= confidence <= 1.001 for _, confidence in named):  # NaN fails this too
        raise RasaAnswerError("a confidence in the answer is no probability")
    unsure = named[0][0] == FALLBACK_INTENT
    intents = [
        Intent(tuple(name.split(JOINED)), min(confidence, 1.0))
        for name, confidence in named
        if name != FALLBACK_INTENT
    ]
    known = [intent for intent in intents if set(intent.labels) <= set(labels)]
    if not known or known[0] is not intents[0]:
        raise RasaAnswerError("the best intent is none of ours: the server has a model of other data")
    return RasaAnswer(tuple(known), _spans(answer, text), unsure)


def chances_of(intents: Sequence[Intent], labels: Sequence[str]) -> Floats:
    """The probability of each label: that of all intents it is part of."""
    chances = np.zeros(len(labels), np.float32)
    for intent in intents:
        for label in set(intent.labels):
            chances[labels.index(label)] += intent.confidence
    return np.minimum(chances, np.float32(1))


def _spans(answer: Mapping[str, Any], text: str) -> tuple[TaggedSpan, ...]:
    if answer.get("text", text) != text:
        return ()  # Rasa looked at another text, so its offsets tell nothing about ours
    try:
        spans = [
            TaggedSpan(
                str(one["entity"]), int(one["start"]), int(one["end"]),
                float(one.get("confidence_entity") or UNKNOWN_CONFIDENCE),
            )
            for one in answer.get("entities") or ()
            if one["entity"] in SLOTS
        ]  # fmt: skip
    except (TypeError, KeyError, ValueError, AttributeError) as problem:
        raise RasaAnswerError("the entities in the answer can not be read") from problem
    if not all(0 <= span.start < span.end <= len(text) for span in spans):
        raise RasaAnswerError("an entity in the answer lies outside the sentence")
    return tuple(spans)
