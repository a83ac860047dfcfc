"""Webhooks as jobs: new events become deliveries, deliveries are sent."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta

import httpx

from backend.domain.local_time import local_now
from backend.jobs.runner import Job
from backend.services.ports import Stores
from backend.services.webhooks import Send, Told, deliver, fan_out, waiting

log = logging.getLogger(__name__)

EVERY_S = 1.0
TIMEOUT_S = 10.0
LANES = 8  # webhooks that are told at the same time
LANE_FOR = timedelta(seconds=20)  # then its thread is free for another one


def send(url: str, body: bytes, headers: dict[str, str]) -> Told:
    """POST, without following anybody elsewhere. What the other side says besides its status is not kept."""
    try:
        answer = httpx.post(url, content=body, headers=headers, timeout=TIMEOUT_S, follow_redirects=False)
    except (httpx.HTTPError, httpx.InvalidURL) as problem:
        return Told(None, type(problem).__name__)
    return Told(answer.status_code)


class Lanes:
    """Sends what is due, each webhook in a lane of its own: one that does not answer holds up nobody else."""

    def __init__(self, store: Stores, send: Send = send, clock: Callable[[], datetime] = local_now) -> None:
        self._store, self._send, self._clock = store, send, clock
        self._pool = ThreadPoolExecutor(LANES, thread_name_prefix="webhook")
        self._lanes: dict[str, Future[None]] = {}
        self._closing = threading.Event()

    def run(self, now: datetime) -> bool:
        """Begin with the webhooks that wait and are not being told already. There is never more to do at once."""
        self._lanes = {hook: lane for hook, lane in self._lanes.items() if not lane.done()}
        for hook in waiting(self._store, now):
            if len(self._lanes) == LANES:
                break
            if hook not in self._lanes:
                self._lanes[hook] = self._pool.submit(self._tell, hook, now + LANE_FOR)
        return False

    def sending(self) -> Sequence[Future[None]]:
        return [lane for lane in self._lanes.values() if not lane.done()]

    def close(self) -> None:
        """Wait for what is being sent; what else is due is sent by another process, or after the next start."""
        self._closing.set()
        self._pool.shutdown(cancel_futures=True)

    def _tell(self, hook: str, until: datetime) -> None:
        try:
            while not self._closing.is_set() and self._clock() < until:
                if not deliver(self._store, self._send, hook, self._clock, self._closing.is_set):
                    return
        except Exception:  # what was taken is due again after its lease
            log.exception("webhook_lane_failed: %s", hook)


def webhook_jobs(store: Stores) -> tuple[Job, ...]:
    """The two jobs; in several processes no delivery is sent by two of them at once."""

    def spread(now: datetime) -> bool:
        return fan_out(store, now) > 0

    lanes = Lanes(store)
    return Job("webhook events", EVERY_S, spread), Job("webhook deliveries", EVERY_S, lanes.run, lanes.close)
