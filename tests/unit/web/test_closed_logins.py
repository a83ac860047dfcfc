"""A login that is closed or changed: its screens, its cookie and its tokens end at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, MutableMapping
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI

from backend.domain.access import Actor
from backend.domain.order import Order
from backend.domain.staff import Role, StaffUser
from backend.services.access import actor_of, load_matrix
from backend.services.events import STAFF_CHANGED, TOKEN_REVOKED
from backend.services.live import LiveEvent
from backend.services.ports import Event, UnitOfWork
from backend.services.staff import bind_login, close_login, open_login, set_password, start_codes, stop_codes
from backend.services.tokens import InvalidTokenError, add_token, read_token
from backend.store.open import Store
from backend.web.events import topics
from backend.web.guard import Visit
from tests.unit.web.conftest import NOW, PASSWORD, Staff

Console = Callable[[], Staff]
Place = Callable[..., Order]
AT_ONCE_S = 10.0  # for a busy machine; it takes milliseconds


def do(store: Store, work: Callable[[UnitOfWork], object]) -> None:
    with store.unit_of_work() as uow:
        work(uow)
        uow.commit()


def test_a_closed_login_sees_nothing_from_the_next_request_on(
    console: Console, operator: Staff, store: Store
) -> None:
    assert operator.get("/staff/part/login").status_code == 204
    do(store, lambda uow: close_login(uow, "operator", NOW))
    for path in ("/staff", "/staff/orders/11240001", "/staff/part/orders/11240001"):
        assert operator.get(path).headers["location"].startswith("/staff/login"), path
    live = operator.client.get("/staff/part/login", headers={"HX-Request": "true"})
    assert (live.status_code, live.headers["hx-redirect"]) == (401, "/staff/login")
    assert operator.get("/staff/part/tasks").status_code == 303
    assert console().sign_in("operator").status_code == 401
    do(store, lambda uow: open_login(uow, "operator"))
    assert console().sign_in("operator").status_code == 303


class Listener:
    """What a browser hears that keeps `/staff/events` open: the app is asked directly, for a test client waits for the end."""

    def __init__(self, app: FastAPI, staff: Staff, path: str) -> None:
        self.heard = ""
        self._app, self._gone, self._news = app, asyncio.Event(), asyncio.Event()
        where, _, query = path.partition("?")
        cookie = f"nx_staff={staff.client.cookies['nx_staff']}"
        self._scope = {
            "type": "http", "method": "GET", "path": where, "raw_path": where.encode(), "query_string": query.encode(),
            "headers": [(b"cookie", cookie.encode()), (b"host", b"testserver")], "scheme": "http", "http_version": "1.1",
            "client": ("10.0.0.1", 1), "server": ("testserver", 80), "root_path": "", "asgi": {"version": "3.0"},
        }  # fmt: skip
        self.over = asyncio.create_task(self._app(self._scope, self._receive, self._send))

    async def _receive(self) -> dict[str, object]:
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        self.heard += message.get("body", b"").decode()
        self._news.set()

    async def hears(self, words: str) -> None:
        async with asyncio.timeout(AT_ONCE_S):
            while words not in self.heard:
                await self._news.wait()
                self._news.clear()

    async def ends(self) -> None:
        await asyncio.wait_for(asyncio.shield(self.over), AT_ONCE_S)

    async def hang_up(self) -> None:
        self._gone.set()
        await self.over


LISTS = "/staff/events?list=1"
Change = Callable[[UnitOfWork], object]
ENDS: dict[str, Change] = {
    "closed": lambda uow: close_login(uow, "operator", NOW),
    "closed and opened": lambda uow: close_and_open(uow),
    "password": lambda uow: set_password(uow, "operator", "another-good-password"),
    "role": lambda uow: bind(uow, role=Role.DEPARTMENT, department="town"),
    "region": lambda uow: bind(uow, role=Role.OPERATOR, region="640106"),
    "codes": lambda uow: start_codes(uow, "operator"),
    "no codes": lambda uow: stop_codes(uow, "operator"),
}


def close_and_open(uow: UnitOfWork) -> None:
    close_login(uow, "operator", NOW)
    open_login(uow, "operator")


def bind(uow: UnitOfWork, **bound: Any) -> StaffUser:
    nothing = {"department": None, "region": None, "provider": None, "worker": None}
    return bind_login(uow, "operator", **(nothing | bound))


@pytest.mark.parametrize("path", [LISTS, "/staff/events?order=11240001"], ids=["list", "order"])
@pytest.mark.parametrize("change", ENDS.values(), ids=ENDS)
async def test_its_open_stream_ends_at_once_and_those_of_others_go_on(
    app: FastAPI, console: Console, operator: Staff, store: Store, place: Place, change: Change, path: str
) -> None:
    other = console()
    other.sign_in("duty")
    mine, theirs = Listener(app, operator, path), Listener(app, other, path)
    await mine.hears("connected")
    await theirs.hears("connected")
    do(store, change)
    await mine.ends()
    assert "event: login" in mine.heard, "the page asks at once whether it may stay"
    assert not theirs.over.done()
    place()
    await theirs.hears("event: orders")
    assert "event: orders" not in mine.heard
    assert "event: login" not in theirs.heard
    await theirs.hang_up()


async def test_a_stream_that_was_asked_for_a_moment_before_the_login_was_closed_says_nothing(
    app: FastAPI, operator: Staff, store: Store, place: Place
) -> None:
    """The cookie was good when it was read; what follows is asked anew."""
    guard = app.state.desk.guard
    with store.reading() as uow:
        user = uow.staff.get("operator")
    assert user is not None
    before = Visit(user, "x", NOW, Actor(user), load_matrix())
    do(store, lambda uow: close_login(uow, "operator", NOW))
    app.dependency_overrides[guard.visit] = lambda: before
    late = Listener(app, operator, LISTS)
    place()
    await late.ends()
    assert "event: orders" not in late.heard
    assert "event: login" in late.heard


async def test_no_stream_outlasts_its_time(
    app: FastAPI, operator: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.web.events.LASTS_S", 0.05)
    await Listener(app, operator, LISTS).ends()


@pytest.mark.parametrize("change", ENDS.values(), ids=ENDS)
def test_a_cookie_from_before_opens_nothing_ever_again(
    console: Console, operator: Staff, store: Store, change: Change
) -> None:
    do(store, change)
    do(store, close_and_open)
    for path in ("/staff", "/staff/part/orders", "/staff/orders/11240001", "/staff/part/login"):
        answer = operator.get(path)
        assert (answer.status_code, answer.headers["location"][:12]) == (303, "/staff/login"), path
    assert operator.get("/staff/events").status_code == 401


def test_lifting_a_lock_signs_nobody_out(console: Console, operator: Staff, store: Store) -> None:
    for _ in range(5):
        console().sign_in("operator", "wrong")
    do(store, lambda uow: open_login(uow, "operator"))
    assert operator.get("/staff").status_code == 200
    assert console().sign_in("operator").status_code == 303


def test_whoever_is_closed_while_signing_in_does_not_get_in(
    console: Console, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A password takes a while to compare; what was changed meanwhile counts."""

    def closes_meanwhile(password_hash: str, password: str) -> bool:
        do(store, close_and_open)
        return True

    monkeypatch.setattr("backend.services.staff._matches", closes_meanwhile)
    assert console().sign_in("operator").status_code == 401


