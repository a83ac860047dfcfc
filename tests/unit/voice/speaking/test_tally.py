"""What operators see of the voice: where sentences came from, and how long they waited."""

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
from prometheus_client import CollectorRegistry, generate_latest

from tests.unit.voice.speaking.fake_voice import ToneVoice, no_voice
from voice.line.line import Samples
from voice.speaking import fragments
from voice.speaking.cache import PromptCache
from voice.speaking.speaking import VoiceSpeaking
from voice.speaking.tally import PromptFigures, Source, Tally
from voice.speaking.voice import Manner
from voice.speaking.warm import warm
from voice.speaking.worker import VoiceWorker

GREETING = "您好，这里是暖线。"
NAMED = "张奶奶，您说。"


def told(tally: Tally | None) -> str:
    registry = CollectorRegistry()
    registry.register(PromptFigures(lambda: tally))
    return generate_latest(registry).decode()


async def say(speaking: VoiceSpeaking, sentence: str) -> None:
    async for _ in speaking.say(sentence, Manner(), 8000):
        pass


async def test_each_part_is_counted_by_where_it_came_from(tmp_path: Path) -> None:
    cache = PromptCache(tmp_path, "tone")
    worker = VoiceWorker(ToneVoice)
    warm(worker, cache, [GREETING])
    worker.close()
    speaking = VoiceSpeaking(ToneVoice, cache, fallback=no_voice, known=frozenset(fragments.pieces(GREETING)))
    await say(speaking, GREETING)
    await say(speaking, NAMED)
    await say(speaking, NAMED)  # «再说一遍»
    await speaking.prepare("李爷爷，您说。")  # while the phone rings
    await say(speaking, "李爷爷，您说。")
    await say(speaking, "哑。")
    await speaking.close()
    assert speaking.tally.parts == {Source.AHEAD: 1, Source.LIVE: 1, Source.MEMORY: 2, Source.SPARE: 1}
    assert sum(speaking.tally.waits) == 5
    shown = told(speaking.tally)
    assert 'nuanxian_prompt_parts_total{source="ahead"} 1.0' in shown
    assert 'nuanxian_prompt_parts_total{source="memory"} 2.0' in shown
    assert "nuanxian_prompt_first_sound_seconds_count 5.0" in shown


async def test_the_first_piece_is_timed_and_no_other() -> None:
    times = iter((10.0, 10.3))
    tally = Tally(clock=lambda: next(times))

    async def pieces() -> AsyncIterator[Samples]:
        for _ in range(3):
            yield np.zeros(8, np.int16)

    assert len([piece async for piece in tally.timed(pieces())]) == 3
    shown = told(tally)
    assert 'nuanxian_prompt_first_sound_seconds_bucket{le="0.15"} 0.0' in shown
    assert 'nuanxian_prompt_first_sound_seconds_bucket{le="0.5"} 1.0' in shown
    assert "nuanxian_prompt_first_sound_seconds_sum 0.3" in shown


def test_before_a_voice_is_open_everything_is_nought() -> None:
    shown = told(None)
    assert 'nuanxian_prompt_parts_total{source="live"} 0.0' in shown
    assert "nuanxian_prompt_first_sound_seconds_count 0.0" in shown
