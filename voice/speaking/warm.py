"""Renders everything that can be rendered ahead, at low priority, and goes on where it was stopped."""

from __future__ import annotations

import fcntl
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from voice.speaking import fragments, render
from voice.speaking.cache import PromptCache
from voice.speaking.voice import SpeakingError
from voice.speaking.worker import VoiceWorker

log = structlog.get_logger()

_TELL_EVERY_S = 30.0
_GIVE_UP = 5  # failures in a row: the voice is not there


@dataclass(frozen=True, slots=True)
class Warmed:
    """How a run ended. `failed`: scripts that the voice could not render; they are rendered when they are said."""

    scripts: int
    rendered: int
    failed: int
    stopped: bool = False


class Told:
    """Tells the log how far the rendering has come, now and then and at the end."""

    def __init__(self, of: int) -> None:
        self._of = of
        self._told_at = time.monotonic()

    def __call__(self, done: int) -> None:
        now = time.monotonic()
        if done == self._of or now - self._told_at >= _TELL_EVERY_S:
            self._told_at = now
            log.info("speech.rendered_ahead", done=done, of=self._of)


def warm(
    worker: VoiceWorker,
    cache: PromptCache,
    scripts: Sequence[str],
    *,
    progress: Callable[[int], None] = lambda done: None,
    stop: threading.Event | None = None,
) -> Warmed:
    """Render what `cache` lacks of `scripts`. Blocks for minutes; `progress` hears how many are done.

    Only one process of an installation warms at a time; another one returns at once (`stopped`). Raises SpeakingError when
    the voice can not be had, OSError when nothing can be written.
    """
    cache.folder.mkdir(parents=True, exist_ok=True)
    with (cache.folder / "warming.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return Warmed(len(scripts), 0, 0, stopped=True)
        try:
            return _warm(worker, cache, scripts, progress, stop or threading.Event())
        finally:
            cache.prune()


def _warm(
    worker: VoiceWorker,
    cache: PromptCache,
    scripts: Sequence[str],
    progress: Callable[[int], None],
    stop: threading.Event,
) -> Warmed:
    rendered = failed = in_a_row = 0
    for done, script in enumerate(scripts):
        progress(done)
        if stop.is_set():
            return Warmed(len(scripts), rendered, failed, stopped=True)
        if all(map(cache.has, fragments.pieces(script))):
            continue
        try:
            made = render.script(worker, script)
        except SpeakingError as problem:
            failed, in_a_row = failed + 1, in_a_row + 1
            log.warning("speech.not_rendered", script=script, reason=str(problem))
            if in_a_row >= _GIVE_UP:
                raise
            continue
        in_a_row = 0
        for piece, samples in made.items():
            if not cache.has(piece):
                cache.put(piece, samples)
        rendered += 1
    progress(len(scripts))
    return Warmed(len(scripts), rendered, failed)
