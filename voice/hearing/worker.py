"""One process that recognises: it opens the engine, says that it is ready, and answers one utterance after the other."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from threading import Lock
from typing import Any

import numpy as np

from voice.hearing.recogniser import Heard, HearingError, Hint, Recogniser
from voice.line.line import Samples

# How a worker gets its engine; must be picklable.
OpenRecogniser = Callable[[], Recogniser]


@dataclass(frozen=True, slots=True)
class Task:
    """One utterance on its way to a worker."""

    sound: bytes
    rate: int
    hint: Hint


class WorkerDiedError(Exception):
    """The process ended, or did not answer in time, in the middle of a request."""


class Worker:
    """The near end of one worker process. Blocking; used by one thread at a time, except to stop it."""

    def __init__(self, open_recogniser: OpenRecogniser) -> None:
        # Spawned, not forked: the engines have threads of their own, which a fork would break.
        context = get_context("spawn")
        self._pipe, far = context.Pipe()
        self._process = context.Process(target=_work, args=(far, open_recogniser), daemon=True)
        self._process.start()
        self._stopping = Lock()
        far.close()

    def wait_until_ready(self, timeout_s: float) -> None:
        """Raises HearingError with what the engine said; WorkerDiedError."""
        self._receive(timeout_s)

    def recognise(self, task: Task, timeout_s: float) -> Heard:
        """Raises HearingError where the engine refuses this sound; WorkerDiedError."""
        try:
            self._pipe.send(task)
        except OSError as gone:
            raise WorkerDiedError from gone
        heard = self._receive(timeout_s)
        assert isinstance(heard, Heard)  # noqa: S101 (what `_work` sends)
        return heard

    def stop(self) -> None:
        """End the process, in the middle of whatever it does. Any thread may, and more than once."""
        with self._stopping:
            self._process.kill()
            self._process.join()
            if not self._pipe.closed:  # closing twice would close whatever has the number by then
                self._pipe.close()

    def _receive(self, timeout_s: float) -> Any:
        try:
            if not self._pipe.poll(timeout_s):
                raise WorkerDiedError
            answer = self._pipe.recv()
        except (EOFError, OSError) as gone:
            raise WorkerDiedError from gone
        if isinstance(answer, HearingError):
            raise answer
        return answer


def samples_of(task: Task) -> Samples:
    return np.frombuffer(task.sound, np.int16)


def _work(pipe: Connection, open_recogniser: OpenRecogniser) -> None:
    """The process itself. Whatever an engine raises is told, never fatal; the end of the pipe is the end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the main process, which ends this one
    with suppress(EOFError, BrokenPipeError):
        _answer(pipe, open_recogniser)


def _answer(pipe: Connection, open_recogniser: OpenRecogniser) -> None:
    try:
        recogniser = open_recogniser()
        # The first utterance costs seconds in some engines; no caller shall pay for it.
        recogniser.recognise(np.zeros(8000, np.int16), 8000, Hint())
        pipe.send(None)
    except HearingError as problem:
        pipe.send(problem)
        return
    while True:
        task = pipe.recv()
        try:
            answer: Heard | HearingError = recogniser.recognise(samples_of(task), task.rate, task.hint)
        except Exception as problem:
            answer = HearingError(f"{recogniser.name}: {type(problem).__name__}: {problem}")
        pipe.send(answer)
