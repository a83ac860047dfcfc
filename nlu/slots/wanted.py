"""Tells a wanted time, person, place or detail from one that is only mentioned, by the words around it.

The rules find what could be a slot; the small linear model `model/wanted.npz` (made by `nlu.slots.fit_wanted` from the
annotated sentences) says how likely it is one. Without the file everything the rules find counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from nlu.understanding import TaggedSpan

MODEL_FILE = Path(__file__).parent.parent / "model" / "wanted.npz"
BINS = 1 << 15  # features are hashed into so many weights a kind
KINDS = ("time", "beneficiary", "place", "detail")
MARKS = frozenset("，。！？；、,.!?;…：: \n")
LEFT, RIGHT = 8, 12  # characters of the surroundings
AROUND = 40  # characters on each side that the sentence-wide features look at
TAG_TRUSTED = 0.5
TAG_FOR = 1.5  # what a tagger's word adds to the logit
# … and what its silence adds: a time is said in so many ways that the tagger does not know them all.
TAG_AGAINST = {"time": 0.0, "beneficiary": -1.0, "place": -1.0, "detail": -1.0}
ASKED = 3.0  # added when the line has just asked for this


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stretch of text that the rules take for a slot; `shape` is how they found it."""

    kind: str
    start: int
    end: int
    shape: str


def _bigrams(text: str) -> Iterator[str]:
    return (text[place : place + 2] for place in range(len(text) - 1))


def _clause(text: str, start: int, end: int) -> tuple[str, str]:
    """What stands left and right of the candidate in its own clause."""
    first = start
    while first > 0 and start - first < LEFT and text[first - 1] not in MARKS:
        first -= 1
    last = end
    while last < len(text) and last - end < RIGHT and text[last] not in MARKS:
        last += 1
    return text[first:start], text[end:last]


def features(text: str, candidate: Candidate) -> Iterator[str]:
    """The words of a candidate and around it, as names of features."""
    start, end, shape = candidate.start, candidate.end, candidate.shape
    left, right = _clause(text, start, end)
    before, after = text[max(0, start - 3) : start], text[end : end + 4]
    yield f"w{text[start:end]}"
    yield f"s{shape}"
    yield f"e{text[end - 1 : end]}"
    for size in (1, 2, 3):
        yield f"l{size}{before[-size:]}"
        yield f"r{size}{after[:size]}"
    yield f"r4{after}"
    yield f"sl{shape}|{before[-1:]}"
    yield f"sr{shape}|{after[:2]}"
    yield f"b{before[-1:]}|{after[:1]}"
    for pair in _bigrams(left):
        yield f"L{pair}"
    for pair in _bigrams(right):
        yield f"R{pair}"
    for letter in dict.fromkeys(right):
        yield f"u{letter}"
    for pair in _bigrams(text[max(0, start - AROUND) : end + AROUND]):
        yield f"S{pair}"
    yield f"first{not left}"
    yield f"last{not right}{len(text) - end < 3}"
    yield f"long{min(5, len(text) // 15)}"


def places_of(text: str, candidate: Candidate) -> list[int]:
    """The weights that the candidate touches."""
    return [crc32(name.encode()) % BINS for name in features(text, candidate)]


@lru_cache(maxsize=1)
def _weights() -> dict[str, tuple[NDArray[np.float32], float]]:
    if not MODEL_FILE.is_file():
        return {}
    with np.load(MODEL_FILE) as stored:
        return {
            kind: (stored[kind].astype(np.float32), float(stored[f"{kind}_bias"][0]))
            for kind in KINDS
            if kind in stored
        }


def logit(text: str, candidate: Candidate) -> float:
    """Above zero: rather wanted than only mentioned."""
    known = _weights().get(candidate.kind)
    if known is None:
        return 1.0
    weights, bias = known
    return bias + float(weights[places_of(text, candidate)].sum())


def tag_vote(candidate: Candidate, spans: Sequence[TaggedSpan], tagged: bool) -> float:
    """What a tagger that read the text adds for or against the candidate."""
    for span in spans:
        if span.slot == candidate.kind and span.start < candidate.end and candidate.start < span.end:
            return TAG_FOR if span.confidence >= TAG_TRUSTED else 0.0
    return TAG_AGAINST[candidate.kind] if tagged else 0.0


def is_wanted(
    text: str,
    candidate: Candidate,
    *,
    asked: bool = False,
    spans: Sequence[TaggedSpan] = (),
    tagged: bool = False,
) -> bool:
    """Whether the candidate is a slot of the sentence."""
    votes = tag_vote(candidate, spans, tagged) + (ASKED if asked else 0.0)
    return logit(text, candidate) + votes > 0
