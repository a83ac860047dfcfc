"""Tells the caller's voice from a television, a next room and the noise of the line, by level."""

from __future__ import annotations

from collections import deque

from config.turn_taking import Speech
from voice.line.line import FRAME_MS
from voice.turns.frame import Frame

# The background falls with the loudest of the last frames and rises slowly, slowest while somebody speaks.
RISE_DB_PER_S = 8.0
RISE_IN_SPEECH_DB_PER_S = 1.0
QUIETEST_DB = -58.0  # no telephone carries a useful voice below this
SMOOTH_FRAMES = 8  # a syllable and its soft end
SETTLING_MS = 400  # at the start of a call nobody speaks yet: what is heard is the background


class Presence:
    """Follows the background, and says of each frame whether somebody near the telephone speaks in it."""

    def __init__(self, rules: Speech) -> None:
        self._rules = rules
        self._background_db = QUIETEST_DB
        self._recent: deque[float] = deque(maxlen=SMOOTH_FRAMES)
        self.caller_level_db: float | None = None  # of this call, once they have spoken

    def speaks(
        self, frame: Frame, *, in_utterance: bool, floor_is_free: bool, utterance_db: float | None = None
    ) -> bool:
        """`in_utterance`: speech is expected to go on, so that less certain frames count, too. `utterance_db`: its
        loudest part so far; what is much softer is somebody else, whom we must not wait for.

        A clear voice counts even if the detector doubts it, as it is late and misses many a short «对». A mere hum
        («嗯») does so only when `floor_is_free`, that is, when we are silent.
        """
        self._recent.append(frame.level_db)
        self._follow(max(self._recent), settling=frame.at_ms <= SETTLING_MS, in_utterance=in_utterance)
        if frame.echo or max(self._recent) < self._nearby_db(utterance_db):
            return False
        wanted = self._rules.goes_on_at if in_utterance else self._rules.starts_at
        loud = frame.level_db >= self._background_db + self._rules.clear_above_noise_db
        clear = loud and frame.voiced and (floor_is_free or not frame.hum)
        return frame.speech >= wanted or clear

    def is_close(self, frame: Frame, caller_level_db: float | None) -> bool:
        """As loud as this caller usually is, or as callers usually are: nobody else in the room. `caller_level_db`: what is
        known of them, also where `speaks` does not go by it any more."""
        usual_db = self._rules.usual_db if caller_level_db is None else caller_level_db
        return frame.level_db >= usual_db - self._rules.close_below_db

    def _nearby_db(self, utterance_db: float | None) -> float:
        nearby = max(QUIETEST_DB, self._background_db + self._rules.above_noise_db)
        if utterance_db is not None:
            nearby = max(nearby, utterance_db - self._rules.below_utterance_db)
        if self.caller_level_db is not None:
            nearby = max(nearby, self.caller_level_db - self._rules.below_caller_db)
        return nearby

    def _follow(self, level_db: float, *, settling: bool, in_utterance: bool) -> None:
        rise = RISE_IN_SPEECH_DB_PER_S if in_utterance else RISE_DB_PER_S
        risen = self._background_db + rise * FRAME_MS / 1000
        self._background_db = max(QUIETEST_DB - 10, level_db if settling else min(level_db, risen))
