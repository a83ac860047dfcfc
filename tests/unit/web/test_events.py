from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from starlette.requests import Request

from backend.domain.order import Order
from backend.services.live import RELOAD, Live, LiveEvent
from backend.services.ports import Event
from backend.store.open import Store
from backend.web import events
from backend.web.events import gathered, last_seen, messages, topics


def happened(name: str, key: str = "11240001", number: int = 1) -> LiveEvent:
    return LiveEvent(number, Event(name, key, {}))


def test_an_order_changes_the_list_and_the_page_that_shows_it() -> None:
    assert topics(happened("OrderAccepted"), order="11240001", sees_tasks=True) == {"orders", "order"}
    assert topics(happened("OrderAccepted"), order="11240002", sees_tasks=True) == {"orders"}


def test_departments_are_not_told_of_emergencies() -> None:
    assert topics(happened("TaskOpened", "7"), order="", sees_tasks=True) == {"tasks"}
    assert topics(happened("TaskOpened", "7"), order="", sees_tasks=False) == set()
    assert "tasks" not in topics(happened(RELOAD, ""), order="", sees_tasks=False)


def test_after_a_long_absence_everything_is_fetched_again() -> None:
    assert topics(happened(RELOAD, ""), order="11240001", sees_tasks=True) == {
        "orders",
        "order",
        "plans",
        "tasks",
    }


def test_a_message_says_what_changed_and_nothing_about_it() -> None:
    found = messages(
        [happened("OrderPlaced", number=7), happened("OrderPlaced", "11240002", number=8), happened("TaskOpened", "3", 9)],
        order="", sees_tasks=True,
    )  # fmt: skip
    assert [(message.event, message.data, message.id) for message in found] == [
        ("orders", "", "9"),
        ("tasks", "", "9"),
    ]


def request(query: str = "", header: str | None = None) -> Request:
    headers = [(b"last-event-id", header.encode())] if header is not None else []
    return Request(
        {"type": "http", "headers": headers, "query_string": query.encode(), "method": "GET", "path": "/"}
    )


@pytest.mark.parametrize(
    ("query", "header", "seen"),
    [
        ("after=5", None, 5), ("after=5", "9", 9), ("", "9", 9), ("", None, None), ("after=x", None, None),
        ("after=5", "junk", 5), ("after=-1", None, None), ("after=9999999999999999999999", None, None), ("after=²", None, None),
    ],
)  # fmt: skip
def test_a_browser_goes_on_where_it_stopped(query: str, header: str | None, seen: int | None) -> None:
    assert last_seen(request(query, header)) == seen


async def test_many_changes_at_once_become_one_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "GATHER_S", 0.05)
    live = Live(first_id=1)
    subscription = live.subscribe()
    for number in range(20):
        live.publish(Event("OrderPlaced", str(number), {}))
    stream = gathered(subscription)
    batch = await anext(stream)
    assert [event.id for event in batch] == list(range(1, 21))
    subscription.close()
    with pytest.raises(StopAsyncIteration):
        await anext(stream)


async def test_what_happened_during_an_absence_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "GATHER_S", 0.05)
    live = Live(first_id=1)
    for number in range(5):
        live.publish(Event("OrderPlaced", str(number), {}))
    subscription = live.subscribe(3)
    batch = await asyncio.wait_for(anext(gathered(subscription)), 1)
    assert [event.id for event in batch] == [4, 5]
    subscription.close()


def test_a_committed_order_reaches_the_stream(store: Store, place: Callable[..., Order]) -> None:
    before = store.live.last_id
    place()
    assert store.live.last_id == before + 1
