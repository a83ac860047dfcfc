"""Live events: every screen hears everything in order, also after it was away for a moment."""

from __future__ import annotations

import asyncio
from threading import Thread

import pytest

from backend.services.live import KEPT, QUEUE_SIZE, RELOAD, Live, LiveEvent, Subscription
from backend.services.ports import Event


def event(key: object) -> Event:
    return Event("OrderPlaced", str(key), {})


async def take(subscription: Subscription, count: int) -> list[LiveEvent]:
    return [await asyncio.wait_for(anext(subscription), 5) for _ in range(count)]


async def test_every_screen_hears_every_event_in_order() -> None:
    live = Live(first_id=1)
    screens = [live.subscribe(), live.subscribe()]
    for key in range(3):
        live.publish(event(key))
    for screen in screens:
        assert [(heard.id, heard.event.key) for heard in await take(screen, 3)] == [
            (1, "0"),
            (2, "1"),
            (3, "2"),
        ]


async def test_a_screen_that_was_away_gets_what_it_missed() -> None:
    live = Live(first_id=1)
    for key in range(5):
        live.publish(event(key))
    screen = live.subscribe(last_id=3)
    live.publish(event("new"))
    assert [heard.id for heard in await take(screen, 3)] == [4, 5, 6]


async def test_a_screen_that_missed_nothing_hears_only_what_is_new() -> None:
    live = Live(first_id=1)
    live.publish(event("old"))
    screen = live.subscribe(last_id=1)
    live.publish(event("new"))
    assert [heard.event.key for heard in await take(screen, 1)] == ["new"]


@pytest.mark.parametrize("last_id", [0, 7, 10**15])
async def test_a_screen_that_was_away_too_long_or_saw_another_life_loads_anew(last_id: int) -> None:
    live = Live(first_id=1)
    for key in range(KEPT + 10):
        live.publish(event(key))
    screen = live.subscribe(last_id=last_id)
    live.publish(event("new"))
    reload, new = await take(screen, 2)
    assert (reload.event.name, reload.id) == (RELOAD, KEPT + 10)
    assert new.event.key == "new"


async def test_a_screen_exactly_as_far_behind_as_is_kept_gets_everything() -> None:
    live = Live(first_id=1)
    for key in range(KEPT + 1):
        live.publish(event(key))
    heard = await take(live.subscribe(last_id=1), KEPT)
    assert [one.id for one in heard] == list(range(2, KEPT + 2))


async def test_a_screen_too_slow_to_follow_is_told_to_load_anew_and_costs_no_memory() -> None:
    live = Live(first_id=1)
    screen = live.subscribe()
    for key in range(QUEUE_SIZE + 1):
        live.publish(event(key))
    await asyncio.sleep(0)
    (reload,) = await take(screen, 1)
    assert (reload.event.name, reload.id) == (RELOAD, QUEUE_SIZE + 1)


async def test_events_from_other_threads_arrive_all_and_in_order() -> None:
    live = Live(first_id=1)
    screen = live.subscribe()
    threads = [Thread(target=lambda: [live.publish(event(key)) for key in range(50)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    heard = await take(screen, 200)
    for thread in threads:
        thread.join()
    assert [one.id for one in heard] == list(range(1, 201))


async def test_a_closed_screen_ends_and_hears_nothing_more() -> None:
    live = Live(first_id=1)
    screen = live.subscribe()
    screen.close()
    screen.close()
    live.publish(event("late"))
    assert [heard async for heard in screen] == []


def test_a_screen_whose_loop_is_gone_does_not_disturb_the_others() -> None:
    live = Live(first_id=1)

    async def open_and_leave() -> None:
        live.subscribe()

    asyncio.run(open_and_leave())
    assert live.publish(event("x")).id == 1


async def test_ids_of_the_outbox_may_have_holes() -> None:
    live = Live()
    live.stand_at(7)
    live.publish(event("a"), 9)
    live.publish(event("b"), 12)
    heard = await take(live.subscribe(last_id=9), 1)
    assert [(one.id, one.event.key) for one in heard] == [(12, "b")]
    assert [one.id for one in await take(live.subscribe(last_id=7), 2)] == [9, 12]


async def test_a_screen_that_knows_more_than_this_process_loads_anew() -> None:
    live = Live()
    live.stand_at(7)
    (reload,) = await take(live.subscribe(last_id=9), 1)
    assert reload.event.name == RELOAD
