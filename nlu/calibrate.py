"""Chooses how the engines are mixed and where the thresholds lie, on sentences held back from training."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from nlu.data_files import Example
from nlu.decide import Weights, choose, is_sure, mix, sigmoid
from nlu.engines.encoder import EncoderModel
from nlu.engines.ngrams import Floats, NgramModel
from nlu.evaluate import misheard_examples
from nlu.metrics import HARMLESS, share

NOISY_SHARE = 0.4  # how much the misheard sentences count when weights are chosen
OFF_TOPIC_COST = 0.4  # what acting on all off-topic sentences would cost, in exact sets
LEASTS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35)
OFF_TOPICS = (0.1, 0.2, 0.35, 0.5, 0.7, 1.0)
FAST_ERRORS = (
    0.01  # of the sentences that the n-grams decide alone, so many more may be wrong than with the encoder
)


@dataclass(frozen=True, slots=True)
class Held:
    """Sentences held back and the engines that did not see them."""

    examples: tuple[Example, ...]
    ngrams: NgramModel
    encoder: EncoderModel | None

    def ngram_logits(self, examples: Iterable[Example]) -> Floats:
        return np.stack([self.ngrams.score(example.text) for example in examples])

    def encoder_logits(self, examples: Iterable[Example]) -> Floats:
        assert self.encoder is not None  # noqa: S101 (asked for only then)
        return np.stack([self.encoder.score(e.text, expecting=e.expecting) for e in examples])


def decided(logits: Floats, labels: tuple[str, ...], weights: Weights) -> list[frozenset[str]]:
    """The labels acted on for each sentence, without danger."""
    return [frozenset(item.label for item in choose(row, labels, weights)) for row in sigmoid(logits)]


def exact_share(examples: tuple[Example, ...], found: list[frozenset[str]]) -> float:
    """Share of the sentences whose set of labels is right."""
    return share(one == frozenset(example.labels) for example, one in zip(examples, found, strict=True))


def acted_on_share(examples: tuple[Example, ...], found: list[frozenset[str]]) -> float:
    """Share of the off-topic sentences of which something would come."""
    off = [one for example, one in zip(examples, found, strict=True) if example.labels == ("out_of_scope",)]
    return share(not one <= HARMLESS for one in off) if off else 0.0


def log_loss(logits: Floats, targets: NDArray[np.float32]) -> float:
    chances = np.clip(sigmoid(logits), 1e-4, 1 - 1e-4)
    loss: float = float(-(targets * np.log(chances) + (1 - targets) * np.log(1 - chances)).sum(axis=1).mean())
    return loss


def calibrate(held: Held, *, say: Callable[[str], None] = print) -> Weights:
    """Weights by likelihood, then thresholds by exact sets, both on clean and misheard sentences."""
    labels = held.ngrams.labels
    noisy = tuple(misheard_examples(held.examples))
    targets = np.array([[label in e.labels for label in labels] for e in held.examples], np.float32)
    fast = [held.ngram_logits(held.examples), held.ngram_logits(noisy)]
    if held.encoder is None:
        slow, mixes = fast, [(0.0, n, s) for n, s in product((1.0, 1.3, 1.6, 2.0), (0.0, 0.5, 1.0, 1.5, 2.0))]
    else:
        slow = [held.encoder_logits(held.examples), held.encoder_logits(noisy)]
        mixes = list(
            product(
                (0.4, 0.6, 0.8, 1.0, 1.2), (0.2, 0.4, 0.6, 0.8, 1.0, 1.3), (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)
            )
        )

    def mixed(weights: Weights) -> list[Floats]:
        return [mix(one, two, weights) for one, two in zip(slow, fast, strict=True)]

    def loss(weights: Weights) -> float:
        clean, rough = (log_loss(logits, targets) for logits in mixed(weights))
        return (1 - NOISY_SHARE) * clean + NOISY_SHARE * rough

    candidates = [Weights(encoder=e, ngrams=n, shift=s) for e, n, s in mixes]
    best = min(candidates, key=loss)
    say(f"mix: encoder {best.encoder}, n-grams {best.ngrams}, shift {best.shift}; log loss {loss(best):.3f}")
    logits = mixed(best)

    def quality(weights: Weights) -> float:
        found = [decided(rows, labels, weights) for rows in logits]
        clean, rough = (
            exact_share(held.examples, one) - OFF_TOPIC_COST * acted_on_share(held.examples, one)
            for one in found
        )
        return (1 - NOISY_SHARE) * clean + NOISY_SHARE * rough

    best = max(
        (replace(best, least=least, off_topic=off) for least, off in product(LEASTS, OFF_TOPICS)), key=quality
    )
    found = decided(logits[0], labels, best)
    say(
        f"out of scope below {best.least} or from {best.off_topic} of the best: "
        f"exact {exact_share(held.examples, found):.4f}, off-topic acted on {acted_on_share(held.examples, found):.3f}"
    )
    if held.encoder is None:
        return replace(best, sure_alone=1.1)
    return _fast_path(held, fast[0], logits[0], best, say)


def _fast_path(
    held: Held, fast: Floats, full: Floats, weights: Weights, say: Callable[[str], None]
) -> Weights:
    """The lowest lead at which the n-grams alone are hardly more often wrong than both engines."""
    labels = held.ngrams.labels
    meant = [frozenset(example.labels) for example in held.examples]
    alone, both = decided(fast, labels, weights), decided(full, labels, weights)
    for lead in (2.5, 3.0, 3.5, 4.0, 4.5, 5.0, 6.0, 7.0):
        trial = replace(weights, sure_alone=0.9, sure_lead=lead)
        sure = [place for place, row in enumerate(fast) if is_sure(row, trial)]
        worse = sum(alone[place] != meant[place] for place in sure) - sum(
            both[place] != meant[place] for place in sure
        )
        if sure and worse <= FAST_ERRORS * len(sure):
            say(f"n-grams decide alone from a lead of {lead}: {len(sure) / len(fast):.2f} of the sentences")
            return trial
    return replace(weights, sure_alone=1.1)
