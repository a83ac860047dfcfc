import asyncio
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from tests.unit.voice.speaking.fake_voice import SYLLABLE, ToneVoice, no_voice
from voice.line.line import Samples
from voice.speaking import fragments
from voice.speaking.cache import PromptCache
from voice.speaking.speaking import VoiceSpeaking
from voice.speaking.voice import Manner, SpeakingError
from voice.speaking.warm import warm
from voice.speaking.worker import VoiceWorker

SCRIPTS = ["您好，这里是暖线。", "明天|上午九点的|送餐，", "安排好了。", "地址是|长城花园。"]
KNOWN = {piece for script in SCRIPTS for piece in fragments.pieces(script)}
PLAIN = Manner()


@pytest.fixture(scope="module")
def warmed(tmp_path_factory: pytest.TempPathFactory) -> PromptCache:
    cache = PromptCache(tmp_path_factory.mktemp("speech"), "tone")
    worker = VoiceWorker(ToneVoice)
    done = warm(worker, cache, SCRIPTS)
    worker.close()
    assert (done.rendered, done.failed) == (4, 0)
    return cache


@pytest.fixture
async def speaking(warmed: PromptCache) -> AsyncIterator[VoiceSpeaking]:
    speaking = VoiceSpeaking(ToneVoice, warmed, fallback=no_voice, known=KNOWN)
    yield speaking
    await speaking.close()


async def _said(speaking: VoiceSpeaking, sentence: str, manner: Manner = PLAIN) -> Samples:
    pieces = [piece async for piece in speaking.say(sentence, manner, 8000)]
    return np.concatenate(pieces) if pieces else np.zeros(0, np.int16)


async def test_a_sentence_from_the_cache_needs_no_engine(warmed: PromptCache) -> None:
    speaking = VoiceSpeaking(no_voice, warmed, fallback=no_voice, known=KNOWN)
    assert speaking.is_ready("您好，这里是暖线。", PLAIN, 8000)
    samples = await _said(speaking, "您好，这里是暖线。")
    assert len(samples) / 8000 == pytest.approx(9 * 0.2, abs=0.1)
    await speaking.close()


