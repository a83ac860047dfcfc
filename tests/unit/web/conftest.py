"""A staff console on a fresh SQLite database with a clock that stands still, and the people who sign in to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from html import unescape
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response

from backend.domain.order import Order, Wanted
from backend.domain.queue import Task, TaskKind
from backend.domain.staff import Role, StaffUser
from backend.services.commands import OpenTask, PlaceOrder
from backend.services.open_task import open_task
from backend.services.place_order import place_order
from backend.services.ports import ContactRecord, Line
from backend.services.staff import hash_password
from backend.store.open import Store, open_store
from backend.web.app import create_app
from config.settings import load_settings

NOW = datetime(2026, 11, 24, 10, 0)
PASSWORD = "a-good-password"
PEOPLE = (
    ("operator", "李静", Role.OPERATOR, None),
    ("duty", "王建军", Role.DUTY, None),
    ("home", "马晓燕", Role.DEPARTMENT, "home_service"),
    ("watch", "赵督查", Role.INSPECTOR, None),
)
COUNTIES = {"jinfeng": "640106", "yuanzhou": "640402"}  # the duty staff of two counties


@cache
def hashed() -> str:
    return hash_password(PASSWORD)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Staff:
    """Somebody at the console. `send` fills the token in, as a browser does."""

    client: TestClient

    def sign_in(self, login: str, password: str = PASSWORD, **more: str) -> Response:
        page = self.client.get("/staff/login")
        form = {"csrf": token(page), "login": login, "password": password} | more
        return self.client.post("/staff/login", data=form, follow_redirects=False)

    def get(self, path: str) -> Response:
        return self.client.get(path, follow_redirects=False)

    def send(self, path: str, *, live: bool = False, **fields: str) -> Response:
        fields.setdefault("csrf", token(self.client.get("/staff")))
        headers = {"HX-Request": "true"} if live else {}
        return self.client.post(path, data=fields, headers=headers, follow_redirects=False)


def token(page: Response) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found, page.text[:500]
    return found[1]


def text_of(page: Response) -> str:
    """What a person reads, without tags and runs of blanks."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page.text)))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(load_settings(db=f"sqlite:///{tmp_path}/web.sqlite", keys=tmp_path / "keys"))
    with opened.unit_of_work() as uow:
        for login, name, role, department in PEOPLE:
            uow.staff.save(StaffUser(login, name, role, hashed(), department=department))
        for login, region in COUNTIES.items():
            uow.staff.save(StaffUser(login, login, Role.DUTY, hashed(), region=region))
        uow.commit()
    yield opened
    opened.close()


@pytest.fixture
def app(store: Store, tmp_path: Path, clock: Clock) -> FastAPI:
    return create_app(store, load_settings(keys=tmp_path / "keys"), store.live, clock)


@pytest.fixture
def console(app: FastAPI) -> Callable[[], Staff]:
    """Makes browsers that do not know each other."""
    return lambda: Staff(TestClient(app, raise_server_exceptions=False))


@pytest.fixture
def nobody(console: Callable[[], Staff]) -> Staff:
    return console()


@pytest.fixture
def operator(console: Callable[[], Staff]) -> Staff:
    staff = console()
    assert staff.sign_in("operator").status_code == 303
    return staff


@pytest.fixture
def place(store: Store) -> Callable[..., Order]:
    """Place an order: `place(item="meal", name="马秀兰")`."""
    count = iter(range(10_000))

    def make(item: str = "cleaning", name: str = "马秀兰", at: datetime = NOW, **more: object) -> Order:
        number = next(count)
        values: dict[str, object] = {
            "key": f"order-{number}", "item": item, "beneficiary": "self", "caller": "13909510012",
            "session": f"session-{number}", "at": at, "wanted": Wanted(iso="2026-11-25"), "beneficiary_name": name,
            "place": "长城花园3号楼2单元501", "phone": "13909510012",
        }  # fmt: skip
        with store.unit_of_work() as uow:
            order = place_order(PlaceOrder(**(values | more)), uow)  # type: ignore[arg-type]
            uow.commit()
        return order

    return make


@pytest.fixture
def raise_task(store: Store) -> Callable[..., Task]:
    """Open a task: `raise_task(TaskKind.EMERGENCY, "我摔倒了")`."""

    def make(kind: TaskKind, text: str, at: datetime = NOW, **more: object) -> Task:
        values: dict[str, object] = {
            "key": text, "kind": kind, "session": f"call-{text}", "sender": "13909510012", "at": at, "text": text,
            "why": "fall: 摔倒" if kind is TaskKind.EMERGENCY else "asked_for", "who": "马秀兰", "phone": "13909510012",
        }  # fmt: skip
        with store.unit_of_work() as uow:
            task = open_task(OpenTask(**(values | more)), uow)  # type: ignore[arg-type]
            uow.commit()
        return task

    return make


@pytest.fixture
def talk(store: Store) -> Callable[..., None]:
    """Store a conversation: `talk("session", ("caller", "喂"), ("line", "您好"))`."""

    def make(session: str, *lines: tuple[str, str]) -> None:
        with store.unit_of_work() as uow:
            record = ContactRecord(session, "13909510012", "spoken", {}, NOW, 1)
            uow.contacts.save(record, [Line(NOW, who, text) for who, text in lines])
            uow.commit()

    return make
