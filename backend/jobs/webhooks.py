"""Webhooks as jobs: new events become deliveries, deliveries are sent."""

from __future__ import annotations

from datetime import datetime

import httpx

from backend.jobs.runner import Job
from backend.services.ports import Stores
from backend.services.webhooks import Told, deliver_due, fan_out

EVERY_S = 1.0
TIMEOUT_S = 10.0


def send(url: str, body: bytes, headers: dict[str, str]) -> Told:
    """POST, without following anybody elsewhere. What the other side says besides its status is not kept."""
    try:
        answer = httpx.post(url, content=body, headers=headers, timeout=TIMEOUT_S, follow_redirects=False)
    except (httpx.HTTPError, httpx.InvalidURL) as problem:
        return Told(None, type(problem).__name__)
    return Told(answer.status_code)


def webhook_jobs(store: Stores) -> tuple[Job, ...]:
    """The two jobs; in several processes no delivery is sent by two of them at once."""

    def spread(now: datetime) -> bool:
        return fan_out(store, now) > 0

    def deliver(now: datetime) -> bool:
        return deliver_due(store, send, now) > 0

    return Job("webhook events", EVERY_S, spread), Job("webhook deliveries", EVERY_S, deliver)
