"""Understanding of one sentence: rules where they must, engines for the rest, slots and danger beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import numpy as np

from nlu.answers import ASKED, matter
from nlu.bare import settled
from nlu.clauses import clauses, is_joined, one_after_another
from nlu.contacts import Wish, wish_of
from nlu.danger import find_danger
from nlu.decide import ANSWERED, Weights, choose, is_sure, may_be_several, mix, ranked, sigmoid
from nlu.engines.encoder import EncoderModel
from nlu.engines.ngrams import Floats, NgramModel
from nlu.engines.tokens import Vocabulary
from nlu.slots import ANY_MOMENT, find_slots
from nlu.slots.phone import with_a_whole_number
from nlu.slots.time import possible
from nlu.speech import cut
from nlu.understanding import TALK_LABELS, Expecting, Parser, ScoredLabel, Slot, Understanding

MODEL_FOLDER = Path(__file__).parent / "model"
# How much the recogniser's best reading and its next ones count.
READINGS = (0.6, 0.25, 0.15)
ANSWER = "inform"
SURE_WITHOUT_OPENING = 0.75
# What is left of «喂！谁接的！» without its opening tells less than the whole.
MAY_BE_THE_OPENING = frozenset(
    {ANSWER, "greet", "goodbye", "thanks", "human", "help", "out_of_scope", "affirm", "deny", "care_visit"}
)
EACH_SURE, BESIDE_ANSWER = 0.85, 0.6  # the same of parts with a time each: none was made worse
ONE_MORE_SURE = 0.7  # of 16,000 sentences one was made worse by what «还要» adds at this confidence


class NuanxianParser:
    """Our own engine behind the `Parser` interface: n-grams first, the encoder when these are not sure."""

    def __init__(self, ngrams: NgramModel, encoder: EncoderModel | None, weights: Weights) -> None:
        self.ngrams = ngrams
        self.encoder = encoder
        self.weights = weights
        self.labels = ngrams.labels
        self.requests = frozenset(self.labels).difference(TALK_LABELS) | {ANSWER}

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
        wish = wish_of(text) if expecting not in ANSWERED else None
        wanted = wish.text if wish else text
        logits, tags = self._look(wanted, expecting)
        if wish and self.labels[int(logits.argmax())] in MAY_BE_THE_OPENING:
            wish, wanted = None, text  # «18995017768，这个是我微信同号» wishes for nothing
            logits, tags = self._look(text, expecting)
        if wish:
            tags = _spread(tags, wish.places, len(text))
        if alternatives:
            others = [self._read(cut(other), expecting) for other in alternatives[: len(READINGS) - 1]]
            counts = np.array(READINGS[: 1 + len(others)], np.float32)
            logits = (counts / counts.sum()) @ np.stack([logits, *others])
        chances = sigmoid(logits)
        danger = find_danger(text, emergency_confidence=float(chances[self.labels.index("emergency")]))
        joined = is_joined(wanted)
        several = may_be_several(chances, self.labels, self.weights, joined=joined)
        parts = self._said_in_parts(wanted) if several else {}
        chosen = choose(chances, self.labels, self.weights, danger, parts, joined=joined)
        if danger is None and expecting is None and chosen[0].label in self.requests:
            chosen = self._and_one_more(wanted, chosen)
        names = [item.label for item in chosen]
        slots = find_slots(text, now=now, expecting=expecting, labels=names, encoder=tags)
        if len(chosen) > 1:
            slots = self._attached(text, slots, names, wish)
        sure = chosen[0].confidence >= self.weights.ask_back
        return Understanding(text, chosen, ranked(chances, self.labels), slots, danger, sure)

    def _read(self, text: str, expecting: Expecting | None) -> Floats:
        """Logits of the labels."""
        return self._look(text, expecting)[0]

    def _look(self, said: str, expecting: Expecting | None) -> tuple[Floats, Floats | None]:
        """Logits of the labels, and what the encoder takes each letter for where it was asked."""
        start, end = (0, len(said)) if expecting in ASKED else matter(said)
        if end - start < len(said):
            logits, tags = self._score(said[start:end], expecting)
            best = self.labels[int(logits.argmax())]
            if best not in MAY_BE_THE_OPENING or float(sigmoid(logits).max()) >= SURE_WITHOUT_OPENING:
                return logits, _spread(tags, range(start, end), len(said))
        return self._score(said, expecting)

    def _score(self, text: str, expecting: Expecting | None) -> tuple[Floats, Floats | None]:
        fast = self.ngrams.score(text)
        if expecting in ANSWERED:
            fast[self.labels.index("inform")] += self.weights.answer_bonus
        if self.encoder is None:
            return mix(np.zeros_like(fast), fast, self.weights), None
        if expecting is None and is_sure(fast, self.weights):
            return fast, None
        logits, tags = self.encoder.read(text, expecting=expecting)
        return mix(logits, fast, self.weights), tags

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

    def _and_one_more(self, text: str, chosen: tuple[ScoredLabel, ...]) -> tuple[ScoredLabel, ...]:
        """«我要取药，还要擦窗子»: what a word like «还要» adds to a request is a second one, however weak in the whole."""
        requests: dict[str, float] = {}
        added: dict[str, float] = {}
        announced = one_after_another(text)
        for said, leads in announced or _each_at_its_time(text):
            label, chance = self._asks_for(said, ONE_MORE_SURE if announced else EACH_SURE)
            if label is not None:
                if leads and set(requests) - {label}:
                    added |= requests | {label: chance}
                requests[label] = max(chance, requests.get(label, 0.0))
        known = {item.label: item.confidence for item in chosen}
        if not added.keys() - known.keys():
            return chosen
        added = {label: max(chance, known.get(label, 0.0)) for label, chance in added.items()}
        kept = [item for item in chosen if item.label != ANSWER and item.label not in added]
        return (*kept, *(ScoredLabel(label, chance) for label, chance in added.items()))

    def _asks_for(self, part: str, sure: float) -> tuple[str | None, float]:
        """The request that a part of a sentence makes by itself; a time with a bare «理发» sounds like an answer, too."""
        chances = sigmoid(self._read(part, None))
        best = self.labels[int(chances.argmax())]
        least = BESIDE_ANSWER if best == ANSWER else sure
        wanted = max(self.requests - {ANSWER}, key=lambda label: chances[self.labels.index(label)])
        chance = float(chances[self.labels.index(wanted)])
        return (wanted if best in (wanted, ANSWER) and chance >= least else None), chance

    def _attached(
        self, text: str, slots: tuple[Slot, ...], chosen: list[str], wish: Wish | None
    ) -> tuple[Slot, ...]:
        """With several requests, each slot goes to the request that its part of the sentence speaks of.

        What was set aside around the wish belongs to all of them.
        """
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
            set_aside = wish is not None and slot.start not in wish.places
            return held[0] if held and slot.slot != "beneficiary" and not set_aside else None

        return tuple(replace(slot, label=slot.label or owner(slot)) for slot in slots)


def _each_at_its_time(text: str) -> list[tuple[str, bool]]:
    """«明天中午送饭，后天上午理发»: the parts, where more than one names a time."""
    timed = [part.text for part in clauses(text) if any(True for _ in possible(part.text, ANY_MOMENT))]
    return [(said, True) for said in timed] if len(timed) > 1 else []


def _spread(tags: Floats | None, places: Sequence[int], length: int) -> Floats | None:
    """Tags of a part as tags of the whole message; what was set aside has rows of zeros."""
    if tags is None:
        return None
    whole = np.zeros((length, tags.shape[1]), np.float32)
    whole[list(places)] = tags
    return whole


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
