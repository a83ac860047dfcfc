"""Deletion of personal data: on request of a person, and of what is older than its purpose (PIPL articles 19 and 47)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from backend.services.access_ports import Access, Forgotten
from backend.services.ports import Stores, UnitOfWork
from config.retention import Retention

BATCH = 500  # rows a transaction: nobody waits long for it


class OrdersOpenError(Exception):
    """Somebody still has to come to this person: their orders are finished or cancelled first."""

    def __init__(self, numbers: Sequence[str]) -> None:
        super().__init__(f"finish or cancel these orders first: {', '.join(numbers)}")
        self.numbers = numbers


def forget_person(elder_id: int, uow: UnitOfWork, *, at: datetime, actor: str, source: str) -> Forgotten:
    """Erase everything about one person that the database holds. Pictures and recordings are files: the caller's business.

    Raises ElderNotFoundError, or OrdersOpenError while something is still to be done for them.
    """
    if numbers := uow.erasure.open_orders_of(elder_id):
        raise OrdersOpenError(numbers)
    forgotten = uow.erasure.forget_person(elder_id)
    uow.access_log.note([Access(at, actor, None, "people.forget", "person", str(elder_id), source)])
    return forgotten


def apply_retention(store: Stores, rules: Retention, now: datetime) -> bool:
    """Erase one batch of each kind of data that is too old; True when there may be more."""
    with store.unit_of_work() as uow:
        counts = (
            uow.erasure.erase_talk_before(now - timedelta(days=rules.talk), limit=BATCH),
            uow.erasure.erase_orders_before(now - timedelta(days=rules.orders), limit=BATCH),
            uow.erasure.erase_tasks_before(now - timedelta(days=rules.tasks), limit=BATCH),
            uow.answers.forget_before(now - timedelta(days=rules.replies), limit=BATCH),
            uow.webhooks.forget_before(now - timedelta(days=rules.deliveries), limit=BATCH),
        )
        uow.commit()
    return max(counts) >= BATCH
