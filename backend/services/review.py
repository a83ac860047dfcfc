"""The review list: note a sentence that was not understood, say what it means, take that back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from backend.domain.review import Reason, check_labels
from backend.services.ports import UnitOfWork

MOST_WAITING = 10_000  # sentences; nobody looks through more, and what comes often is on top


@dataclass(frozen=True, slots=True)
class NoteSentence:
    """A sentence to look at again. `text` is masked; sentences with the same `key` are one."""

    text: str
    key: str
    understood: tuple[str, ...]
    reason: Reason
    channel: str
    asked: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class DecideSentence:
    """What a sentence means; no labels: it is not fit to learn from."""

    sentence_id: int
    labels: tuple[str, ...]
    by: str
    at: datetime


def note_sentence(command: NoteSentence, uow: UnitOfWork) -> None:
    """Put it on the list or count it there; only a new one needs room."""
    times = uow.review.note(
        command.text,
        key=command.key,
        understood=command.understood,
        reason=command.reason,
        channel=command.channel,
        asked=command.asked,
        at=command.at,
    )
    if times == 1:
        uow.review.keep_newest(MOST_WAITING)


def decide_sentence(command: DecideSentence, uow: UnitOfWork) -> bool:
    """False: somebody was faster, or it made room for newer ones. Raises LabelsError."""
    check_labels(command.labels)
    return uow.review.decide(command.sentence_id, command.labels, by=command.by, at=command.at)
