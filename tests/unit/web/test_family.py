"""The relatives of an elder and the pictures of a conversation in the staff console, by role."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from backend.domain.order import Wanted
from backend.domain.people import Elder
from backend.domain.queue import Task, TaskKind
from backend.services.commands import PlaceOrder
from backend.services.place_order import place_order
from backend.store.open import Store
from backend.store.pictures import Pictures
from backend.web.app import create_app
from backend.web.pictures import pictures_router
from config.settings import load_settings
from tests.unit.web.conftest import NOW, Clock, Staff, text_of

JPEG = b"\xff\xd8\xff\xe0 a broken tap"
SESSION = "wechat:wx1:someone"

Console = Callable[[], Staff]


@pytest.fixture
def elder(store: Store) -> int:
    with store.unit_of_work() as uow:
        saved = uow.people.save(Elder(None, "key", "王桂兰", ("13909510001",)))
        uow.commit()
    return saved.id or 0


@pytest.fixture
def app(store: Store, tmp_path: Path, clock: Clock) -> FastAPI:
    settings = load_settings(db="sqlite://", keys=tmp_path / "keys", media=tmp_path / "media")
    app = create_app(store, settings, store.live, clock)
    app.include_router(pictures_router(app.state.desk, Pictures(settings.media, store.cipher)))
    return app


@pytest.fixture
def staff(app: FastAPI) -> Console:
    return lambda: Staff(TestClient(app))


def test_an_operator_reads_out_a_code_that_binds(staff: Console, elder: int, store: Store) -> None:
    operator = staff()
    operator.sign_in("operator")
    page = operator.send(f"/staff/elders/{elder}/family/code", order="on", emergency="on")
    found = re.search(r"绑定码 (\d{3}) (\d{3})", text_of(page))
    assert found
    with store.reading() as uow:
        code = uow.families.code(found[1] + found[2], NOW)
    assert code is not None
    assert (code.elder_id, code.rights.order, code.rights.see, code.rights.emergency) == (
        elder,
        True,
        False,
        True,
    )
    assert found[1] + " " + found[2] not in text_of(operator.get(f"/staff/elders/{elder}/family"))


def test_the_magnet_holds_what_the_platforms_give(
    app: FastAPI, staff: Console, elder: int, store: Store
) -> None:
    asked: list[str] = []

    def link(word: str) -> str:
        asked.append(word)
        return f"https://t.me/bot?start={word}"

    def away(word: str) -> str:
        raise ConnectionError

    app.state.magnet_links = {"telegram": link, "wechat": away}
    operator = staff()
    operator.sign_in("operator")
    page = operator.send(f"/staff/elders/{elder}/family/magnet", see="on")
    assert page.status_code == 200
    assert "<svg" in page.text
    assert "Telegram扫这里" in text_of(page)
    assert "微信扫这里" not in text_of(page)
    with store.reading() as uow:
        assert uow.families.code(asked[0], NOW) is not None
        assert [access.action for access in uow.access_log.page()] == ["magnet"]


def test_a_relative_is_unbound_on_the_elders_word(staff: Console, elder: int, store: Store) -> None:
    from backend.domain.family import ALL_RIGHTS

    with store.unit_of_work() as uow:
        binding = uow.families.bind(elder, "telegram:7", "侄子", ALL_RIGHTS, at=NOW, by="spoken")
        uow.commit()
    operator = staff()
    operator.sign_in("operator")
    assert "侄子" in text_of(operator.get(f"/staff/elders/{elder}/family"))
    operator.send(f"/staff/elders/{elder}/family/{binding.id}/revoke")
    assert "还没有绑定" in text_of(operator.get(f"/staff/elders/{elder}/family"))
    again = operator.send(f"/staff/elders/{elder}/family/{binding.id}/revoke")
    assert "已经解除" in text_of(again)
    with store.reading() as uow:
        assert uow.people.find_caller("telegram:7").wards == ()


def test_who_may_only_look_gets_no_code(staff: Console, elder: int) -> None:
    watcher = staff()
    watcher.sign_in("watch")
    assert watcher.get(f"/staff/elders/{elder}/family").status_code == 200
    assert watcher.send(f"/staff/elders/{elder}/family/code", order="on").status_code == 403


def test_pictures_are_shown_to_those_who_see_the_order_and_each_look_is_noted(
    staff: Console, store: Store, tmp_path: Path
) -> None:
    with store.unit_of_work() as uow:
        order = place_order(
            PlaceOrder("1", "emergency_repair", "self", "13909510001", SESSION, NOW, Wanted(asap=True)), uow
        )
        uow.commit()
    Pictures(tmp_path / "media", store.cipher).keep(SESSION, "1", JPEG)
    operator = staff()
    operator.sign_in("operator")
    part = operator.get(f"/staff/orders/{order.number}/pictures")
    (address,) = set(re.findall(r'src="([^"]+)"', part.text))
    shown = operator.get(address)
    assert (shown.content, shown.headers["content-type"]) == (JPEG, "image/jpeg")
    assert shown.headers["cache-control"] == "no-store"
    assert operator.get(f"/staff/orders/{order.number}/pictures/..%2f..%2fkeys").status_code == 404
    with store.reading() as uow:
        (access,) = uow.access_log.page()
    assert (access.actor, access.action, access.key) == ("operator", "picture.view", order.number)
    other = staff()
    other.sign_in("home")
    with store.reading() as uow:
        department = uow.orders.get(order.number).department
    allowed = department == "home_service"
    assert (other.get(address).status_code == 200) is allowed
    assert staff().get(address).status_code == 303


def test_pictures_of_a_task_are_there_only_for_those_who_work_in_its_region(
    staff: Console, store: Store, tmp_path: Path, raise_task: Callable[..., Task]
) -> None:
    task = raise_task(TaskKind.COMPLAINT, "水管爆了没人来", session=SESSION, place="金凤区长城花园")
    name = Pictures(tmp_path / "media", store.cipher).keep(SESSION, "1", JPEG)
    for login, status in (("operator", 200), ("jinfeng", 200), ("yuanzhou", 404), ("home", 403)):
        somebody = staff()
        somebody.sign_in(login)
        for path in ("", f"/{name}"):
            assert somebody.get(f"/staff/tasks/{task.id}/pictures{path}").status_code == status, (login, path)
