"""What the other side's SIP answer means to us."""

from __future__ import annotations

from baresip import BaresipError, CallFailed, CallTimeout

from voice.line.line import NotAnswered

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
