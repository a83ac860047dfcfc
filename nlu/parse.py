"""Understanding of one sentence: rules where they must, engines for the rest, slots and danger beside them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import numpy as np

from nlu.answers import bare_answer
from nlu.engines.ngrams import Floats, NgramModel
from nlu.speech import cut
from nlu.understanding import Danger, Expecting, Parser, ScoredLabel, Slot, TaggedSpan, Understanding

MODEL_FOLDER = Path(__file__).parent / "model"


def _slots(
    text: str, *, now: datetime, expecting: Expecting | None, spans: Sequence[TaggedSpan]
) -> tuple[Slot, ...]:
    try:
        from nlu.slots import find_slots
    except ImportError:
        return ()
    return tuple(find_slots(text, now=now, expecting=expecting, spans=spans))


def _danger(text: str, confidence: float) -> Danger | None:
    try:
        from nlu.danger import find_danger
    except ImportError:
        return None
    found: Danger | None = find_danger(text, emergency_confidence=confidence)
    return found


class NuanxianParser:
    """Our own engine behind the `Parser` interface."""

    def __init__(self, ngrams: NgramModel) -> None:
        self.ngrams = ngrams
        self.labels = ngrams.labels

    def parse(
        self, text: str, *, expecting: Expecting | None = None, alternatives: tuple[str, ...] = (), now: datetime
    ) -> Understanding:
        text = cut(text)
        chances = self._chances(text, expecting)
        order = np.argsort(-chances)
        ranking = tuple(ScoredLabel(self.labels[place], float(chances[place])) for place in order[:5])
        chosen = [ranking[0]] + [item for item in ranking[1:] if item.confidence >= 0.5]
        bare = bare_answer(text, expecting=expecting)
        if bare is not None:
            chosen = [ScoredLabel(bare, 0.97)]
        elif ranking[0].confidence < 0.15:
            chosen = [ScoredLabel("out_of_scope", 0.5)]
        danger = None if bare else _danger(text, float(chances[self.labels.index("emergency")]))
        if danger is not None:
            others = [item for item in chosen if item.label not in ("emergency", "out_of_scope", "inform")]
            chosen = [ScoredLabel("emergency", danger.confidence), *others]
        slots = _slots(text, now=now, expecting=expecting, spans=())
        return Understanding(text, tuple(chosen), ranking, slots, danger, chosen[0].confidence >= 0.4)

    def _chances(self, text: str, expecting: Expecting | None) -> Floats:
        logits = self.ngrams.score(text)
        if expecting is not None and expecting not in (Expecting.CONFIRM, Expecting.SATISFACTION):
            logits = logits.copy()
            logits[self.labels.index("inform")] += 3
        chances: Floats = 1 / (1 + np.exp(-logits))
        return chances


@lru_cache(maxsize=1)
def load_parser() -> Parser:
    """The parser on the committed model; loaded once a process."""
    return NuanxianParser(NgramModel.load(MODEL_FOLDER / "ngrams.npz"))
