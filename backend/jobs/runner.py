"""Runs what has to be done again and again, in threads of the server process: each job in its rhythm, whatever befalls the others.

Every server process runs the same jobs. What is due stands in the database and is taken under a lock by one of them, so that a
process may die at any moment: another one, or the same after its restart, goes on.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from backend.domain.local_time import local_now

log = logging.getLogger(__name__)

CLOCK_JUMP_S = 30.0
LONGEST_WAIT_S = 2.0  # after failures in a row: once the database is back, what was due speaks within 5 s


@dataclass(frozen=True, slots=True)
class Job:
    """Something to be done every `every_s` seconds. `run` gets the local time and says whether there is more to do at once.

    `close` waits for what `run` began and did not wait for.
    """

    name: str
    every_s: float
    run: Callable[[datetime], bool]
    close: Callable[[], None] | None = None


class Runner:
    """The threads of the jobs. Waiting goes by a clock that never jumps; what is due goes by the local time."""

    def __init__(self, jobs: Sequence[Job], clock: Callable[[], datetime] = local_now) -> None:
        self._jobs, self._clock = jobs, clock
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        for job in self._jobs:
            thread = threading.Thread(target=self._loop, args=(job,), name=f"job-{job.name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, timeout_s: float = 10.0) -> None:
        """Let every job finish what it is doing, all of them within `timeout_s`."""
        self._stopped.set()
        until = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        self._threads.clear()
        for job in self._jobs:
            if job.close is not None:
                job.close()

    def _loop(self, job: Job) -> None:
        failures = 0
        seen = _Clocks(self._clock())
        while not self._stopped.is_set():
            wait_s = job.every_s
            now = self._clock()
            if abs(jump := seen.jump(now)) > CLOCK_JUMP_S:
                log.warning("clock_jumped: job %s, %+.0f s", job.name, jump)
            try:
                if job.run(now):
                    wait_s = 0.0
                failures = 0
            except Exception:
                failures += 1
                wait_s = min(LONGEST_WAIT_S, max(job.every_s, 0.5) * 2 ** min(failures, 6))
                log.exception("job_failed: %s, again in %.0f s", job.name, wait_s)
            self._stopped.wait(wait_s)


class _Clocks:
    """Tells when the local time went on otherwise than time does."""

    def __init__(self, now: datetime) -> None:
        self._local, self._steady = now, time.monotonic()

    def jump(self, now: datetime) -> float:
        """Seconds the local time has gained on the steady clock since the last question."""
        steady = time.monotonic()
        gained = (now - self._local).total_seconds() - (steady - self._steady)
        self._local, self._steady = now, steady
        return gained
