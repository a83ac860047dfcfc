"""What waits behind the outbox is counted for whoever watches, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from backend.domain.local_time import local_now
from backend.services.backlog import read_backlog
from backend.services.news import read_events
from backend.services.place_order import place_order
from backend.services.replan import replan_next
from backend.services.webhooks import add_webhook, fan_out
from backend.store.open import Store

from .examples import NOW, PLACE


def test_events_that_nobody_has_read_yet_grow_old(store: Store) -> None:
    now = local_now()
    with store.unit_of_work() as uow:
        assert read_backlog(uow, now).lag_s == {}
        read_events(uow, now)
        replan_next(uow, now)
        place_order(replace(PLACE, key="first"), uow)
        uow.commit()
    fan_out(store, now)
    with store.unit_of_work() as uow:
        add_webhook(uow, owner="root", url="https://example.org/x", events=(), now=now, demo=False)
        place_order(PLACE, uow)
        uow.commit()
    later = local_now() + timedelta(seconds=90)
    with store.unit_of_work() as uow:
        replan_next(uow, now)
        uow.commit()
    with store.reading() as uow:
        found = read_backlog(uow, later)
    assert found.lag_s["webhooks"] >= 90
    assert found.lag_s["news"] >= 90
    assert found.lag_s["plans"] == 0


def test_deliveries_are_counted_by_how_they_stand(store: Store) -> None:
    with store.unit_of_work() as uow:
        hook = add_webhook(uow, owner="root", url="https://example.org/x", events=(), now=NOW, demo=False)
        for count in range(4):
            uow.webhooks.put(hook.id, str(count), "OrderPlaced", "{}", NOW + timedelta(minutes=count))
        first, second = uow.webhooks.due(hook.id, NOW + timedelta(hours=1), limit=2)
        uow.webhooks.tried(replace(first, state="dead", attempts=12))
        uow.webhooks.tried(replace(second, state="delivered"))
        uow.commit()
    with store.reading() as uow:
        found = uow.webhooks.backlog()
    assert (found.waiting, found.dead, found.oldest_due) == (2, 1, NOW + timedelta(minutes=2))