def test_other_screens_fetch_nothing_for_it() -> None:
    for name in (STAFF_CHANGED, TOKEN_REVOKED):
        assert topics(LiveEvent(1, Event(name, "operator", {})), order="", sees_tasks=True) == set()


def test_a_new_password_ends_what_was_signed_in_with_the_old_one(
    console: Console, operator: Staff, store: Store
) -> None:
    assert operator.get("/staff").status_code == 200
    do(store, lambda uow: set_password(uow, "operator", "another-good-password"))
    for path in ("/staff", "/staff/part/tasks"):
        assert operator.get(path).status_code == 303, path
    assert console().sign_in("operator", PASSWORD).status_code == 401
    assert operator.sign_in("operator", "another-good-password").status_code == 303
    assert operator.get("/staff").status_code == 200


def test_a_lock_is_lifted_by_opening(console: Console, store: Store) -> None:
    for _ in range(5):
        console().sign_in("duty", "wrong")
    assert console().sign_in("duty").status_code == 429
    do(store, lambda uow: open_login(uow, "duty"))
    assert console().sign_in("duty").status_code == 303


def test_another_role_counts_after_signing_in_anew(operator: Staff, store: Store) -> None:
    assert operator.get("/staff/tasks").status_code == 200
    do(store, ENDS["role"])
    assert operator.get("/staff/tasks").status_code == 303
    assert operator.sign_in("operator").status_code == 303
    assert operator.get("/staff/tasks").status_code == 403


def test_the_tokens_of_a_closed_login_are_revoked_for_good(store: Store) -> None:
    with store.unit_of_work() as uow:
        user = uow.staff.get("operator")
        assert user is not None
        _, secret = add_token(uow, actor_of(user, uow), name="x", scopes=["order.view"], days=9, now=NOW)
        uow.commit()
    do(store, lambda uow: close_login(uow, "operator", NOW))
    do(store, lambda uow: open_login(uow, "operator"))
    with store.reading() as uow, pytest.raises(InvalidTokenError):
        read_token(uow, secret, now=NOW + timedelta(minutes=1), demo=False)
