"""Whether somebody close to the telephone really wants to interrupt us."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from config.turn_taking import TurnRules
from voice.line.line import FRAME_MS
from voice.turns.frame import Frame

# A voice detector answers a window of 32 ms late: what was voiced just before was speech, too.
LATE_FRAMES = 2


class _Heard(NamedTuple):
    """20 ms. `spoken`: by somebody close; `near`: a close voice, speech if the detector says so of what comes next."""

    spoken: bool
    near: bool
    voiced: bool
    hum: bool


class Interruption:
    """Clear words close together, or any close sound that lasts. Fed with every frame of a call.

    What is scattered over a long time (a loud word of a television now and then, a cough, a chair) is no interruption. A hum
    alone («嗯») is none either; it belongs to a word that goes on clearly («明天», «买»).
    """

    def __init__(self, rules: TurnRules) -> None:
        self._rules, self._onset = rules.barge_in, rules.speech.onset_within_ms // FRAME_MS
        self._words = rules.barge_in.within_ms // FRAME_MS
        self._heard: deque[_Heard] = deque(maxlen=max(self._words, 2 * rules.barge_in.any_ms // FRAME_MS))

    def add(self, frame: Frame, *, speaks: bool, close: bool, in_utterance: bool) -> None:
        """`speaks`: somebody does in this frame; `close`: it is as loud as the caller. What was said before an utterance began,
        but for its onset, does not count."""
        while not in_utterance and len(self._heard) >= self._onset:
            self._heard.popleft()
        near = close and frame.voiced and not frame.echo
        self._heard.append(_Heard(speaks and close, near, frame.voiced, frame.hum))

    @property
    def stops_us(self) -> bool:
        heard = list(self._heard)
        if len(_speech(heard)) * FRAME_MS >= self._rules.any_ms:
            return True
        words = [frame for frame in _speech(heard[-self._words :]) if frame.voiced]
        hums = sum(frame.hum for frame in words)
        clear = len(words) - hums
        return clear > 0 and (clear + hums * self._rules.hum_counts) * FRAME_MS >= self._rules.voiced_ms


def _speech(heard: Sequence[_Heard]) -> list[_Heard]:
    """The frames in which somebody close spoke."""
    found, late = [], 0
    for frame in reversed(heard):
        late = LATE_FRAMES if frame.spoken else late - 1
        if frame.spoken or (frame.near and late >= 0):
            found.append(frame)
        else:
            late = 0
    return found
