"""The record of a call tells when each word was said, where the recogniser does."""

from dataclasses import dataclass

import numpy as np

from config.turn_taking import load_turn_rules
from tests.unit.voice.fakes import RATE, ScriptedAnswers, ScriptedHearing, desk, silence, speech
from voice.call import Event
from voice.conversation import Answer
from voice.hearing.recogniser import Heard, Hint, Reading, Word
from voice.line.line import Samples
from voice.replay import Pacing, replay
from voice.turns.actions import Stretch
from voice.turns.utterance import Utterance

RULES = load_turn_rules()


@dataclass
class WithTimes(ScriptedHearing):
    """Says «我要订饭»; 饭 comes half a second after the beginning of what it is given."""

    async def recognise(self, samples: Samples, rate: int, hint: Hint, *, call_id: str) -> Heard:
        words = (Word("我要订", 0.3, 0.8, 0.9), Word("饭", 0.8, 1.0, 0.456))
        return Heard((Reading("我要订饭", 0.9, words),), "timed", len(samples) / rate, 0.0)


async def test_words_are_told_by_the_time_of_the_call() -> None:
    events: list[Event] = []
    answers = ScriptedAnswers([Answer(("您好。",)), Answer(("好。",), ended=True)])
    sound = np.concatenate([silence(500), speech(1_500), silence(2_000)])
    await replay(
        sound, RATE, desk(WithTimes({}), answers), caller="1", on_event=events.append, pacing=Pacing()
    )
    [heard] = [event for event in events if event["event"] == "heard"]
    begins = heard["start_ms"]
    assert heard["words"] == [
        {"text": "我要订", "start_ms": begins + 300, "end_ms": begins + 800, "confidence": 0.9},
        {"text": "饭", "start_ms": begins + 800, "end_ms": begins + 1_000, "confidence": 0.46},
    ]


def test_words_of_later_parts_come_later() -> None:
    utterance = Utterance(start_ms=2_000, last_ms=20_000, over_us=False, part_ms=2_000)
    utterance.read_until_ms = 20_000
    utterance.take_part(Heard((Reading("我家", 0.9, (Word("我家", 0.5, 0.9, 1.0),)),), "timed", 18.0, 0.1))
    utterance.reading = Heard((Reading("漏水", 0.9, (Word("漏水", 1.0, 1.4, 1.0),)),), "timed", 3.0, 0.1)
    assert [(word.text, word.start_s) for word in utterance.words()] == [("我家", 2.5), ("漏水", 21.0)]
    assert utterance.stretch(RULES.speech) == Stretch(20_000, 20_000 + RULES.speech.tail_ms)
