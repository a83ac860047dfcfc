"""A voice in a process of its own: what it computes never delays a call, and when it dies only a sentence is late."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voice.line.line import Samples
from voice.speaking.voice import SpeakingError, Voice

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

LOAD_S = 120.0  # the first start joins the model from its parts
RENDER_S = 60.0  # a sentence on a machine that is very busy
IDLE_RENDER_S = 600.0  # the same for a process that waits for all others
_NICEST = 19


class NoVoiceError(SpeakingError):
    """The voice can not be loaded at all: something of it is missing."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a voice made of a text. `ends`: where each character ends, in samples; empty when the voice does not tell."""

    samples: Samples
    rate: int
    ends: tuple[int, ...] = ()


class VoiceWorker:
    """Runs one voice in a child process, started on first use and again after it died. Thread-safe, one text at a time."""

    def __init__(self, make: Callable[[], Voice], *, idle: bool = False) -> None:
        """`make` runs in the child (it must be picklable). `idle`: it gets what no other process of the machine wants."""
        self._make = make
        self._idle = idle
        self._lock = threading.Lock()
        self._process: SpawnProcess | None = None
        self._pipe: Connection | None = None

    def render(self, text: str) -> Rendered:
        """Blocks. Raises SpeakingError when the voice can not speak the text, can not start, hangs or died."""
        with self._lock:
            pipe = self._pipe or self._open()
            try:
                pipe.send(text)
                answer = self._answer(pipe, IDLE_RENDER_S if self._idle else RENDER_S)
            except (EOFError, OSError) as problem:
                self._stop()
                raise SpeakingError(f"the process of the voice died ({type(problem).__name__})") from problem
        if isinstance(answer, SpeakingError):
            raise answer
        return Rendered(*answer)

    def close(self) -> None:
        """End the process; a text that it is rendering is given up. A later `render` starts a new one."""
        process = self._process
        with contextlib.suppress(AttributeError, ValueError):  # there is none, or it has ended meanwhile
            process.terminate()  # type: ignore[union-attr]
        with self._lock:
            self._stop()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Load the voice now, not when the first text comes. Raises NoVoiceError."""
        with self._lock:
            if self._pipe is None:
                self._open()

    def _open(self) -> Connection:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, self._make, self._idle), name="voice", daemon=True
        )
        self._process.start()
        theirs.close()
        self._pipe = ours
        try:
            answer = self._answer(ours, IDLE_RENDER_S if self._idle else LOAD_S)
        except (EOFError, OSError) as problem:
            self._stop()
            raise NoVoiceError("the process of the voice does not start") from problem
        if isinstance(answer, SpeakingError):
            self._stop()
            raise NoVoiceError(str(answer))
        return ours

    def _answer(self, pipe: Connection, seconds: float) -> Any:
        if not pipe.poll(seconds):
            self._stop()
            raise SpeakingError(f"the voice did not answer in {seconds:.0f} s")
        return pipe.recv()

    def _stop(self) -> None:
        if self._pipe is not None:
            self._pipe.close()
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
        self._pipe = self._process = None


def _serve(pipe: Connection, make: Callable[[], Voice], idle: bool) -> None:
    """The child: texts in, speech out, until the other end is gone."""
    if idle:
        _stand_back()
    # pyttsx3 prints what it writes; standard output belongs to the parent.
    sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 (for the life of the process)
    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        try:
            voice = make()
        except SpeakingError as problem:
            pipe.send(problem)
            return
        pipe.send(None)
        while True:
            pipe.send(_rendered(voice, pipe.recv()))


def _stand_back() -> None:
    """Behind all other processes; where the system has no such class, as far behind as it goes."""
    os.nice(_NICEST)
    with contextlib.suppress(AttributeError, OSError):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def _rendered(voice: Voice, text: str) -> tuple[Samples, int, tuple[int, ...]] | SpeakingError:
    try:
        timed = getattr(voice, "render_timed", None)
        if timed is not None:
            done = timed(text)
            return done.samples, voice.rate, done.ends
        return voice.render(text), voice.rate, ()
    except SpeakingError as problem:
        return problem
    except Exception as problem:  # an engine may raise anything; its message may hold what was to be said
        return SpeakingError(f"{voice.name} failed: {type(problem).__name__}")
