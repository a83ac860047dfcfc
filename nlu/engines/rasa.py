"""Understanding by a Rasa server, for operators who run one: our rules in front, our own engine when it fails."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import numpy as np
import structlog

from nlu.bare import settled
from nlu.danger import find_danger
from nlu.decide import ANSWERED, Weights, choose, ranked
from nlu.engines.ngrams import Floats
from nlu.rasa.answer import RasaAnswer, chances_of, read_answer
from nlu.rasa.client import RasaClient
from nlu.rasa.errors import RasaError, RasaUnreachableError
from nlu.slots import find_slots
from nlu.speech import cut
from nlu.train import all_labels
from nlu.understanding import Expecting, Parser, TaggedSpan, Understanding

TIMEOUT_S = 1.0
REST_S = 5.0  # after an answer that did not come, the server is left alone so long: callers must not wait each time
LOG_EVERY_S = 60.0
RASA_WEIGHTS = Weights(second=0.4, least=0.3)
# Rasa's small probabilities are not calibrated: its alarm counts from here on, its calm never.
ALARM = 0.15
# Rasa takes a text that begins with a slash for a command with full confidence, white space before it or not.
COMMAND = re.compile(r"^[\s/]+")

log = structlog.get_logger(__name__)


class RasaParser:
    """The `Parser` interface over a Rasa server. Without a `fallback` (for measuring) what fails raises RasaError."""

    def __init__(
        self,
        client: RasaClient,
        *,
        fallback: Parser | None,
        weights: Weights = RASA_WEIGHTS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._fallback = fallback
        self._weights = weights
        self._clock = clock
        self._labels = all_labels()
        self._rests_until = -REST_S
        self._silent_until = -LOG_EVERY_S
        self._unlogged = 0

    def healthy(self) -> bool:
        """Whether the server answers and has a model."""
        try:
            return bool(self._client.status().get("model_file"))
        except RasaError:
            return False

    def parse(
        self,
        text: str,
        *,
        expecting: Expecting | None = None,
        alternatives: tuple[str, ...] = (),
        now: datetime,
    ) -> Understanding:
        """As the interface says; of what the recogniser heard, Rasa is asked for the first reading only."""
        text = cut(text)
        if (known := settled(text, expecting=expecting, now=now)) is not None:
            return known
        try:
            answer = self._ask(text)
        except RasaError as problem:
            if self._fallback is None:
                raise
            self._note(problem)
            return self._fallback.parse(text, expecting=expecting, alternatives=alternatives, now=now)
        return self._understand(text, answer, expecting, now)

    def _understand(
        self, text: str, answer: RasaAnswer, expecting: Expecting | None, now: datetime
    ) -> Understanding:
        chances = chances_of(answer.intents, self._labels)
        if expecting in ANSWERED:
            chances = self._with_answer(chances)
        alarm = float(chances[self._labels.index("emergency")])
        danger = find_danger(text, emergency_confidence=alarm if alarm >= ALARM else 0.0)
        weights = replace(self._weights, least=2.0) if answer.unsure else self._weights
        chosen = choose(chances, self._labels, weights, danger)
        slots = find_slots(text, now=now, expecting=expecting, spans=answer.spans)
        sure = chosen[0].confidence >= weights.ask_back and (danger is not None or not answer.unsure)
        return Understanding(text, chosen, ranked(chances, self._labels), slots, danger, sure)

    def _with_answer(self, chances: Floats) -> Floats:
        """The line has just asked for something, which Rasa does not know: an answer is the likelier."""
        place = self._labels.index("inform")
        odds = float(np.exp(self._weights.answer_bonus)) * chances[place]
        weighted = chances.copy()
        weighted[place] = odds / (1 - chances[place] + odds)
        return weighted

    def _ask(self, text: str) -> RasaAnswer:
        if self._clock() < self._rests_until:
            raise RasaUnreachableError("not asked: it failed a moment ago")
        # Rasa strips white space itself, which would shift its offsets.
        sent = COMMAND.sub("", text).rstrip()
        try:
            answer = read_answer(self._client.parse(sent), sent, self._labels)
        except RasaUnreachableError:
            self._rests_until = self._clock() + REST_S
            raise
        shift = text.index(sent)
        return replace(answer, spans=tuple(_moved(span, shift) for span in answer.spans))

    def _note(self, problem: RasaError) -> None:
        """Once a minute, with how often it happened: a server that is down must not fill the log."""
        self._unlogged += 1
        if self._clock() < self._silent_until:
            return
        log.warning("rasa_failed", reason=str(problem), times=self._unlogged)
        self._silent_until = self._clock() + LOG_EVERY_S
        self._unlogged = 0


def _moved(span: TaggedSpan, by: int) -> TaggedSpan:
    return replace(span, start=span.start + by, end=span.end + by)
