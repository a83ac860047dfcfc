"""A login that is closed or changed: its screens, its cookie and its tokens end at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from backend.domain.staff import Role
from backend.services.access import actor_of
from backend.services.events import STAFF_CHANGED
from backend.services.live import LiveEvent
from backend.services.ports import Event, UnitOfWork
from backend.services.staff import bind_login, close_login, open_login, set_password
from backend.services.tokens import InvalidTokenError, add_token, read_token
from backend.store.open import Store
from backend.web.events import changed, topics
from tests.unit.web.conftest import NOW, PASSWORD, Staff

Console = Callable[[], Staff]


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


def test_its_open_stream_ends_and_those_of_others_go_on(store: Store) -> None:
    told: list[LiveEvent] = []
    do(store, lambda uow: close_login(uow, "operator", NOW))
    with store.reading() as uow:
        told = [LiveEvent(one.id, one.event) for one in uow.outbox.after(0)]
    assert [(one.event.name, one.event.key) for one in told] == [(STAFF_CHANGED, "operator")]
    assert (changed(told, "operator"), changed(told, "duty")) == (True, False)
    assert topics(told[0], order="", sees_tasks=True) == set(), "nothing on other screens is fetched for it"
    assert not changed([LiveEvent(1, Event("OrderPlaced", "operator", {}))], "operator")


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


def test_another_role_counts_from_the_next_request_on(operator: Staff, store: Store) -> None:
    assert operator.get("/staff/tasks").status_code == 200
    bound = {"department": "town", "region": None, "provider": None, "worker": None}
    do(store, lambda uow: bind_login(uow, "operator", role=Role.DEPARTMENT, **bound))  # type: ignore[arg-type]
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


def test_a_stream_that_is_asked_for_again_is_refused(operator: Staff, store: Store) -> None:
    do(store, lambda uow: close_login(uow, "operator", NOW))
    assert operator.get("/staff/events").status_code == 401
