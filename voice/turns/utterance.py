"""What the caller is saying, as it grows."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

from config.turn_taking import Speech
from voice.conversation import Completeness
from voice.hearing.recogniser import Heard, Word
from voice.hearing.word_times import shifted
from voice.line.line import FRAME_MS
from voice.turns.actions import Stretch
from voice.turns.frame import Frame

TOO_SHORT = "short"
HEARD = "heard"
TELLS_MS = 400  # of speech tell how loud somebody speaks
WORDS_WITHIN_DB = 8.0


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
    levels_db: list[float] = field(default_factory=list)
    loudest_db: float | None = None  # of its loudest `TELLS_MS`; None until there is so much of it
    _powers: deque[float] = field(default_factory=lambda: deque(maxlen=TELLS_MS // FRAME_MS))
    pauses_ms: list[int] = field(default_factory=list)
    parts: list[Heard] = field(default_factory=list)
    part_words: list[Word] = field(default_factory=list)  # of the parts, since the call was answered
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
        self.levels_db.append(frame.level_db)
        self._powers.append(10 ** (frame.level_db / 10))
        if len(self._powers) == self._powers.maxlen:
            level_db = 10 * math.log10(sum(self._powers) / len(self._powers) + 1e-12)
            self.loudest_db = level_db if self.loudest_db is None else max(self.loudest_db, level_db)

    @property
    def is_read(self) -> bool:
        return self.read_until_ms == self.last_ms

    def stretch(self, rules: Speech) -> Stretch:
        return Stretch(self.part_ms, self.last_ms + rules.tail_ms)

    def level_db(self) -> float:
        """Of the words: what is much softer than the loudest of them belongs to pauses, or to somebody else in the room."""
        loudest = max(self.levels_db) if self.loudest_db is None else self.loudest_db
        words = [level for level in self.levels_db if level >= loudest - WORDS_WITHIN_DB]
        return sum(words) / len(words) if words else loudest

    def text(self) -> str:
        return "，".join(part.text for part in (*self.parts, self.reading) if part and part.text)

    def take_part(self, part: Heard) -> None:
        """The first part of a long speech was read; the rest begins where it ended."""
        self.part_words += self._words_of(part)
        self.parts.append(part)
        self.reading = None
        self.part_ms = self.read_until_ms

    def words(self) -> tuple[Word, ...]:
        """All words with their times since the call was answered, where the recogniser tells them."""
        return (*self.part_words, *self._words_of(self.reading))

    def _words_of(self, heard: Heard | None) -> tuple[Word, ...]:
        best = heard.readings[0].words if heard is not None and heard.readings else ()
        return shifted(best, self.part_ms / 1000)

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
