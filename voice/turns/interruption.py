"""Whether somebody close to the telephone really wants to interrupt us."""

from __future__ import annotations

from collections import deque

from config.turn_taking import TurnRules
from voice.line.line import FRAME_MS
from voice.turns.frame import Frame


class Interruption:
    """Clear words close together, or any close sound that lasts. Fed with every frame of a call.

    What is scattered over a long time (a loud word of a television now and then, a cough, a chair) is no interruption.
    """

    def __init__(self, rules: TurnRules) -> None:
        self._rules, self._onset = rules.barge_in, rules.speech.onset_within_ms // FRAME_MS
        self._clear: deque[bool] = deque(maxlen=self._rules.within_ms // FRAME_MS)
        self._any: deque[bool] = deque(maxlen=2 * self._rules.any_ms // FRAME_MS)

    def add(self, frame: Frame, *, speaks: bool, in_utterance: bool) -> None:
        """`speaks`: somebody does in this frame, and as loud as the caller. What was said before an utterance began, but for
        its onset, does not count."""
        for recent, counts in ((self._clear, speaks and frame.voiced and not frame.hum), (self._any, speaks)):
            while not in_utterance and len(recent) >= self._onset:
                recent.popleft()
            recent.append(counts)

    @property
    def stops_us(self) -> bool:
        return (
            sum(self._clear) * FRAME_MS >= self._rules.voiced_ms
            or sum(self._any) * FRAME_MS >= self._rules.any_ms
        )
