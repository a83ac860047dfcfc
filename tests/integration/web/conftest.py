"""The whole house on a real port, and a real browser that looks at it. Nothing a page complains of is let pass."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect, sync_playwright

from backend.domain.order import Order, Wanted
from backend.domain.queue import Task, TaskKind
from backend.domain.staff import Role, StaffUser
from backend.services.commands import OpenTask, PlaceOrder
from backend.services.open_task import open_task
from backend.services.place_order import place_order
from backend.services.staff import hash_password
from backend.store.open import Store, open_store
from bot.composition import House, build_dialogue
from bot.conversations import Conversations
from bot.server import build_app
from config.settings import load_settings

CHROMIUM = Path("/usr/bin/chromium")
PASSWORD = "a-good-password"
WIDE: ViewportSize = {"width": 1280, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}
STARTS_WITHIN_S = 20
# What is seen counts here, not how soon: a busy machine may take its time.
expect.set_options(timeout=20_000)


def local_now() -> datetime:
    return datetime.now(ZoneInfo("Asia/Shanghai")).replace(tzinfo=None)


class Server:
    """The app on a port of its own; it can be stopped and started again on the same port."""

    def __init__(self, app: FastAPI) -> None:
        self._app, self._port = app, 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        listener = socket.create_server(("127.0.0.1", self._port))
        self._port = listener.getsockname()[1]
        config = uvicorn.Config(self._app, log_level="warning", ws="none", lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [listener]}, daemon=True)
        self._thread.start()
        until = time.monotonic() + STARTS_WITHIN_S
        while not self._server.started:
            assert self._thread.is_alive(), "the server did not start"
            assert time.monotonic() < until, "the server did not start in time"
            self._thread.join(0.01)

    def stop(self) -> None:
        """At once, as when the power fails: open lines break."""
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(STARTS_WITHIN_S)
        assert not self._thread.is_alive()


@dataclass
class Running:
    """A running house: its server and its store."""

    server: Server
    store: Store

    def place(
        self, key: str = "order", *, item: str = "cleaning", name: str = "马秀兰", **more: Any
    ) -> Order:
        wanted = Wanted(iso=str(self.workday())) if "region" in more else Wanted(asap=True)
        command = PlaceOrder(
            key=key, item=item, beneficiary="self", caller="13909510012", session=f"session-{key}", at=local_now(),
            wanted=wanted, beneficiary_name=name, place="长城花园3号楼2单元501", phone="13909510012", **more,
        )  # fmt: skip
        with self.store.unit_of_work() as uow:
            order = place_order(command, uow)
            uow.commit()
        return order

    @staticmethod
    def workday() -> date:
        """Tomorrow: a whole day that visits fit into."""
        return local_now().date() + timedelta(days=1)

    def raise_task(self, text: str, kind: TaskKind = TaskKind.EMERGENCY) -> Task:
        command = OpenTask(
            key=text, kind=kind, session=f"call-{text}", sender="13909510012", at=local_now(), text=text,
            why="fall: 摔倒", who="马秀兰", phone="13909510012", told=("马丽 女儿 13909510013",),
        )  # fmt: skip
        with self.store.unit_of_work() as uow:
            task = open_task(command, uow)
            uow.commit()
        return task

    def orders(self) -> list[Order]:
        with self.store.reading() as uow:
            return list(uow.orders.queue())


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.fail("Chromium is missing: apt-get install chromium (`make test` does it)")
    with sync_playwright() as playwright:
        # As root, as in a container, Chromium does not start with its sandbox. It only ever sees our own pages here.
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def password_hash() -> str:
    return hash_password(PASSWORD)


@pytest.fixture(scope="module")
def dialogue() -> object:
    return build_dialogue()


@pytest.fixture
def house(tmp_path: Path, dialogue: object, password_hash: str) -> Iterator[Running]:
    settings = load_settings(db=f"sqlite:///{tmp_path}/line.sqlite", keys=tmp_path / "keys")
    store = open_store(settings)
    with store.unit_of_work() as uow:
        uow.staff.save(StaffUser("operator", "李静", Role.OPERATOR, password_hash))
        uow.staff.save(StaffUser("duty", "王建军", Role.DUTY, password_hash))
        uow.commit()
    server = Server(build_app(House(settings, store, Conversations(store, dialogue))))  # type: ignore[arg-type]
    yield Running(server, store)
    server.stop()
    store.close()


@dataclass
class Opened:
    """A page, and everything its console complained of."""

    page: Page
    context: BrowserContext
    complaints: list[str]

    def forgive(self, words: str) -> None:
        """This complaint was meant to come."""
        assert any(words in complaint for complaint in self.complaints), self.complaints
        self.complaints[:] = [complaint for complaint in self.complaints if words not in complaint]


Open = Callable[..., Opened]


@pytest.fixture
def open_page(browser: Browser, house: Running) -> Iterator[Open]:
    """Opens a path in a browser of its own: `open_page("/", viewport=PHONE)`. Complaints of the console fail the test."""
    opened: list[Opened] = []

    def make(path: str = "/", *, viewport: ViewportSize = WIDE, scripts: bool = True) -> Opened:
        context = browser.new_context(viewport=viewport, locale="zh-CN", java_script_enabled=scripts)
        context.set_default_timeout(20_000)
        page, complaints = context.new_page(), []
        page.on(
            "console",
            lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(house.server.url + path)
        opened.append(Opened(page, context, complaints))
        return opened[-1]

    yield make
    complaints = [complaint for one in opened for complaint in one.complaints]
    for one in opened:
        one.context.close()
    assert complaints == []


@pytest.fixture
def sign_in(open_page: Open) -> Callable[..., Opened]:
    """A staff queue, signed in and connected to the live line."""

    def make(login: str = "operator", *, viewport: ViewportSize = WIDE) -> Opened:
        opened = open_page("/staff", viewport=viewport)
        page = opened.page
        page.get_by_label("账号").fill(login)
        page.get_by_label("密码").fill(PASSWORD)
        page.get_by_role("button", name="登录").click()
        expect(page.get_by_text("实时更新中")).to_be_attached()
        return opened

    return make
