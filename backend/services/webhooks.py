"""Webhooks: other systems are told of events, signed, again and again until they have taken them.

Signature: `Nuanxian-Signature: t=SECONDS,v1=HEX`, HMAC-SHA256 over `SECONDS.BODY` with the webhook's secret, so that neither
the body nor its time can be forged. A receiver refuses times that are more than a few minutes away, and tells doubles by
`Nuanxian-Event`: delivery is at least once.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import SplitResult, urlsplit

import orjson

from backend.domain.local_time import LOCAL
from backend.services.access_ports import Delivery, Webhook
from backend.services.events import KNOWN_EVENTS
from backend.services.ports import Stores, UnitOfWork

FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=6)
MOST_ATTEMPTS = 12  # about a day and a half, then a dead letter
EVENTS = 500  # of the outbox, turned into deliveries at once
BATCH = 10  # deliveries to one webhook, taken at once
LEASE = timedelta(
    minutes=2
)  # whoever took a delivery and died leaves it to others after this: BATCH slow answers fit in
LONGEST_URL = 500
TEST_EVENT = "WebhookTested"


class WebhookError(ValueError):
    """A webhook can not be registered like this; the message says why."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the other side said. `status` is None when nobody answered."""

    status: int | None
    error: str | None = None

    @property
    def taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


Send = Callable[[str, bytes, dict[str, str]], Told]  # url, body, headers


def add_webhook(
    uow: UnitOfWork, *, owner: str, url: str, events: Sequence[str], now: datetime, demo: bool
) -> Webhook:
    """The new webhook with its secret. Raises WebhookError."""
    parts = _parts(url)
    local = demo and parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost", "::1"}
    if len(url) > LONGEST_URL or not parts.hostname or (parts.scheme != "https" and not local):
        raise WebhookError("a webhook needs an https address")
    if not url.isprintable() or " " in url:
        raise WebhookError("this is no address")
    if parts.username or parts.password:
        raise WebhookError("the address must not hold a name or password: the signature proves who sends")
    if unknown := set(events) - KNOWN_EVENTS:
        raise WebhookError(
            f"unknown events: {', '.join(sorted(unknown))}; there are: {', '.join(sorted(KNOWN_EVENTS))}"
        )
    webhook = Webhook(
        secrets.token_hex(8), owner, url, secrets.token_urlsafe(32), tuple(dict.fromkeys(events)), now
    )
    uow.webhooks.add(webhook)
    return webhook


def _parts(url: str) -> SplitResult:
    """Raises WebhookError for what is no address."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # read only when asked for
    except ValueError:
        raise WebhookError("this is no address") from None
    return parts


def put_test(uow: UnitOfWork, webhook: Webhook, now: datetime) -> None:
    """Send an event that means nothing, to try the line."""
    body = _body(f"test-{secrets.token_hex(6)}", TEST_EVENT, webhook.id, {}, now)
    uow.webhooks.put(webhook.id, orjson.loads(body)["id"], TEST_EVENT, body, now)


def fan_out(store: Stores, now: datetime) -> int:
    """Turn new events of the outbox into deliveries, each once; how many events that were."""
    with store.unit_of_work() as uow:
        cursor, last = uow.webhooks.cursor(), uow.outbox.last_id()
        # Looked up after the last event: a webhook that is not among them yet hears of all that follow it.
        hooks = uow.webhooks.all()
        events = uow.outbox.after(cursor, limit=EVENTS) if hooks else ()
        if not hooks and last > cursor:
            uow.webhooks.advance(last)
            uow.commit()
        if not events:
            return 0
        for hook in hooks:
            for entry in events:
                if entry.event.name in (hook.events or KNOWN_EVENTS):
                    body = _body(str(entry.id), entry.event.name, entry.event.key, entry.event.data, entry.at)
                    uow.webhooks.put(hook.id, str(entry.id), entry.event.name, body, now)
        uow.webhooks.advance(events[-1].id)
        uow.commit()
    return len(events)


def waiting(store: Stores, now: datetime) -> Sequence[str]:
    """The webhooks that something is to be sent to now, whoever has waited longest first."""
    with store.unit_of_work() as uow:
        return uow.webhooks.waiting(now)


def deliver(
    store: Stores,
    send: Send,
    webhook_id: str,
    clock: Callable[[], datetime],
    closing: Callable[[], bool] = lambda: False,
) -> int:
    """Send a batch of what is due to one webhook; how many were tried.

    Sending happens outside of transactions: the other side may be slow. When it does not answer at all the rest of the batch
    waits with what was tried, so that one dead address costs one time-out. Once this process is `closing` the rest is given
    back, and is due at once for another one.
    """
    begun = clock()
    with store.unit_of_work() as uow:
        taken = uow.webhooks.due(webhook_id, begun, limit=BATCH)
        if not taken:
            return 0
        hook = uow.webhooks.get(webhook_id)
        for delivery in taken:
            uow.webhooks.tried(replace(delivery, next_at=begun + LEASE))
        uow.commit()
    for count, delivery in enumerate(taken, start=1):
        body, now = delivery.body.encode(), clock()
        told = send(hook.url, body, _headers(hook, delivery, body, now))
        tried = after_attempt(delivery, told, clock())
        put_off = told.status is None
        rest = taken[count:] if put_off or closing() else ()
        again = tried.next_at if put_off else begun
        with store.unit_of_work() as uow:
            for one in (tried, *(replace(later, next_at=again) for later in rest)):
                uow.webhooks.tried(one)
            uow.commit()
        if rest:
            return count
    return len(taken)


def after_attempt(delivery: Delivery, told: Told, now: datetime) -> Delivery:
    """What becomes of a delivery after one attempt: delivered, tried again later, or dead."""
    attempts = delivery.attempts + 1
    tried = replace(delivery, attempts=attempts, last_status=told.status, last_error=told.error, next_at=now)
    if told.taken:
        return replace(tried, state="delivered")
    if attempts >= MOST_ATTEMPTS:
        return replace(tried, state="dead")
    return replace(tried, next_at=now + min(LONGEST_WAIT, FIRST_WAIT * 2.5 ** (attempts - 1)))


def signature(secret: str, body: bytes, at: datetime) -> str:
    """The value of the header `Nuanxian-Signature`."""
    seconds = int(at.replace(tzinfo=LOCAL).timestamp())
    digest = hmac.new(secret.encode(), f"{seconds}.".encode() + body, "sha256").hexdigest()
    return f"t={seconds},v1={digest}"


def _headers(hook: Webhook, delivery: Delivery, body: bytes, now: datetime) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "User-Agent": "nuanxian-webhooks/1",
        "Nuanxian-Event": delivery.event,
        "Nuanxian-Signature": signature(hook.secret, body, now),
    }


def _body(event_id: str, name: str, key: str, data: object, at: datetime) -> str:
    return orjson.dumps({"id": event_id, "name": name, "key": key, "at": at, "data": data}).decode()
