"""Marks slots letter by letter with a conditional random field: names and things that no word list holds.

The model `model/slots.crfsuite` is made by `nlu.slots.fit_tagger` from the annotated sentences. It sees the letters, what
the rules take for a slot, and the labels of the sentence. The rules still say what a time, number or address means.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from threading import Lock

import pycrfsuite

from nlu.slots.wanted import Candidate
from nlu.understanding import TaggedSpan

MODEL_FILE = Path(__file__).parent.parent / "model" / "slots.crfsuite"
OUTSIDE = "O"
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
        self._lock = Lock()

    def spans(
        self, text: str, labels: Iterable[str], candidates: Iterable[Candidate]
    ) -> tuple[TaggedSpan, ...]:
        """The marked stretches with the mean probability of their tags. `text` as the rules see it."""
        rows = features(text, labels, candidates)
        with self._lock:
            tags = self._tagger.tag(rows)
            chances = [
                0.0 if tag == OUTSIDE else self._tagger.marginal(tag, place) for place, tag in enumerate(tags)
            ]
        found = []
        for start, end in stretches(tags):
            confidence = sum(chances[start:end]) / (end - start)
            found.append(TaggedSpan(tags[start][2:], start, end, confidence))
        return tuple(found)


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
