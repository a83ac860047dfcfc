"""Whether anything arrives from the caller at all. Pure."""

from __future__ import annotations

from voice.line.line import FRAME_MS

# From here on it is no pause of the caller's: the silence ladder stands still. An utterance ends before.
HOLE_MS = 3_000
# A network that ends a call after such a hole has lost the caller: nobody hung up.
CUT_MS = 2_000
# And after such a one nobody comes back. Networks themselves give up after 10 to 60 s.
GONE_MS = 15_000
# Some telephones and gateways send nothing while their caller is silent (RFC 3389), but for a moment after a word. Whoever has
# sent silence for so long sends it always.
SENT_SILENCE_MS = 1_500
SILENT = 0.3  # probability of speech below which a frame is silence


class Reception:
    """Counts frames that never came. They tell nothing until the telephone is known to send silence, too."""

    def __init__(self) -> None:
        self._missing_ms = self._silence_ms = 0
        self._always_sends = False

    def add(self, *, lost: bool, speech: float) -> None:
        """The next frame; `speech`: the probability (0..1) that it is some."""
        self._missing_ms = self._missing_ms + FRAME_MS if lost else 0
        self._silence_ms = self._silence_ms + FRAME_MS if not lost and speech < SILENT else 0
        self._always_sends |= self._silence_ms >= SENT_SILENCE_MS

    @property
    def is_hole(self) -> bool:
        """Nothing arrives, and that is not how this line sounds when its caller is silent."""
        return self._lasts(HOLE_MS)

    @property
    def was_cut(self) -> bool:
        """A call that ends now was broken off."""
        return self._lasts(CUT_MS)

    @property
    def is_gone(self) -> bool:
        return self._lasts(GONE_MS)

    def _lasts(self, ms: int) -> bool:
        return self._always_sends and self._missing_ms >= ms
