"""Waiting for the other side's SIP answer, and what it means to us."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from baresip import BaresipError, CallFailed, CallTimeout

from voice.line.line import NotAnswered

T = TypeVar("T")

# RFC 3261 section 21; 480 and 408 are what networks send when nobody picks up.
_BY_STATUS = {
    403: NotAnswered.REFUSED,
    408: NotAnswered.NO_ANSWER,
    433: NotAnswered.REFUSED,
    480: NotAnswered.NO_ANSWER,
    486: NotAnswered.BUSY,
    487: NotAnswered.NO_ANSWER,
    600: NotAnswered.BUSY,
    603: NotAnswered.REFUSED,
    607: NotAnswered.REFUSED,
    608: NotAnswered.REFUSED,
}


def why_not_answered(error: BaresipError) -> NotAnswered:
    """Everything unknown, and every failure of the network, counts as unreachable."""
    if isinstance(error, CallTimeout):
        return NotAnswered.NO_ANSWER
    if isinstance(error, CallFailed):
        return _BY_STATUS.get(error.status or 0, NotAnswered.UNREACHABLE)
    return NotAnswered.UNREACHABLE


async def outcome(asked: Awaitable[T]) -> T:
    """What the stack answers; CancelledError where the task was cancelled meanwhile, even if the answer came at that moment.

    The binding waits with `asyncio.wait_for`, which up to Python 3.11 loses such a cancellation (gh-86296): a task
    that is to end would go on for ever.
    """
    task = asyncio.current_task()
    cancelled = task.cancelling() if task else 0
    try:
        return await asked
    finally:
        if task and task.cancelling() > cancelled:
            raise asyncio.CancelledError
