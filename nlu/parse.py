"""Understanding of one sentence: rules where they must, engines for the rest, slots and danger beside them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import numpy as np

from nlu.answers import without_opener
from nlu.bare import settled
from nlu.clauses import clauses, is_joined
from nlu.danger import find_danger
from nlu.decide import ANSWERED, Weights, choose, is_sure, may_be_several, mix, ranked, sigmoid
from nlu.engines.encoder import EncoderModel
from nlu.engines.ngrams import Floats, NgramModel
from nlu.engines.tokens import Vocabulary
from nlu.slots import find_slots
from nlu.slots.phone import with_a_whole_number
from nlu.speech import cut
from nlu.understanding import Expecting, Parser, Slot, Understanding

MODEL_FOLDER = Path(__file__).parent / "model"
# How much the recogniser's best reading and its next ones count.
READINGS = (0.6, 0.25, 0.15)


class NuanxianParser:
    """Our own engine behind the `Parser` interface: n-grams first, the encoder when these are not sure."""

    def __init__(self, ngrams: NgramModel, encoder: EncoderModel | None, weights: Weights) -> None:
        self.ngrams = ngrams
        self.encoder = encoder
        self.weights = weights
        self.labels = ngrams.labels

    def parse(
        self,
        text: str,
        *,
        expecting: Expecting | None = None,
        alternatives: tuple[str, ...] = (),
        now: datetime,
    ) -> Understanding:
        text = cut(text)
        if expecting is Expecting.PHONE:
            text = with_a_whole_number(text, alternatives)
        if (known := settled(text, expecting=expecting, now=now)) is not None:
            return known
        logits, tags = self._look(text, expecting)
        if alternatives:
            others = [self._read(cut(other), expecting) for other in alternatives[: len(READINGS) - 1]]
            counts = np.array(READINGS[: 1 + len(others)], np.float32)
            logits = (counts / counts.sum()) @ np.stack([logits, *others])
        chances = sigmoid(logits)
        danger = find_danger(text, emergency_confidence=float(chances[self.labels.index("emergency")]))
        joined = is_joined(text)
        several = may_be_several(chances, self.labels, self.weights, joined=joined)
        parts = self._said_in_parts(text) if several else {}
        chosen = choose(chances, self.labels, self.weights, danger, parts, joined=joined)
        names = [item.label for item in chosen]
        slots = find_slots(text, now=now, expecting=expecting, labels=names, encoder=tags)
        if len(chosen) > 1:
            slots = self._attached(text, slots, names)
        sure = chosen[0].confidence >= self.weights.ask_back
        return Understanding(text, chosen, ranked(chances, self.labels), slots, danger, sure)

    def _read(self, text: str, expecting: Expecting | None) -> Floats:
        """Logits of the labels."""
        return self._look(text, expecting)[0]

    def _look(self, said: str, expecting: Expecting | None) -> tuple[Floats, Floats | None]:
        """Logits of the labels, and what the encoder takes each letter for where it was asked."""
        text = without_opener(said)
        fast = self.ngrams.score(text)
        if expecting in ANSWERED:
            fast[self.labels.index("inform")] += self.weights.answer_bonus
        if self.encoder is None:
            return mix(np.zeros_like(fast), fast, self.weights), None
        if expecting is None and is_sure(fast, self.weights):
            return fast, None
        logits, tags = self.encoder.read(text, expecting=expecting)
        opener = np.zeros((len(said) - len(text), tags.shape[1]), np.float32)
        known = said.endswith(text)
        return mix(logits, fast, self.weights), np.concatenate((opener, tags)) if known else None

    def _said_in_parts(self, text: str) -> dict[str, float]:
        """The best labels of the parts of a sentence, each read by itself, with their confidence."""
        parts = clauses(text)
        if len(parts) < 2:
            return {}
        said: dict[str, float] = {}
        for part in parts:
            chances = sigmoid(self._read(part.text, None))
            label, chance = self.labels[int(chances.argmax())], float(chances.max())
            if chance >= self.weights.part_least:
                said[label] = max(chance, said.get(label, 0.0))
        return said

    def _attached(self, text: str, slots: tuple[Slot, ...], chosen: list[str]) -> tuple[Slot, ...]:
        """With several requests, each slot goes to the request that its part of the sentence speaks of."""
        places = [self.labels.index(label) for label in chosen]
        parts = clauses(text)
        if len(parts) < 2:
            return slots
        scores = np.stack([self.ngrams.score(part.text)[places] for part in parts])
        owners = [chosen[int(place)] for place in (scores - scores.mean(axis=0)).argmax(axis=1)]

        def owner(slot: Slot) -> str | None:
            held = [
                owners[number] for number, part in enumerate(parts) if part.start <= slot.start < part.end
            ]
            return held[0] if held and slot.slot != "beneficiary" else None

        return tuple(replace(slot, label=slot.label or owner(slot)) for slot in slots)


@lru_cache(maxsize=1)
def load_parser() -> Parser:
    """The parser on the committed model; loaded once a process."""
    return read_parser(MODEL_FOLDER)


def read_parser(folder: Path) -> NuanxianParser:
    """A parser on the model in `folder`; without an encoder there, the n-grams decide alone."""
    ngrams = NgramModel.load(folder / "ngrams.npz")
    encoder = None
    if (folder / "encoder.onnx").is_file():
        encoder = EncoderModel(folder / "encoder.onnx", Vocabulary.load(folder / "pieces.npz"), ngrams.labels)
    weights = Weights.load(folder / "decision.json") if (folder / "decision.json").is_file() else Weights()
    return NuanxianParser(ngrams, encoder, weights)
