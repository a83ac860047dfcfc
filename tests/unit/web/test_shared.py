"""What many screens ask for at once is made once, and nobody gets what is another's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from backend.domain.access import Actor
from backend.domain.order import Order
from backend.domain.staff import Role, StaffUser
from backend.services.access import load_matrix
from backend.services.live import Live
from backend.services.ports import Event
from backend.store.open import Store
from backend.web.app import create_app
from backend.web.guard import Visit
from backend.web.queue import Filter, OrderList
from backend.web.shared import Shared
from config.settings import load_settings
from tests.unit.web.conftest import NOW

Place = Callable[..., Order]


def visit(login: str, role: Role = Role.OPERATOR, department: str | None = None, **bound: str) -> Visit:
    user = StaffUser(login, login, role, "", department=department, **bound)
    return Visit(user, f"token of {login}", NOW, Actor(user), load_matrix())


async def test_a_value_is_made_once_until_something_happens() -> None:
    live, made = Live(), []
    shared = Shared(live)

    def make() -> int:
        made.append(len(made))
        return len(made)

    assert await asyncio.gather(*(shared.value("x", make) for _ in range(20))) == [1] * 20
    live.publish(Event("OrderPlaced", "11240001", {}))
    assert await shared.value("x", make) == 2


async def test_what_failed_is_made_anew() -> None:
    shared = Shared(Live())

    def fail() -> int:
        raise RuntimeError("the database is away")

    with pytest.raises(RuntimeError):
        await shared.value("x", fail)
    assert await shared.value("x", lambda: 7) == 7


async def test_everybody_gets_their_own_token_and_their_own_sight() -> None:
    shared = Shared(Live())

    def render(anybody: Visit) -> str:
        return f"{anybody.user.region or anybody.user.department} {anybody.csrf}"

    assert await shared.part("list", visit("ann"), render) == "None token of ann"
    assert await shared.part("list", visit("bob"), render) == "None token of bob"
    home = visit("home", Role.DEPARTMENT, "home_service")
    assert await shared.part("list", home, render) == "home_service token of home"
    for login, region in (("cai", "640106"), ("dai", "640402")):
        assert await shared.part("list", visit(login, region=region), render) == f"{region} token of {login}"


@pytest.fixture
def orders(store: Store, tmp_path: Path) -> OrderList:
    app = create_app(store, load_settings(keys=tmp_path / "keys"), store.live, lambda: NOW)
    return OrderList(app.state.desk, Shared(store.live))


async def test_the_list_comes_along_the_stream_line_by_line(orders: OrderList, place: Place) -> None:
    number = place(name="马秀兰\r\ndata: x").number
    message = await orders.message(Filter(), visit("operator"))
    lines = message.split("\r\n")
    assert lines.pop() == ""
    assert all(line.startswith("data: ") for line in lines)
    assert f'id="order-{number}"' in message
    assert 'value="token of operator"' in message


async def test_a_login_that_was_closed_or_changed_is_shown_nothing_more(
    orders: OrderList, store: Store
) -> None:
    with store.reading() as uow:
        stored = {user.login: user for user in uow.staff.all()}
    operator, home = (replace(visit(login), user=stored[login]) for login in ("operator", "home"))
    assert await orders.may_still_look(operator)
    assert await orders.may_still_look(home)
    assert not await orders.may_still_look(visit("nobody"))
    with store.unit_of_work() as uow:
        for changes in ({"login": "operator", "active": False}, {"login": "home", "department": "town"}):
            user = uow.staff.get(str(changes["login"]))
            assert user is not None
            uow.staff.save(replace(user, **changes))  # type: ignore[arg-type]
        uow.commit()
    store.live.publish(Event("OrderPlaced", "11240001", {}), store.live.last_id + 1)
    assert not await orders.may_still_look(operator)
    assert not await orders.may_still_look(home)
