"""What one call hears: each frame measured, and the latest sound kept to be recognised."""

from __future__ import annotations

from config.turn_taking import TurnRules
from voice.hearing.recogniser import VoiceDetector
from voice.hindsight import Hindsight
from voice.line.line import FRAME_MS, Samples, Sound
from voice.turns.actions import Stretch
from voice.turns.echo import EchoGuard
from voice.turns.fax import FaxEar
from voice.turns.frame import Frame, FrameAnalyser

# Kept beyond the longest stretch that is recognised at once.
SPARE_MS = 10_000


class Ears:
    """Voice detector, level and pitch, echo guard and fax tones of one call."""

    def __init__(self, detector: VoiceDetector, rules: TurnRules, rate: int) -> None:
        self._detector, self._rate = detector, rate
        self._analyser = FrameAnalyser(rate)
        self._echo = EchoGuard(rate, rules.barge_in.echo)
        self._fax = FaxEar(rules.fax, rate)
        self._hindsight = Hindsight(rules.endpoint.longest_part_ms + SPARE_MS)
        self.hears_fax = False

    def listen(self, sound: Sound, ours: Samples) -> Frame:
        """The next frame of the caller, with what we were saying meanwhile."""
        ends_ms = sound.at_ms + FRAME_MS
        self._hindsight.add(sound.at_ms, sound.samples)
        self._echo.add(sound.samples, ours)
        self.hears_fax = self._fax.hears_fax(sound.samples)
        speech = self._detector.probability(sound.samples, self._rate)
        echo = self._echo.is_echo(ends_ms)
        return self._analyser.frame(sound.samples, at_ms=ends_ms, speech=speech, echo=echo)

    def sound_of(self, stretch: Stretch) -> Samples:
        return self._hindsight.between(stretch)
