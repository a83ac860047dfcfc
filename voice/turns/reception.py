"""Whether anything arrives from the caller at all. Pure."""

from __future__ import annotations

from voice.line.line import FRAME_MS

# From here on it is no pause of the caller's: the silence ladder stands still. An utterance ends before.
HOLE_MS = 3_000
# A network that ends a call after such a hole has lost the caller: nobody hung up.
CUT_MS = 2_000
# And after such a one nobody comes back. Networks themselves give up after 10 to 60 s.
GONE_MS = 15_000
# Some gateways send nothing while their caller is silent (RFC 3389). Whoever fell silent so long and came back does.
PAUSE_MS = 600


class Reception:
    """Counts frames that never came."""

    def __init__(self) -> None:
        self._missing_ms = 0
        self._rests = False  # the other side sends nothing in silence: holes mean nothing

    def add(self, *, lost: bool) -> None:
        if lost:
            self._missing_ms += FRAME_MS
            return
        self._rests |= PAUSE_MS <= self._missing_ms < HOLE_MS
        self._missing_ms = 0

    @property
    def is_hole(self) -> bool:
        """Nothing arrives, and that is not how this line sounds when its caller is silent."""
        return self._missing_ms >= HOLE_MS and not self._rests

    @property
    def was_cut(self) -> bool:
        """A call that ends now was broken off."""
        return self._missing_ms >= CUT_MS and not self._rests

    @property
    def is_gone(self) -> bool:
        return self._missing_ms >= GONE_MS and not self._rests
