"""Letters: what must still be answered or sent, whatever process dies in between. Pure.

A letter lies in a box (`in:wechat:…`: a message that was acknowledged but not answered; `out`: something for a person) and
in a lane (one conversation, one person). Letters of one lane go one after another, in the order in which they were posted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

FIRST_PAUSE = timedelta(seconds=1)
LONGEST_PAUSE = timedelta(minutes=5)


class LetterState(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    GIVEN_UP = "given_up"


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter as it lies in its box. `body` is JSON; what it holds is the business of the box."""

    id: int
    box: str
    body: dict[str, Any]
    attempts: int  # how often it was taken before
    posted_at: datetime


@dataclass(frozen=True, slots=True)
class Posting:
    """A letter on its way into a box: posted once, however often it comes with this key."""

    box: str
    lane: str
    body: dict[str, Any]
    key: str


def pause_after(attempts: int) -> timedelta:
    """How long a letter rests after this many failed attempts: 1 s, 2 s, 4 s … up to 5 minutes."""
    doubled: int = 2 ** min(max(attempts - 1, 0), 20)
    return min(FIRST_PAUSE * doubled, LONGEST_PAUSE)
