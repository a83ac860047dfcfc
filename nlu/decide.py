"""Which labels the line acts on, from the scores of the engines. Pure arithmetic; weights come from `decision.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from nlu.engines.ngrams import Floats
from nlu.understanding import Danger, Expecting, ScoredLabel

# These stand alone: beside a request they add nothing.
ALONE = frozenset({
    "affirm", "deny", "repeat", "slower", "louder", "greet", "thanks", "goodbye", "help", "inform", "out_of_scope",
})  # fmt: skip
ANSWERED = frozenset({
    Expecting.TIME, Expecting.PLACE, Expecting.PHONE, Expecting.BENEFICIARY, Expecting.DETAIL, Expecting.NAME,
})  # fmt: skip
# A danger is the trouble itself: what its own words sound like is no request beside it.
SAME_AS_DANGER = frozenset({"emergency_repair", "care_visit"})
RANKED = 5


@dataclass(frozen=True, slots=True)
class Weights:
    """How scores become decisions; chosen on sentences held back from training."""

    encoder: float = 1.0  # weight of the encoder's logits
    ngrams: float = 0.0  # weight of the n-gram engine's logits
    shift: float = 0.0  # added to the sum
    sure_alone: float = 0.97  # the n-grams decide alone from this probability on ...
    sure_lead: float = 4.0  # ... when the second best logit is at least this far behind
    second: float = 0.85  # a further label is acted on from this probability on
    second_by_part: float = 0.4  # ... or from this one on, when a part of the sentence by itself says so
    part_least: float = 0.4  # a part says so from this probability of its best label on
    # ... or from this one on, when a joint («再…») leads from one sure part to another
    second_by_sure_part: float = 0.05
    part_sure: float = 0.8  # a part is sure from this probability of its best label on
    emergency_alone: float = (
        0.6  # an emergency is acted on from this probability on when no danger was found by rule
    )
    least: float = 0.25  # below this the best label is taken for out of scope
    off_topic: float = 1.0  # out of scope wins from this share of the best label's probability on
    ask_back: float = 0.5  # below this the line asks back before it acts
    answer_bonus: float = 2.0  # added to `inform` by the n-grams alone when an answer was asked for

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Weights:
        return cls(**json.loads(path.read_text(encoding="utf-8")))


def sigmoid(logits: Floats) -> Floats:
    chances: Floats = (1 / (1 + np.exp(-np.clip(logits, -30, 30)))).astype(np.float32)
    return chances


def is_sure(logits: Floats, weights: Weights) -> bool:
    """The n-grams alone are sure enough: one label stands far above all others."""
    best, second = np.partition(logits, -2)[[-1, -2]]
    return bool(sigmoid(best) >= weights.sure_alone and best - second >= weights.sure_lead)


def mix(encoder: Floats, ngrams: Floats, weights: Weights) -> Floats:
    mixed = weights.encoder * encoder + weights.ngrams * ngrams + weights.shift
    return mixed.astype(np.float32)


def ranked(chances: Floats, labels: Sequence[str], count: int = RANKED) -> tuple[ScoredLabel, ...]:
    order = np.argsort(-chances, kind="stable")[:count]
    return tuple(ScoredLabel(labels[place], float(chances[place])) for place in order)


def choose(
    chances: Floats,
    labels: Sequence[str],
    weights: Weights,
    danger: Danger | None = None,
    parts: Mapping[str, float] | None = None,
    *,
    joined: bool = False,
) -> tuple[ScoredLabel, ...]:
    """The labels that are acted on, best first; danger goes before everything. `parts`: what its parts say alone;
    `joined`: whether a word leads from one to the other."""
    parts = parts or {}
    listed = [item for item in ranked(chances, labels, len(labels)) if danger or _may_stand(item, weights)]
    best, *others = listed
    if best.confidence < weights.least and danger is None:
        return (ScoredLabel("out_of_scope", 1 - best.confidence),)
    if danger is None and not weights.off_topic >= 1:
        off = next((item for item in others if item.label == "out_of_scope"), best)
        best = off if off.confidence >= weights.off_topic * best.confidence else best
    chosen = [best]
    if best.label not in ALONE:
        chosen += [
            item
            for item in others
            if item.label not in ALONE
            and item.label != best.label
            and (
                item.confidence >= weights.second
                or (item.confidence >= weights.second_by_part and {item.label, best.label} <= set(parts))
                or (
                    joined
                    and item.confidence >= weights.second_by_sure_part
                    and min(parts.get(item.label, 0), parts.get(best.label, 0)) >= weights.part_sure
                )
            )
        ]
    if danger is not None:
        rest = [
            item
            for item in chosen
            if item.label != "emergency"
            and item.label not in ALONE
            and (item.label not in SAME_AS_DANGER or joined or parts.get(item.label, 0) >= weights.part_sure)
        ]
        return (ScoredLabel("emergency", danger.confidence), *rest)
    return tuple(sorted(chosen, key=lambda item: item.label != "emergency"))


def may_be_several(chances: Floats, labels: Sequence[str], weights: Weights, *, joined: bool = False) -> bool:
    """Whether a second label is likely enough for the parts of the sentence to be asked."""
    least = weights.second_by_sure_part if joined else weights.second_by_part
    likely = [place for place in np.flatnonzero(chances >= least) if labels[int(place)] not in ALONE]
    return len(likely) > 1


def _may_stand(item: ScoredLabel, weights: Weights) -> bool:
    """An emergency that the detector does not see must be very likely."""
    return item.label != "emergency" or item.confidence >= weights.emergency_alone
