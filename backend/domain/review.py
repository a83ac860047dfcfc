"""Sentences that the line did not understand, kept for staff to say what they mean. They are masked and belong to nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MOST_LABELS = 3  # that one sentence can mean; the training sentences have no more


class Reason(StrEnum):
    """Why a sentence is looked at again."""

    NOT_UNDERSTOOD = "not_understood"
    UNSURE = "unsure"  # the line asked back what is wanted
    STUCK = "stuck"  # the same question over and over
    CORRECTED = "corrected"  # what it was taken for is not what was wanted
    FALSE_ALARM = "false_alarm"  # it was taken for an emergency


class LabelsError(ValueError):
    """More labels than a sentence can have."""


class SentenceNotFoundError(Exception):
    """No sentence on the review list has this id: it made room for newer ones, or never was there."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of the review list. Without `decided_at` it waits; decided with no labels, it teaches nothing."""

    id: int
    text: str  # masked
    understood: tuple[str, ...]  # the labels the line acted on
    reason: Reason
    channel: str  # spoken, text or buttons
    asked: str | None  # what the line had asked before it
    first_at: datetime
    last_at: datetime
    times: int  # how often it came
    labels: tuple[str, ...] = ()
    decided_by: str | None = None  # a staff login
    decided_at: datetime | None = None


def check_labels(labels: tuple[str, ...]) -> None:
    """Raises LabelsError."""
    if len(labels) > MOST_LABELS or len(set(labels)) != len(labels):
        raise LabelsError(f"at most {MOST_LABELS} different labels, not {', '.join(labels)}")
