"""Turns written spans into the tags that the encoder also learns from."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from nlu.data_files import Annotation
from nlu.engines.tokens import TAGS, Numbers
from nlu.understanding import SLOTS


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
