"""The one voice of an installation: what was rendered ahead is played at once, the rest is rendered while that plays."""

from __future__ import annotations

import asyncio
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import structlog

from config.settings import project_folder
from config.telephone import TelephoneSettings
from voice.line.line import Samples
from voice.speaking import fragments, prompts, render, shape, weights
from voice.speaking.cache import RATE, PromptCache
from voice.speaking.figures import speaking_rules
from voice.speaking.tally import Source, Tally
from voice.speaking.voice import Manner, SpeakingError, Voice
from voice.speaking.warm import Told, Warmed, warm
from voice.speaking.words import to_words
from voice.speaking.worker import NoVoiceError, VoiceWorker

log = structlog.get_logger()

VOICES = ("kokoro", "sherpa", "pyttsx")
_REMEMBERED = 64  # live pieces in memory, so that «再说一遍» needs no rendering; never on disk: they name people and places
_RETRY_S = 60.0  # how long a voice that did not start is left alone


@dataclass(frozen=True, slots=True)
class SpeakingOptions:
    """Which voice speaks, and where its files lie."""

    voice: str = "kokoro"  # one of VOICES
    speaker: str = weights.DEFAULT_SPEAKER  # of kokoro; for sherpa the number of the speaker
    models: Path = field(default_factory=lambda: project_folder() / "var" / "models" / "kokoro")
    sherpa_folder: Path | None = None  # an operator's voice
    prompts: Path = field(default_factory=lambda: project_folder() / "var" / "speech")  # the rendered ones


def voice_of(settings: TelephoneSettings) -> SpeakingOptions:
    """The voice that an installation has chosen."""
    return SpeakingOptions(
        voice=settings.voice, speaker=settings.voice_speaker, sherpa_folder=settings.voice_folder
    )


def make_voice(options: SpeakingOptions) -> Voice:
    """The engine itself, in this process. Raises SpeakingError that says what is missing."""
    if options.voice == "kokoro":
        from voice.speaking.kokoro import KokoroVoice

        return KokoroVoice(options.speaker, models=options.models)
    if options.voice == "sherpa":
        from voice.speaking.sherpa import SherpaVoice

        if options.sherpa_folder is None:
            raise SpeakingError("the voice sherpa needs a folder with a model")
        speaker = int(options.speaker) if options.speaker.isdecimal() else 0
        return SherpaVoice(options.sherpa_folder, speaker=speaker)
    if options.voice == "pyttsx":
        from voice.speaking.pyttsx import PyttsxVoice

        return PyttsxVoice()
    raise SpeakingError(f"there is no voice {options.voice!r}; there are {', '.join(VOICES)}")


def open_speaking(options: SpeakingOptions | None = None) -> VoiceSpeaking:
    """The voice of this installation with its cache. Returns at once: the engine starts in the background."""
    options = options or SpeakingOptions()
    return VoiceSpeaking(
        partial(make_voice, options),
        prompt_cache(options),
        fallback=partial(make_voice, replace(options, voice="pyttsx")),
        known=prompts.pieces(),
    )


