"""What the caller is saying, as it grows."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from config.turn_taking import Speech
from voice.conversation import Completeness
from voice.hearing.recogniser import Heard
from voice.line.line import FRAME_MS
from voice.turns.actions import Stretch
from voice.turns.frame import Frame

TOO_SHORT = "short"
HEARD = "heard"


@dataclass(slots=True)
class Utterance:
    """From the first word until it is our turn. Long ones have parts that were recognised before the rest."""

    start_ms: int
    last_ms: int  # end of the latest speech
    over_us: bool  # it began while we were speaking
    stopped_us: bool = False
    unheard: bool = False  # it began before what we were about to ask can have been heard
    resumed_ms: int = 0  # the pause before it, if we had taken the turn in it and not yet answered to the end
    speech_ms: int = 0
    clear_ms: int = 0  # of it voiced and no hum
    levels_db: list[float] = field(default_factory=list)
    pauses_ms: list[int] = field(default_factory=list)
    parts: list[Heard] = field(default_factory=list)
    part_ms: int = 0  # where the part begins that is not recognised yet
    reading: Heard | None = None  # of what was said so far …
    read_until_ms: int = -1  # … if it is as new as `last_ms`
    completeness: Completeness | None = None  # of what was said so far, if somebody has judged it

    def add(self, frame: Frame, *, speaks: bool, shortest_pause_ms: int) -> None:
        if not speaks:
            return
        gap = frame.at_ms - FRAME_MS - self.last_ms
        if gap >= shortest_pause_ms:
            self.pauses_ms.append(gap)
        self.last_ms = frame.at_ms
        self.speech_ms += FRAME_MS
        self.clear_ms += FRAME_MS * (frame.voiced and not frame.hum)
        self.levels_db.append(frame.level_db)

    @property
    def is_read(self) -> bool:
        return self.read_until_ms == self.last_ms

    def stretch(self, rules: Speech) -> Stretch:
        return Stretch(self.part_ms, self.last_ms + rules.tail_ms)

    def level_db(self) -> float:
        """Of the louder half, which the words carry."""
        louder = sorted(self.levels_db)[len(self.levels_db) // 2 :]
        return sum(louder) / len(louder)

    def text(self) -> str:
        return "，".join(part.text for part in (*self.parts, self.reading) if part and part.text)

    def why_nothing(self) -> str:
        """What the recogniser says of an utterance without words, `TOO_SHORT` when it was not asked, or `HEARD`."""
        if self.reading is None:
            return TOO_SHORT
        return HEARD if self.reading.readings else self.reading.why_nothing

    def alternatives(self) -> tuple[str, ...]:
        """Other readings; only of an utterance in one part, as those of several can not be matched."""
        if self.parts or self.reading is None:
            return ()
        return tuple(reading.text for reading in self.reading.readings[1:])

    def confidence(self) -> float | None:
        sure = [part.readings[0].confidence for part in (*self.parts, self.reading) if part and part.readings]
        return min(sure, default=None)


class Onset:
    """Waits for speech to begin: a little of it within a short time."""

    def __init__(self, rules: Speech) -> None:
        self._rules = rules
        self._recent: deque[tuple[Frame, bool]] = deque(maxlen=rules.onset_within_ms // FRAME_MS)

    def add(self, frame: Frame, *, speaks: bool, over_us: bool, shortest_pause_ms: int) -> Utterance | None:
        """The utterance that has just begun, if one has."""
        self._recent.append((frame, speaks))
        if not speaks:  # nearly always
            return None
        speech = [frame for frame, speaks in self._recent if speaks]
        if len(speech) * FRAME_MS < self._rules.onset_ms:
            return None
        self._recent.clear()
        began = speech[0].at_ms - FRAME_MS
        start = max(0, began - self._rules.lead_in_ms)
        utterance = Utterance(start_ms=start, last_ms=began, over_us=over_us, part_ms=start)
        for one in speech:
            utterance.add(one, speaks=True, shortest_pause_ms=shortest_pause_ms)
        return utterance
