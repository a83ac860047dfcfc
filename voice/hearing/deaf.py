"""What stands in when no recogniser can be opened: the caller is told to use the keys, and 0 is a person."""

from __future__ import annotations

from voice.hearing.detect import make_detector
from voice.hearing.recogniser import Heard, HearingError, Hint, VoiceDetector
from voice.line.line import Samples


class Deaf:
    """`Hearing` that notices speech and understands none of it."""

    def detector(self) -> VoiceDetector:
        return make_detector()

    async def recognise(self, samples: Samples, rate: int, hint: Hint, *, call_id: str) -> Heard:
        raise HearingError("no recogniser is open: see `nuanxian models check`")

    async def close(self) -> None:
        return None
