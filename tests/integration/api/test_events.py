"""The stream of events goes on where a listener stopped; webhooks get every event, signed, until they have taken it."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from threading import Event as Signal

import pytest
from sse_starlette import ServerSentEvent

from backend.domain.access import Reach
from backend.domain.staff import Role
from backend.jobs.webhooks import Lanes
from backend.services.access import load_matrix
from backend.services.access_ports import Delivery
from backend.services.events import STAFF_CHANGED
from backend.services.open_task import open_task
from backend.services.ports import Event, Posted, UnitOfWork
from backend.services.staff import bind_login, close_login, open_login, set_password
from backend.services.tokens import read_token, revoke_token
from backend.services.webhooks import MOST_ATTEMPTS, Send, Told, after_attempt, deliver, fan_out, waiting
from backend.store.open import Store
from backend.web.api.caller import Caller, Door
from backend.web.api.desk import Desk
from backend.web.api.events import Streams, in_reach
from backend.web.api.limits import RateLimit
from backend.web.api.problem import ProblemError
from tests.integration.api.conftest import NOW, Api, Clock, Login, make_secret, refused
from tests.integration.store.examples import FALL


@pytest.fixture
def streams(store: Store, clock: Clock) -> Streams:
    return Streams(Desk(store, Door(store, RateLimit(1, 1), clock, demo=True), store.live, demo=True))


@pytest.fixture
def caller(store: Store, people: None) -> Callable[[str], Caller]:
    """`caller("op")`: a request with a token of this login."""

    def make(login: str) -> Caller:
        with store.reading() as uow:
            token, actor = read_token(uow, make_secret(store, login), now=NOW, demo=True)
        return Caller(actor, token, "10.0.0.1", NOW, load_matrix())

    return make


async def take(stream: AsyncIterator[ServerSentEvent], count: int) -> list[ServerSentEvent]:
    return [await anext(stream) for _ in range(count)]


async def test_a_listener_goes_on_where_it_stopped(
    api: Login, streams: Streams, caller: Callable[[str], Caller]
) -> None:
    op = api("op")
    listening = streams.open(None, caller("op"))
    first = (await take(listening, 1))[0]
    numbers = [op.place()["number"] for _ in range(3)]
    heard = await take(listening, 3)
    assert [json.loads(one.data)["key"] for one in heard] == numbers
    assert first.comment == "connected"
    again = streams.open(int(heard[0].id or ""), caller("op"))
    assert [one.id for one in (await take(again, 3))[1:]] == [one.id for one in heard[1:]]
    await listening.aclose()  # type: ignore[attr-defined]
    await again.aclose()  # type: ignore[attr-defined]


async def test_a_listener_that_was_away_too_long_is_told_to_begin_anew(
    api: Login, streams: Streams, store: Store, caller: Callable[[str], Caller]
) -> None:
    op = api("op")
    for _ in range(3):
        op.place()
    with store.unit_of_work() as uow:
        ids = [entry.id for entry in uow.outbox.after(0)]
        uow.outbox.tidy(NOW + timedelta(days=3650))
        uow.commit()
    stream = streams.open(ids[0], caller("op"))
    reset = (await take(stream, 1))[0]
    assert (reset.event, reset.id) == ("reset", str(ids[-1]))
    await stream.aclose()  # type: ignore[attr-defined]


def close_and_open(uow: UnitOfWork, caller: Caller) -> None:
    close_login(uow, caller.login, NOW)
    open_login(uow, caller.login)


ENDS: dict[str, Callable[[UnitOfWork, Caller], object]] = {
    "closed": lambda uow, caller: close_login(uow, caller.login, NOW),
    "closed and opened": lambda uow, caller: close_and_open(uow, caller),
    "password": lambda uow, caller: set_password(uow, caller.login, "another-good-password"),
    "region": lambda uow, caller: bind_login(
        uow, caller.login, role=Role.OPERATOR, department=None, region="640402", provider=None, worker=None
    ),
    "token": lambda uow, caller: revoke_token(uow, caller.token.id, NOW),
}  # fmt: skip


@pytest.mark.parametrize("change", ENDS.values(), ids=ENDS)
async def test_the_stream_of_a_login_that_is_closed_or_changed_ends_at_once(
    api: Login, streams: Streams, store: Store, caller: Callable[[str], Caller], change: Callable[..., object]
) -> None:
    mine, others = caller("op"), caller("jinfeng")
    listening, theirs = streams.open(None, mine), streams.open(None, others)
    for stream in (listening, theirs):
        await take(stream, 1)
    with store.unit_of_work() as uow:
        change(uow, mine)
        uow.commit()
    number = api("jinfeng").place()["number"]
    with pytest.raises(StopAsyncIteration):
        await asyncio.wait_for(anext(listening), 5)
    [heard] = await asyncio.wait_for(take(theirs, 1), 5)
    assert json.loads(heard.data)["key"] == number
    await theirs.aclose()  # type: ignore[attr-defined]


@pytest.mark.parametrize("change", ENDS.values(), ids=ENDS)
async def test_a_stream_tells_what_its_login_may_know_as_it_stands_when_it_begins(
    api: Login, streams: Streams, store: Store, caller: Callable[[str], Caller], change: Callable[..., object]
) -> None:
    """The door remembers a token for some seconds; a stream would go on with it for hours."""
    remembered = caller("op")
    before = streams.open(None, remembered)
    place = int((await take(before, 1))[0].id or "")
    await before.aclose()  # type: ignore[attr-defined]
    with store.unit_of_work() as uow:
        change(uow, remembered)
        uow.commit()
    here = api("jinfeng").place()["number"]
    elsewhere = api("guyuan").place(region="640402")["number"]
    again = streams.open(place, remembered)
    heard = []
    with suppress(TimeoutError):
        async with asyncio.timeout(0.5):
            async for message in again:
                heard += [json.loads(message.data)["key"]] if message.data else []
    await again.aclose()  # type: ignore[attr-defined]
    known = {ENDS["region"]: [elsewhere], ENDS["password"]: [here, elsewhere]}
    assert heard == known.get(change, [])


async def test_a_stream_ends_with_its_token(
    streams: Streams, caller: Callable[[str], Caller], clock: Clock
) -> None:
    listening = streams.open(None, caller("op"))
    await take(listening, 1)
    clock.wait(days=31)
    with pytest.raises(StopAsyncIteration):
        await asyncio.wait_for(anext(listening), 5)


def test_listeners_hear_what_is_in_their_reach() -> None:
    order = Posted(1, NOW, Event("OrderPlaced", "11240001", {"department": "town", "region": "640106"}))
    task = Posted(2, NOW, Event("TaskOpened", "7", {"kind": "emergency"}))
    assert in_reach(order, Reach(), tasks=None)
    assert in_reach(order, Reach(department="town"), tasks=None)
    assert not in_reach(order, Reach(department="repair"), tasks=Reach())
    assert not in_reach(order, Reach(regions=frozenset({"640402"})), tasks=Reach())
    assert (in_reach(task, Reach(), tasks=Reach()), in_reach(task, Reach(), tasks=None)) == (True, False)


def test_listeners_hear_of_late_orders_that_were_reported_to_their_level_or_below() -> None:
    late = Posted(1, NOW, Event("TaskOpened", "7", {"kind": "late", "region": "640100"}))
    around = Reach(frozenset({"640106", "640100", "640000"}))  # of tasks, the city around is theirs, too
    told = [
        in_reach(late, around, tasks=around, levels=Reach(frozenset({one}))) for one in ("640106", "640100")
    ]
    assert told == [False, True]


def test_listeners_hear_of_the_tasks_of_their_region(store: Store) -> None:
    """Also of those whose region nobody knows, and of those that were opened before tasks had one."""
    here, there = Reach(regions=frozenset({"640106"})), Reach(regions=frozenset({"640402"}))
    with store.unit_of_work() as uow:
        start = uow.outbox.last_id()
        open_task(replace(FALL, place="银川市金凤区长城花园"), uow)
        open_task(replace(FALL, key="somewhere"), uow)
        uow.commit()
    with store.reading() as uow:
        near, anywhere = uow.outbox.after(start)
    old = Posted(3, NOW, Event("TaskOpened", "7", {"kind": "emergency"}))
    told = {
        reach: [in_reach(entry, reach, tasks=reach) for entry in (near, anywhere, old)]
        for reach in (here, there)
    }
    assert told == {here: [True, True, True], there: [False, True, True]}


def test_too_many_listeners_are_refused(
    streams: Streams, caller: Callable[[str], Caller], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.web.api.events.MOST_STREAMS", 0)
    with pytest.raises(ProblemError) as refusal:
        streams.open(None, caller("op"))
    assert refusal.value.status == 503


class Receiver:
    """The other side: refuses as often as it is told to, then takes."""

    def __init__(self, *answers: int | None) -> None:
        self.answers, self.got = list(answers), list[tuple[str, bytes, dict[str, str]]]()

    def __call__(self, url: str, body: bytes, headers: dict[str, str]) -> Told:
        self.got.append((url, body, headers))
        status = self.answers.pop(0) if self.answers else 200
        return Told(status, None if status else "ConnectError")


def deliver_due(store: Store, send: Send, clock: Clock) -> int:
    """A batch to each webhook that waits."""
    return sum(deliver(store, send, hook, clock) for hook in waiting(store, clock.now))


def register(api: Api, **changes: object) -> dict[str, str]:
    answer = api.post(
        "/webhooks", {"url": "https://mz.example.gov.cn/hook", "events": ["OrderPlaced"]} | changes
    )
    assert answer.status_code == 201, answer.text
    hook: dict[str, str] = answer.json()
    return hook


def test_an_event_is_told_signed_and_once(api: Login, store: Store, clock: Clock) -> None:
    root = api("root")
    hook = register(root)
    number = api("op").place()["number"]
    api("op").move(number, "accept")
    receiver = Receiver()
    for _ in range(3):
        fan_out(store, clock.now)
        deliver_due(store, receiver, clock)
    [(url, body, headers)] = receiver.got
    assert (url, json.loads(body)["key"], json.loads(body)["name"]) == (hook["url"], number, "OrderPlaced")
    seconds, signature = (part.partition("=")[2] for part in headers["Nuanxian-Signature"].split(","))
    expected = hmac.new(hook["secret"].encode(), f"{seconds}.".encode() + body, "sha256").hexdigest()
    assert signature == expected
    assert int(seconds) == 1795485600  # 2026-11-24 10:00 in Shanghai
    deliveries = root.get(f"/webhooks/{hook['id']}/deliveries").json()["items"]
    assert [(one["state"], one["attempts"]) for one in deliveries] == [("delivered", 1)]
    assert hook["secret"] not in root.get("/webhooks").text


def test_a_webhook_hears_of_what_follows_it_and_of_nothing_before(
    api: Login, store: Store, clock: Clock
) -> None:
    api("op").place()
    fan_out(store, clock.now)  # nobody listens
    register(api("root"))
    number = api("op").place()["number"]
    receiver = Receiver()
    fan_out(store, clock.now)
    deliver_due(store, receiver, clock)
    assert [json.loads(body)["key"] for _, body, _ in receiver.got] == [number]


def test_a_webhook_for_everything_hears_nothing_of_logins(api: Login, store: Store, clock: Clock) -> None:
    register(api("root"), events=[])
    with store.unit_of_work() as uow:
        uow.publish(Event(STAFF_CHANGED, "duty", {}))
        uow.commit()
    api("op").place()
    receiver = Receiver()
    fan_out(store, clock.now)
    deliver_due(store, receiver, clock)
    assert [json.loads(body)["name"] for _, body, _ in receiver.got] == ["OrderPlaced"]


def test_what_is_not_taken_is_sent_again_later_and_later(api: Login, store: Store, clock: Clock) -> None:
    hook = register(api("root"))
    api("op").place()
    fan_out(store, clock.now)
    receiver = Receiver(None, 500, 200)
    waits = []
    for _ in range(60):
        before = len(receiver.got)
        deliver_due(store, receiver, clock)
        if len(receiver.got) > before:
            waits.append(clock.now)
        clock.wait(seconds=1)
    assert [(later - earlier).total_seconds() for earlier, later in pairwise(waits)] == [
        5,
        13,
    ]
    assert {headers["Nuanxian-Event"] for _, _, headers in receiver.got} == {
        receiver.got[0][2]["Nuanxian-Event"]
    }
    dead = api("root").get(f"/webhooks/{hook['id']}/deliveries", params={"state": "dead"}).json()
    assert dead["items"] == []


def test_after_the_last_attempt_it_is_a_dead_letter() -> None:
    delivery = Delivery(1, "h", "7", "OrderPlaced", "{}", 0, NOW, "waiting")
    attempts = 0
    while delivery.state == "waiting":
        delivery = after_attempt(delivery, Told(None, "ConnectError"), delivery.next_at)
        attempts += 1
    assert (delivery.state, attempts, delivery.last_error) == ("dead", MOST_ATTEMPTS, "ConnectError")
    assert timedelta(hours=12) < delivery.next_at - NOW < timedelta(days=3)
    assert after_attempt(replace(delivery, attempts=0), Told(204), NOW).state == "delivered"


def test_whoever_dies_while_sending_leaves_the_delivery_to_others(
    api: Login, store: Store, clock: Clock
) -> None:
    register(api("root"))
    api("op").place()
    fan_out(store, clock.now)

    def dies(url: str, body: bytes, headers: dict[str, str]) -> Told:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deliver_due(store, dies, clock)
    receiver = Receiver()
    assert deliver_due(store, receiver, clock) == 0
    clock.wait(minutes=3)
    assert deliver_due(store, receiver, clock) == 1


def test_whoever_does_not_answer_holds_up_nobody_else(api: Login, store: Store, clock: Clock) -> None:
    dead = register(api("root"), url="https://dead.example/hook")["url"]
    register(api("root"))
    numbers = [api("op").place()["number"] for _ in range(12)]
    fan_out(store, clock.now)
    woken, taken = Signal(), Signal()
    receiver = Receiver()

    def send(url: str, body: bytes, headers: dict[str, str]) -> Told:
        if url == dead:
            assert woken.wait(20)
            return Told(None, "ReadTimeout")
        told = receiver(url, body, headers)
        if len(receiver.got) == len(numbers):
            taken.set()
        return told

    lanes = Lanes(store, send, clock)
    lanes.run(clock.now)
    assert taken.wait(20), "the other webhook waits for the dead one"
    woken.set()
    for lane in lanes.sending():
        lane.result(20)
    lanes.close()
    assert [json.loads(body)["key"] for _, body, _ in receiver.got] == numbers
    assert waiting(store, clock.now) == [], "one time-out puts off the whole batch"


def test_a_signature_is_of_the_moment_of_sending(api: Login, store: Store, clock: Clock) -> None:
    register(api("root"))
    for _ in range(3):
        api("op").place()
    fan_out(store, clock.now)
    receiver = Receiver()

    def slow(url: str, body: bytes, headers: dict[str, str]) -> Told:
        clock.wait(seconds=9)
        return receiver(url, body, headers)

    deliver_due(store, slow, clock)
    times = [int(headers["Nuanxian-Signature"][2:].split(",")[0]) for _, _, headers in receiver.got]
    assert [later - earlier for earlier, later in pairwise(times)] == [9, 9]


def test_addresses_that_can_not_be_told(api: Login) -> None:
    root = api("root")
    for url in (
        "http://example.com/x",
        "ftp://example.com",
        "https://",
        "https://a:b@example.com/",
        "x",
        "https://a\n.b/",
    ):
        refused(root.post("/webhooks", {"url": url}), 422, "invalid")


def test_webhooks_are_for_administrators_and_can_be_tried_and_removed(
    api: Login, store: Store, clock: Clock
) -> None:
    root = api("root")
    refused(api("op").get("/webhooks"), 403, "forbidden")
    refused(root.post("/webhooks", {"url": "https://x.example/", "events": ["Nothing"]}), 422, "invalid")
    hook = register(root)
    assert root.post(f"/webhooks/{hook['id']}/test").status_code == 202
    receiver = Receiver()
    deliver_due(store, receiver, clock)
    assert json.loads(receiver.got[0][1])["name"] == "WebhookTested"
    assert root.ask("DELETE", f"/webhooks/{hook['id']}").status_code == 204
    refused(root.post(f"/webhooks/{hook['id']}/test"), 404, "not-found")
