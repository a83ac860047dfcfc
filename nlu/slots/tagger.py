"""Marks slots letter by letter with a conditional random field: names and things that no word list holds.

The model `model/slots.crfsuite` is made by `nlu.slots.fit_tagger` from the annotated sentences. It sees the letters, what
the rules take for a slot, and the labels of the sentence. The rules still say what a time, number or address means.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from threading import Lock

import numpy as np
import pycrfsuite

from nlu.engines.tokens import TAGS
from nlu.slots.joint_tags import Floats, best_tags, joined
from nlu.slots.wanted import Candidate
from nlu.understanding import SLOTS, TaggedSpan

MODEL_FILE = Path(__file__).parent.parent / "model" / "slots.crfsuite"
OUTSIDE = "O"
OUTSIDE_SURELY = (OUTSIDE, 0.0)
UNSURE = 0.25  # chance of a slot from which a stretch is told of, although «none» is likelier
PADDING = 3  # blanks around a text, so that every window has letters
WINDOWS = (
    (0, 1),
    (-1, 1),
    (1, 1),
    (-2, 1),
    (2, 1),
    (0, 2),
    (-1, 2),
    (-2, 2),
    (1, 2),
    (-1, 3),
    (0, 3),
    (-2, 3),
)


def features(text: str, labels: Iterable[str], candidates: Iterable[Candidate]) -> list[list[str]]:
    """What the model sees of each letter."""
    edges: list[list[str]] = [[] for _ in text]
    shapes: list[list[str]] = [[] for _ in text]
    for one in candidates:
        for place in range(one.start, one.end):
            edge = "B" if place == one.start else "E" if place == one.end - 1 else "I"
            edges[place].append(f"{edge}{one.kind}")
            shapes[place].append(f"{one.kind}:{one.shape}")
    padded = " " * PADDING + text + " " * PADDING
    labels = tuple(labels)
    rows = []
    for place, letter in enumerate(text):
        middle = place + PADDING
        row = [f"{at},{size}{padded[middle + at : middle + at + size]}" for at, size in WINDOWS]
        row += edges[place] + shapes[place]
        row += [f"<{name}" for name in edges[place - 1]] if place else ["first"]
        row += [f">{name}" for name in edges[place + 1]] if place + 1 < len(text) else ["last"]
        for label in labels:
            row += [label, f"{label}{letter}"]
        rows.append(row)
    return rows


class SlotTagger:
    """A trained model; one text at a time, from any thread."""

    def __init__(self, path: Path) -> None:
        self._tagger = pycrfsuite.Tagger()
        self._tagger.open(str(path))
        self._known = frozenset(self._tagger.labels())
        self._lock = Lock()

    def spans(
        self,
        text: str,
        labels: Iterable[str],
        candidates: Iterable[Candidate],
        *,
        encoder: Floats | None = None,
    ) -> tuple[TaggedSpan, ...]:
        """The marked stretches with the mean probability of their tags, and less likely ones beside them.

        `text` as the rules see it; `encoder`: what the encoder takes each letter for, if it was asked.
        """
        rows = features(text, labels, candidates)
        if encoder is not None and text:
            return _read_off(joined(self._chances(rows), encoder))
        with self._lock:
            tags = self._tagger.tag(rows)
            chances = [
                0.0 if tag == OUTSIDE else self._tagger.marginal(tag, place) for place, tag in enumerate(tags)
            ]
            second = [
                self._second(place)
                if tag == OUTSIDE and self._tagger.marginal(tag, place) < 1 - UNSURE
                else OUTSIDE_SURELY
                for place, tag in enumerate(tags)
            ]
        marked = tuple(_spans(tags, chances))
        others = _spans([tag for tag, _ in second], [chance for _, chance in second])
        return (*marked, *(other for other in others if not any(_touch(one, other) for one in marked)))

    def _chances(self, rows: list[list[str]]) -> Floats:
        """The probability of every tag, one row a letter."""
        chances = np.zeros((len(rows), len(TAGS)), np.float32)
        with self._lock:
            self._tagger.set(rows)
            for number, tag in enumerate(TAGS):
                if tag in self._known:
                    chances[:, number] = [self._tagger.marginal(tag, place) for place in range(len(rows))]
        return chances

    def _second(self, place: int) -> tuple[str, float]:
        """The likeliest slot of a letter that is rather in none, and how likely it is."""
        known = self._known
        beginning, inside = (
            [
                self._tagger.marginal(tag, place) if tag in known else 0.0
                for tag in (f"{mark}-{slot}" for slot in SLOTS)
            ]
            for mark in "BI"
        )
        both = [first + later for first, later in zip(beginning, inside, strict=True)]
        best = max(range(len(SLOTS)), key=both.__getitem__)
        if both[best] < UNSURE:
            return OUTSIDE_SURELY
        return f"{'B' if beginning[best] > inside[best] else 'I'}-{SLOTS[best]}", both[best]


def _read_off(chances: Floats) -> tuple[TaggedSpan, ...]:
    """The likeliest stretches, and those that are rather none beside them."""
    path = best_tags(chances)
    tags = [TAGS[number] for number in path]
    marked = tuple(_spans(tags, [float(chances[place, number]) for place, number in enumerate(path)]))
    second = [
        _second_of(row) if tag == OUTSIDE and row[0] < 1 - UNSURE else OUTSIDE_SURELY
        for tag, row in zip(tags, chances.tolist(), strict=True)
    ]
    others = _spans([tag for tag, _ in second], [chance for _, chance in second])
    return (*marked, *(other for other in others if not any(_touch(one, other) for one in marked)))


def _second_of(row: Sequence[float]) -> tuple[str, float]:
    """The likeliest slot of a letter that is rather in none, and how likely it is."""
    both = [row[at] + row[at + 1] for at in range(1, len(TAGS), 2)]
    best = max(range(len(both)), key=both.__getitem__)
    if both[best] < UNSURE:
        return OUTSIDE_SURELY
    begins = row[1 + 2 * best] > row[2 + 2 * best]
    return TAGS[1 + 2 * best if begins else 2 + 2 * best], both[best]


def _spans(tags: Sequence[str], chances: Sequence[float]) -> Iterator[TaggedSpan]:
    for start, end in stretches(tags):
        yield TaggedSpan(tags[start][2:], start, end, sum(chances[start:end]) / (end - start))


def _touch(one: TaggedSpan, other: TaggedSpan) -> bool:
    """Whether the other is only the uncertain edge of the one."""
    return one.slot == other.slot and (one.end == other.start or other.end == one.start)


def stretches(tags: Sequence[str]) -> list[tuple[int, int]]:
    """Where marked words begin and end."""
    found: list[tuple[int, int]] = []
    for place, tag in enumerate(tags):
        if tag == OUTSIDE:
            continue
        if found and found[-1][1] == place and tag == "I-" + tags[place - 1][2:]:
            found[-1] = (found[-1][0], place + 1)
        else:
            found.append((place, place + 1))
    return found


@lru_cache(maxsize=1)
def load_tagger() -> SlotTagger:
    """The tagger on the committed model; loaded once a process."""
    return SlotTagger(MODEL_FILE)
