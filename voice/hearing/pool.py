"""Recognition in worker processes, so that the sound of the calls is never late: a fair, bounded queue in front of them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import numpy as np
import structlog

from voice.hearing.detect import DetectorName, make_detector
from voice.hearing.engines import open_recogniser
from voice.hearing.fair_queue import FairQueue
from voice.hearing.recogniser import Heard, HearingError, Hint, VoiceDetector
from voice.hearing.settings import HearingSettings
from voice.hearing.worker import OpenRecogniser, Task, Worker, WorkerDiedError
from voice.line.line import Samples

# A worker whose engine can not be opened tries again after so long.
REOPEN_AFTER_S = 5.0
START_TIMEOUT_S = 120.0
# A process may die of this very sound: it is tried once more and then given up.
MOST_TRIES = 2

T = TypeVar("T")

_log = structlog.get_logger(__name__)


class _Request:
    """One utterance in the queue."""

    def __init__(self, task: Task, answer: asyncio.Future[Heard]) -> None:
        self.task, self.answer, self.tries = task, answer, 0


class HearingPool:
    """All recognisers behind one door. Belongs to one asyncio loop; make it with `open_hearing`."""

    def __init__(
        self,
        open_engine: OpenRecogniser,
        *,
        workers: int = 1,
        queue: int = 64,
        timeout_s: float = 20,
        detector: DetectorName = "silero",
    ) -> None:
        self._open_engine, self._timeout_s, self._detector_name = open_engine, timeout_s, detector
        self._queue: FairQueue[_Request] = FairQueue(queue)
        self._arrived = asyncio.Condition()
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="hearing")
        self._workers: dict[int, Worker] = {}
        self._problem = ""  # why the engine could not be opened the last time
        self._opened = asyncio.Event()  # the first worker is ready, or has failed
        self._loops = [asyncio.create_task(self._serve(number)) for number in range(workers)]

    def detector(self) -> VoiceDetector:
        return make_detector(self._detector_name)

    async def ready(self) -> None:
        """Wait for the first worker. Raises HearingError when its engine can not be opened."""
        await self._opened.wait()
        if self._problem and not self._workers:
            raise HearingError(self._problem)

    async def recognise(self, samples: Samples, rate: int, hint: Hint, *, call_id: str) -> Heard:
        """Waits its fair turn among the calls. Raises HearingError: nothing alive, too many waiting, no answer in time."""
        await self.ready()
        task = Task(np.ascontiguousarray(samples, np.int16).tobytes(), rate, hint)
        request = _Request(task, asyncio.get_running_loop().create_future())
        async with self._arrived:
            if not self._queue.put(call_id, request):
                raise HearingError(f"{len(self._queue)} utterances wait to be recognised: no more are taken")
            self._arrived.notify()
        try:
            async with asyncio.timeout(self._timeout_s):
                return await request.answer
        except TimeoutError:
            raise HearingError(f"not recognised within {self._timeout_s:g} s") from None

    async def close(self) -> None:
        """End the processes; who still waits gets HearingError."""
        for loop in self._loops:
            loop.cancel()
        await asyncio.to_thread(self._stop_workers)
        await asyncio.gather(*self._loops, return_exceptions=True)
        self._workers.clear()
        self._threads.shutdown()
        self._fail_all(HearingError("the line is being closed"))

    def _fail_all(self, problem: HearingError) -> None:
        """Tell everybody who waits; not where another worker goes on."""
        while not self._workers and (request := self._queue.take()) is not None:
            _fail(request, problem)

    def _stop_workers(self) -> None:
        for worker in list(self._workers.values()):
            worker.stop()

    async def _serve(self, number: int) -> None:
        """One worker for ever: opened, given work, and replaced when it dies. The first need not share its start."""
        if number:
            await self._opened.wait()
        while True:
            worker = await self._open(number)
            if worker is None:
                await asyncio.sleep(REOPEN_AFTER_S)
                continue
            try:
                await self._work(worker)
            finally:
                self._workers.pop(number, None)
                worker.stop()

    async def _open(self, number: int) -> Worker | None:
        worker = await asyncio.to_thread(Worker, self._open_engine)
        began = time.perf_counter()
        try:
            await self._in_thread(worker.wait_until_ready, START_TIMEOUT_S)
        except (HearingError, WorkerDiedError) as problem:
            worker.stop()
            self._problem = str(problem) or "the recogniser's process ended while it started"
            self._opened.set()
            self._fail_all(HearingError(self._problem))
            _log.error("recogniser_not_opened", worker=number, why=self._problem)
            return None
        except asyncio.CancelledError:
            worker.stop()
            raise
        self._workers[number], self._problem = worker, ""
        self._opened.set()
        _log.info("recogniser_ready", worker=number, took_s=round(time.perf_counter() - began, 2))
        return worker

    async def _work(self, worker: Worker) -> None:
        """Give utterances to this worker until it dies."""
        while True:
            request = await self._next()
            request.tries += 1
            try:
                heard = await self._in_thread(partial(worker.recognise, request.task), self._timeout_s)
            except HearingError as refusal:
                _fail(request, refusal)
            except WorkerDiedError:
                _log.error("recogniser_died", tries=request.tries)
                if request.tries < MOST_TRIES:
                    await self._again(request)
                else:
                    _fail(request, HearingError("the recogniser died of this utterance twice"))
                return
            except asyncio.CancelledError:
                _fail(request, HearingError("the line is being closed"))
                raise
            else:
                if not request.answer.done():
                    request.answer.set_result(heard)

    async def _next(self) -> _Request:
        """The next one that somebody still waits for."""
        async with self._arrived:
            while True:
                await self._arrived.wait_for(lambda: len(self._queue) > 0)
                request = self._queue.take()
                if request is not None and not request.answer.done():
                    return request

    async def _again(self, request: _Request) -> None:
        async with self._arrived:
            if not self._queue.put("", request):
                _fail(request, HearingError("the recogniser died, and the queue is full"))
            self._arrived.notify()

    async def _in_thread(self, blocking: Callable[[float], T], timeout_s: float) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, blocking, timeout_s)


def _fail(request: _Request, problem: HearingError) -> None:
    if not request.answer.done():
        request.answer.set_exception(problem)


async def open_hearing(settings: HearingSettings | None = None) -> HearingPool:
    """The hearing of this installation, warm. Raises HearingError when no engine can be opened (keys still work)."""
    settings = settings or HearingSettings()
    pool = HearingPool(
        partial(open_recogniser, settings),
        workers=settings.workers,
        queue=settings.queue,
        timeout_s=settings.timeout_s,
        detector=settings.detector,
    )
    try:
        await pool.ready()
    except HearingError:
        await pool.close()
        raise
    return pool