class VoiceSpeaking:
    """`Speaking` with any engine. Belongs to one asyncio loop; engines run in processes of their own."""

    def __init__(
        self,
        make: Callable[[], Voice],
        cache: PromptCache,
        *,
        fallback: Callable[[], Voice],
        known: Set[str],
    ) -> None:
        """`make` and `fallback` run in other processes. `known`: the pieces that may be in the cache."""
        self._main = _Engine(make)
        self._fallback = _Engine(fallback)
        self._cache = cache
        self._known = known
        self._live: OrderedDict[str, Samples] = OrderedDict()
        self.tally = Tally()
        self._main.start()

    def say(self, sentence: str, manner: Manner, rate: int) -> AsyncIterator[Samples]:
        return self.tally.timed(self._pieces(sentence, manner, rate))

    async def _pieces(self, sentence: str, manner: Manner, rate: int) -> AsyncIterator[Samples]:
        parts = self._plan(sentence)
        for at, part in enumerate(parts):
            samples, source = await self._spoken(part)
            self.tally.part(source)
            yield await asyncio.to_thread(shape.shaped, samples, RATE, manner, rate)
            if part.mark and at + 1 < len(parts):
                yield shape.silence(_pause_ms(part.mark, manner), rate)

    def is_ready(self, sentence: str, manner: Manner, rate: int) -> bool:
        parts = self._plan(sentence)
        return not parts or not parts[0].live or parts[0].live in self._live

    async def prepare(self, sentence: str) -> None:
        for part in self._plan(sentence):
            if part.live:
                await self._spoken(part)

    async def close(self) -> None:
        await asyncio.gather(self._main.close(), self._fallback.close())

    def _plan(self, sentence: str) -> list[fragments.Part]:
        words = to_words(sentence)
        return fragments.plan(words, self._has) if words else []

    def _has(self, piece: str) -> bool:
        return piece in self._known and self._cache.has(piece)  # most questions are answered without the disk

    async def _spoken(self, part: fragments.Part) -> tuple[Samples, Source]:
        """A part at `RATE`, and where it came from. A piece that got lost since the plan was made is rendered like any other text."""
        if part.pieces and (kept := await asyncio.to_thread(self._kept, part.pieces)) is not None:
            return kept, Source.AHEAD
        text = part.live or "".join(piece.strip(fragments.RUNS_ON) for piece in part.pieces)
        if (known := self._live.get(text)) is not None:
            return known, Source.MEMORY
        try:
            samples = await self._main.render(text)
        except SpeakingError as problem:
            log.warning("speech.voice_failed", reason=str(problem))
            return await self._spare(text), Source.SPARE
        self._live[text] = samples
        if len(self._live) > _REMEMBERED:
            self._live.popitem(last=False)
        return samples, Source.LIVE

    def _kept(self, names: Sequence[str]) -> Samples | None:
        pieces = [piece for name in names if (piece := self._cache.get(name)) is not None]
        return shape.joined(pieces, RATE) if len(pieces) == len(names) else None

    async def _spare(self, text: str) -> Samples:
        """Not remembered: the next time the real voice may be there again."""
        try:
            return await self._fallback.render(text)
        except SpeakingError as problem:
            log.warning("speech.no_voice", reason=str(problem))
            return shape.tone(RATE)


class _Engine:
    """A worker and the one thread that waits for it: texts of all calls are rendered in the order in which they came."""

    def __init__(self, make: Callable[[], Voice]) -> None:
        self._worker = VoiceWorker(make)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="voice")
        self._asleep_until = 0.0

    def start(self) -> None:
        """Load the engine now, so that the first text need not wait for it; a fault is told by `render`."""
        self._thread.submit(self._worker.start)

    async def render(self, text: str) -> Samples:
        """Raises SpeakingError."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._asleep_until:
            raise SpeakingError("the voice did not start; it is tried again in a minute")
        try:
            done = await loop.run_in_executor(self._thread, self._worker.render, text)
        except NoVoiceError:
            self._asleep_until = loop.time() + _RETRY_S
            raise
        except RuntimeError:  # what the executor says after `close`
            raise SpeakingError("the voice is closed") from None
        return await asyncio.to_thread(render.whole, done)

    async def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)
        await asyncio.to_thread(self._worker.close)


def prompt_cache(options: SpeakingOptions) -> PromptCache:
    """The prompts of the voice that the options name."""
    if options.voice == "kokoro":
        voice = f"{weights.MODEL}-{options.speaker}"
        return PromptCache(options.prompts, voice, shipped=weights.shipped_prompts(options.speaker))
    folder = options.sherpa_folder.name if options.voice == "sherpa" and options.sherpa_folder else ""
    return PromptCache(options.prompts, f"{options.voice}-{folder}-{options.speaker}")


def warm_all(
    options: SpeakingOptions,
    *,
    scripts: Sequence[str] | None = None,
    progress: Callable[[int], None] | None = None,
    stop: threading.Event | None = None,
) -> Warmed:
    """Render what is missing, in a process of its own that stands back behind all others. Blocks; see `warm.warm`.

    `progress` hears how many scripts are done; else the log does.
    """
    wanted = _cut_by(options, prompts.scripts() if scripts is None else scripts)
    worker = VoiceWorker(partial(make_voice, options), idle=True)
    try:
        return warm(worker, prompt_cache(options), wanted, progress=progress or Told(len(wanted)), stop=stop)
    finally:
        worker.close()


def _cut_by(options: SpeakingOptions, scripts: Sequence[str]) -> list[str]:
    """The scripts that a voice can render: only Kokoro tells where its words end, so that they can be cut."""
    return [script for script in scripts if options.voice == "kokoro" or fragments.CUT not in script]


def _pause_ms(mark: str, manner: Manner) -> float:
    return float(speaking_rules()["pauses_ms"].get(mark, 0)) / shape.STEP_SLOWER**manner.pace
