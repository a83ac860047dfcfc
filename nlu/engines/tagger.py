"""Turns the encoder's tag scores into spans, and written spans into tags."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from nlu.data_files import Annotation
from nlu.engines.tokens import TAGS, Numbers
from nlu.understanding import SLOTS, TaggedSpan

OUTSIDE = 0


def begin(slot: str) -> int:
    return TAGS.index(f"B-{slot}")


def tags_of(spans: Iterable[Annotation], places: Numbers) -> Numbers:
    """One tag for each character that the encoder sees (without the two marks)."""
    tags = np.zeros(len(places), np.int64)
    for span in spans:
        if span.slot not in SLOTS:
            continue
        inside = np.flatnonzero((places >= span.start) & (places < span.end))
        if len(inside):
            tags[inside] = begin(span.slot) + 1
            tags[inside[0]] = begin(span.slot)
    return tags


def spans_of(scores: NDArray[np.float32], places: Numbers) -> tuple[TaggedSpan, ...]:
    """The best consistent reading of the tag scores (one row a character)."""
    if not len(places):
        return ()
    logs = scores - scores.max(axis=1, keepdims=True)
    logs = logs - np.log(np.exp(logs).sum(axis=1, keepdims=True))
    path = _best_path(logs)
    chances = np.exp(logs[np.arange(len(path)), path])
    found: list[TaggedSpan] = []
    position = 0
    while position < len(path):
        tag = path[position]
        if tag == OUTSIDE:
            position += 1
            continue
        end = position + 1
        while end < len(path) and path[end] == tag + 1:
            end += 1
        confidence = float(chances[position:end].min())
        found.append(TaggedSpan(TAGS[tag][2:], int(places[position]), int(places[end - 1]) + 1, confidence))
        position = end
    return tuple(found)


def _best_path(logs: NDArray[np.float32]) -> NDArray[np.int64]:
    """Viterbi; the only rule is that an inside tag follows its own begin or inside."""
    count = len(TAGS)
    allowed = np.zeros((count, count), np.float32)
    for tag in range(2, count, 2):
        allowed[:, tag] = -1e6
        allowed[tag - 1, tag] = allowed[tag, tag] = 0
    score = logs[0].copy()
    score[2::2] = -1e6
    back = np.zeros((len(logs), count), np.int64)
    for step in range(1, len(logs)):
        reached = score[:, None] + allowed
        back[step] = reached.argmax(axis=0)
        score = reached.max(axis=0) + logs[step]
    path = np.zeros(len(logs), np.int64)
    path[-1] = int(score.argmax())
    for step in range(len(logs) - 1, 0, -1):
        path[step - 1] = back[step, path[step]]
    return path
