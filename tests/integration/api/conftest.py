"""The API on a fresh database of either kind, a clock that stands still, and a token for each kind of caller."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx import Response

from backend.domain.people import Contact, Elder
from backend.domain.providers import Provider, Worker
from backend.domain.staff import Role, StaffUser
from backend.services.access import actor_of
from backend.services.tokens import add_token
from backend.store.open import Store
from backend.web.api.app import create_api
from backend.web.api.limits import RateLimit
from tests.integration.store.conftest import postgres, postgres_url, settings, store, url

__all__ = ["postgres", "postgres_url", "settings", "store", "url"]

NOW = datetime(2026, 11, 24, 10, 0)
EVERYTHING = (
    "order.*", "plan.*", "people.*", "task.*", "provider.*", "catalogue.*", "event.*", "webhook.*", "token.*", "access_log.*",
)  # fmt: skip
USERS = (
    StaffUser("op", "李静", Role.OPERATOR, ""),
    StaffUser("jinfeng", "王静", Role.OPERATOR, "", region="640106"),
    StaffUser("guyuan", "马建国", Role.OPERATOR, "", region="640402"),
    StaffUser("home", "杨玲", Role.DEPARTMENT, "", department="home_service"),
    StaffUser("firm", "暖心", Role.PROVIDER, "", provider="hs-yc"),
    StaffUser("hand", "马师傅", Role.WORKER, "", provider="hs-yc", worker="hs-yc-1"),
    StaffUser("watch", "赵督查", Role.INSPECTOR, ""),
    StaffUser("books", "钱审计", Role.AUDITOR, ""),
    StaffUser("root", "管理员", Role.ADMIN, ""),
)
PROVIDER = Provider("hs-yc", "暖心居家养老服务社", "home_service", "640106", ("meal", "bath"), "09516012345")
WORKERS = (
    Worker("hs-yc-1", "马师傅", "hs-yc", "640106", ("meal",), "13909519991"),
    Worker("hs-yc-2", "丁师傅", "hs-yc", "640106", ("bath",), "13909519992"),
)
PERSON = Elder(
    id=None, key="k1", name="马秀英", phones=("13909510001",), address="银川市金凤区长城花园3号楼2单元501",
    region="640106", id_number="640102194103081234", contacts=(Contact("马晓燕", "13809510001", "女儿"),),
)  # fmt: skip
ORDER = {
    "item": "meal",
    "caller": "13809510001",
    "beneficiary": "我妈",
    "beneficiary_name": "马秀英",
    "phone": "13909510001",
    "place": "银川市金凤区长城花园3号楼2单元501",
    "wanted": {"iso": "2026-11-25T12:00"},
    "details": ["一份", "软和点"],
}


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclass
class Api:
    """Somebody with a token."""

    client: TestClient
    secret: str

    def get(self, path: str, **more: Any) -> Response:
        return self.ask("GET", path, **more)

    def post(self, path: str, body: object = None, **more: Any) -> Response:
        return self.ask("POST", path, json=body, **more)

    def ask(self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any) -> Response:
        sent = {"Authorization": f"Bearer {self.secret}"} | (headers or {})
        return self.client.request(method, path, headers=sent, **more)

    def place(self, **changes: Any) -> dict[str, Any]:
        answer = self.post("/orders", ORDER | changes)
        assert answer.status_code == 201, answer.text
        placed: dict[str, Any] = answer.json()
        return placed

    def move(self, number: str, move: str, *, reason: str = "", **payload: Any) -> Response:
        return self.post(f"/orders/{number}/moves", {"move": move, "reason": reason, "payload": payload})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def people(store: Store) -> None:
    with store.unit_of_work() as uow:
        for user in USERS:
            uow.staff.save(user)
        uow.providers.save([PROVIDER], WORKERS)
        uow.people.save(PERSON)
        uow.commit()


@pytest.fixture
def app(store: Store, clock: Clock, people: None) -> FastAPI:
    return create_api(store, store.live, clock, demo=True, limit=RateLimit(1_000, 10_000))


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def make_secret(
    store: Store, login: str, scopes: tuple[str, ...] = EVERYTHING, *, now: datetime = NOW
) -> str:
    with store.unit_of_work() as uow:
        user = uow.staff.get(login)
        assert user is not None
        _, secret = add_token(uow, actor_of(user, uow), name="test", scopes=scopes, days=30, now=now)
        uow.commit()
    return secret


Login = Callable[..., Api]


@pytest.fixture
def api(client: TestClient, store: Store) -> Login:
    """`api("op")`: the API with a token of this login."""
    return lambda login, scopes=EVERYTHING: Api(client, make_secret(store, login, scopes))


def refused(answer: Response, status: int, code: str) -> dict[str, Any]:
    """The problem document, after checking that it is one."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["type"] == f"urn:nuanxian:problem:{code}"
    assert document["status"] == status
    assert document["title"] and document["detail"]
    return document
