"""Rasa as it comes, for comparison: its best intent and its entities, with no rules of ours before or behind it."""

from __future__ import annotations

from datetime import datetime

from nlu.rasa.answer import read_answer
from nlu.rasa.client import RasaClient
from nlu.train import all_labels
from nlu.understanding import Expecting, ScoredLabel, Slot, Understanding

LEAST = 0.3  # below this Rasa's own FallbackClassifier, as its starter project sets it, says «not understood»


class PlainRasaParser:
    """The `Parser` interface over a Rasa server alone. Raises RasaError."""

    def __init__(self, client: RasaClient) -> None:
        self._client = client
        self._labels = all_labels()

    def parse(
        self,
        text: str,
        *,
        expecting: Expecting | None = None,
        alternatives: tuple[str, ...] = (),
        now: datetime,
    ) -> Understanding:
        """The best intent; the entities unresolved."""
        answer = read_answer(self._client.parse(text), text, self._labels)
        best = answer.intents[0]
        if answer.unsure or best.confidence < LEAST:
            chosen: tuple[ScoredLabel, ...] = (ScoredLabel("out_of_scope", 1 - best.confidence),)
        else:
            chosen = tuple(ScoredLabel(label, best.confidence) for label in best.labels)
        slots = tuple(
            Slot(span.slot, text[span.start : span.end], span.start, span.end) for span in answer.spans
        )
        return Understanding(text, chosen, slots=slots)
