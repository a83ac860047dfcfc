"""The first seconds of a call that we made: did a person answer, or a machine?"""

from __future__ import annotations

from config.outbound import MachineRules
from config.turn_taking import Speech
from voice.hearing.recogniser import VoiceDetector
from voice.line.line import Connection, Ended, Key, Sound
from voice.outbound import MachineEar, Result


async def answered_by(
    connection: Connection, detector: VoiceDetector, rules: MachineRules, speech: Speech
) -> Result:
    """Listens until it is clear. REACHED: a person, who waits for us to speak; MACHINE; NO_ANSWER: they have hung up.

    Whoever presses a key, or says nothing for `silent_ms`, is a person; so is whoever answers beside a television. Afterwards
    somebody else may read the events.
    """
    ear = MachineEar(rules, connection.rate)
    async for event in connection.events():
        match event:
            case Sound():
                likely = detector.probability(event.samples, connection.rate)
                if result := ear.hears(event.samples, speaks=likely >= speech.starts_at):
                    return result
            case Key():
                return Result.REACHED
            case Ended():
                break
    return Result.NO_ANSWER