async def test_a_sentence_is_put_together_without_a_gap(speaking: VoiceSpeaking) -> None:
    samples = await _said(speaking, "明天上午九点的送餐，安排好了。")
    loud = np.abs(samples[: 8000 * 18 // 10].astype(int)).reshape(-1, 80).max(axis=1)
    assert loud[2:].min() > 500  # 10 ms frames across both joints


async def test_the_fixed_beginning_plays_while_the_address_is_rendered(speaking: VoiceSpeaking) -> None:
    assert speaking.is_ready("地址是慢慢花园。", PLAIN, 8000)
    pieces, times = [], []
    began = time.perf_counter()
    async for piece in speaking.say("地址是慢慢花园。", PLAIN, 8000):
        pieces.append(piece)
        times.append(time.perf_counter() - began)
    assert times[0] < 0.3 < 0.5 <= times[-1]
    assert len(pieces[0]) / 8000 == pytest.approx(0.6, abs=0.1)


async def test_a_long_name_is_heard_before_its_last_word_is_made(speaking: VoiceSpeaking) -> None:
    await _said(speaking, "好。")
    times = []
    began = time.perf_counter()
    async for _ in speaking.say("慢慢花园小区慢慢新村。", PLAIN, 8000):  # half a second for each breath
        times.append(time.perf_counter() - began)
    assert len(times) == 3  # a breath, the pause behind it, a breath
    assert 0.5 <= times[0] < 0.9 < 1.0 <= times[-1]


async def test_what_was_said_once_is_ready_for_another_time_and_never_on_disk(
    speaking: VoiceSpeaking, warmed: PromptCache
) -> None:
    files = sorted(warmed.folder.iterdir())
    assert not speaking.is_ready("王桂兰您好。", PLAIN, 8000)
    await speaking.prepare("王桂兰您好。")
    assert speaking.is_ready("王桂兰您好。", PLAIN, 8000)
    assert sorted(warmed.folder.iterdir()) == files


async def test_slower_speech_has_longer_pauses_too(speaking: VoiceSpeaking) -> None:
    sentence = "明天上午九点的送餐，安排好了。"
    plain, slow = await _said(speaking, sentence), await _said(speaking, sentence, Manner(pace=2))
    assert len(slow) / len(plain) == pytest.approx(1 / 0.85**2, rel=0.03)


@pytest.mark.parametrize("sentence", ["死", "哑", "坏"])
async def test_what_the_voice_can_not_say_is_said_by_the_simpler_one(
    warmed: PromptCache, sentence: str
) -> None:
    speaking = VoiceSpeaking(ToneVoice, warmed, fallback=_spare, known=KNOWN)
    samples = await _said(speaking, sentence)
    assert len(samples) / 8000 == pytest.approx(0.5, abs=0.1)
    await speaking.close()


async def test_the_real_voice_is_tried_again_the_next_time(warmed: PromptCache) -> None:
    speaking = VoiceSpeaking(ToneVoice, warmed, fallback=_spare, known=KNOWN)
    await _said(speaking, "死。")
    assert not speaking.is_ready("死。", PLAIN, 8000)
    assert len(await _said(speaking, "王桂兰。")) / 8000 == pytest.approx(0.8, abs=0.1)
    await speaking.close()


async def test_without_any_voice_there_is_a_tone(warmed: PromptCache) -> None:
    speaking = VoiceSpeaking(no_voice, warmed, fallback=no_voice, known=KNOWN)
    assert np.abs(await _said(speaking, "王桂兰。")).max() > 1000
    await speaking.close()


async def test_nothing_to_say_is_nothing(speaking: VoiceSpeaking) -> None:
    assert not len(await _said(speaking, "😀"))
    assert speaking.is_ready("", PLAIN, 8000)


async def test_two_calls_take_turns_and_the_loop_is_never_held_up(speaking: VoiceSpeaking) -> None:
    await _said(speaking, "好。")
    latest, ticking = 0.0, True

    async def tick() -> None:
        nonlocal latest
        while ticking:
            before = time.perf_counter()
            await asyncio.sleep(0.005)
            latest = max(latest, time.perf_counter() - before)

    ticker = asyncio.create_task(tick())
    order: list[str] = []

    async def call(name: str) -> None:
        for number in range(3):
            await _said(speaking, f"{name}慢{'一二三'[number]}。")
            order.append(name)

    await asyncio.gather(call("甲"), call("乙"))
    ticking = False
    await ticker
    assert sorted(order[:2]) == sorted(order[2:4]) == ["乙", "甲"]
    assert latest < 0.4  # each of these texts takes half a second


async def test_a_caller_who_barges_in_frees_the_voice_for_others(speaking: VoiceSpeaking) -> None:
    await _said(speaking, "好。")
    given_up = [asyncio.create_task(_said(speaking, f"慢{number}。")) for number in "一二三四五六"]
    await asyncio.sleep(0.05)
    for task in given_up:
        task.cancel()
    began = time.perf_counter()
    await _said(speaking, "下一位。")
    assert time.perf_counter() - began < 1.5  # one of the six was being rendered, five were not
    await asyncio.gather(*given_up, return_exceptions=True)


def test_warming_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    cache, worker, stop = PromptCache(tmp_path, "tone"), VoiceWorker(ToneVoice), threading.Event()
    first = warm(worker, cache, SCRIPTS, stop=stop, progress=lambda done: stop.set() if done == 2 else None)
    second = warm(worker, cache, SCRIPTS)
    third = warm(worker, cache, SCRIPTS)
    worker.close()
    assert (first.rendered, first.stopped, second.rendered, third.rendered) == (2, True, 2, 0)


def test_a_text_that_can_not_be_rendered_does_not_stop_the_others(tmp_path: Path) -> None:
    worker = VoiceWorker(ToneVoice)
    done = warm(worker, PromptCache(tmp_path, "tone"), ["哑。", "好。"])
    worker.close()
    assert (done.rendered, done.failed) == (1, 1)


def test_warming_without_a_voice_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SpeakingError, match="missing"):
        warm(VoiceWorker(no_voice), PromptCache(tmp_path, "tone"), [f"{word}。" for word in "甲乙丙丁戊己"])


class _Spare(ToneVoice):
    """Half a second of tone, whatever is said."""

    def render_timed(self, text: str, *, speed: float = 1.0):  # type: ignore[no-untyped-def]
        return super().render_timed("好" * (RATE_OF_SPARE // SYLLABLE))


RATE_OF_SPARE = 12_000


def _spare() -> ToneVoice:
    return _Spare()
