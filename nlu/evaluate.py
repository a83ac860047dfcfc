"""Judges a parser on written sentences, clean and misheard."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from nlu.data_files import Example
from nlu.metrics import Figures, Judged, figures
from nlu.noise import DEFAULT_SHARE, mishear_all
from nlu.understanding import Expecting, Parser

TESTS_FOLDER = Path(__file__).parent.parent / "tests" / "language"
VALIDATION_FOLDER = TESTS_FOLDER / "validation"
NOISE_SEED = 2026
# A fixed moment to resolve times against: a Tuesday morning.
MOMENT = datetime(2026, 11, 24, 9, 30)  # noqa: DTZ001 (local time by definition)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Figures of one run, with what it took."""

    clean: Figures
    misheard: Figures | None
    judged: tuple[Judged, ...]
    p50_ms: float
    p95_ms: float
    longest_ms: float


def judge(
    parser: Parser, examples: Sequence[Example], now: datetime = MOMENT
) -> tuple[list[Judged], list[float]]:
    """Every sentence parsed, and the milliseconds each took."""
    judged: list[Judged] = []
    took: list[float] = []
    for example in examples:
        expecting = Expecting(example.expecting) if example.expecting else None
        started = time.perf_counter()
        found = parser.parse(example.text, expecting=expecting, now=now)
        took.append((time.perf_counter() - started) * 1000)
        judged.append(Judged(example, found))
    return judged, took


def misheard_examples(
    examples: Sequence[Example], *, seed: int = NOISE_SEED, share: float = DEFAULT_SHARE
) -> list[Example]:
    """The same sentences with characters replaced by homophones; labels stay."""
    texts = mishear_all([example.text for example in examples], seed=seed, share=share)
    return [
        replace(
            example, text=text,
            spans=tuple(replace(span, text=text[span.start : span.end]) for span in example.spans),
        )
        for example, text in zip(examples, texts, strict=True)
    ]  # fmt: skip


def evaluate(
    parser: Parser, examples: Sequence[Example], *, with_noise: bool = True, seed: int = NOISE_SEED
) -> Evaluation:
    """Clean and misheard figures of a parser on the same sentences."""
    judged, took = judge(parser, examples)
    noisy = figures(judge(parser, misheard_examples(examples, seed=seed))[0]) if with_noise else None
    took.sort()
    return Evaluation(
        figures(judged), noisy, tuple(judged), took[len(took) // 2], took[int(len(took) * 0.95)], took[-1]
    )
