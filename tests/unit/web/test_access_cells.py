"""Every cell of `config/access.yaml`, role × action × what a login is bound to, through the doors themselves: each address of the
API and each page and form of the console is asked, and lets in exactly whom the table lets in.

What may be done is written down in `tests/unit/backend/test_access.py`, independently of the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from backend.domain.order import Move, Wanted
from backend.domain.people import Elder
from backend.domain.providers import Provider, Worker
from backend.domain.queue import TaskKind
from backend.domain.staff import Role, StaffUser
from backend.services.accept_order import accept_order
from backend.services.access import actor_of, load_actions_of_moves
from backend.services.call_ports import CallRecord, CallStory
from backend.services.commands import AcceptOrder, OpenTask, PlaceOrder
from backend.services.open_task import open_task
from backend.services.place_order import place_order
from backend.services.plan_day import PlanDay, make_plan
from backend.services.tokens import add_token
from backend.store.open import Store, open_store
from backend.web.app import create_app
from backend.web.calls import calls_router
from config.settings import load_settings
from tests.unit.backend.test_access import EVERYTHING, MAY, NEEDS_BINDING, UNBOUND
from tests.unit.web.conftest import NOW, PASSWORD, hashed, token

HERE, ELSEWHERE, DEPARTMENT, NAME, PHONE = "640106", "640402", "home_service", "马秀兰", "13909510012"
BINDINGS = {"department": (DEPARTMENT, "repair"), "provider": ("p1", "p9"), "worker": ("w1", "w9")}
# plain: what the work needs and no more · here: and the region of the thing · elsewhere: and another one
# other: another department, provider or worker · bare: without what the work needs
CASES = ("plain", "here", "elsewhere", "other", "bare")
# About no order and nobody: a region narrows them as little as anything else.
OF_NOTHING = {
    "catalogue.view", "event.view", "webhook.manage", "token.own", "token.manage", "access_log.view", "staff.manage",
}  # fmt: skip
# People belong to no department, recorded calls to no region.
OF_A_REGION, OF_NO_REGION = {"people.view", "people.edit"}, {"calls.listen"}
NO_DOOR = {"people.forget"}  # `nuanxian people forget` alone


def binding_of(role: Role, case: str) -> dict[str, str] | None:
    """What the login of this case is bound to; None: there is no such case."""
    need = NEEDS_BINDING.get(role)
    if case == "bare" and need is None:
        return None
    mine, others = BINDINGS[need or "department"]
    bound = {need: mine} if need and case != "bare" else {}
    if case in ("here", "elsewhere"):
        bound["region"] = HERE if case == "here" else ELSEWHERE
    return bound | ({need or "department": others} if case == "other" else {})


def may(role: Role, case: str, action: str) -> bool:
    if action not in MAY[role]:
        return False
    if case == "bare":
        return action in UNBOUND
    if case == "elsewhere":
        return action in OF_NOTHING | OF_NO_REGION
    return case != "other" or action in OF_NOTHING | OF_A_REGION


@dataclass
class Who:
    """Somebody with a cookie of the console and a token of the API."""

    client: TestClient
    house: House
    login: str
    secret: str
    csrf: str = ""

    def asks(self, method: str, path: str, body: object = None, **headers: str) -> Response:
        sent = {"Authorization": f"Bearer {self.secret}"} | headers
        return self.client.request(method, f"/api/v1{path}", json=body, headers=sent)

    def opens(self, path: str) -> Response:
        return self.client.get(path, follow_redirects=False)

    def sends(self, path: str, **fields: str) -> Response:
        return self.client.post(path, data={"csrf": self.csrf} | fields, follow_redirects=False)


@dataclass
class House:
    """Everything there is one of: an order, the person it is for, a task, a call, a plan."""

    store: Store
    client: Callable[[], TestClient]
    order: str
    elder: int
    call: int
    plan: str
    people: dict[str, Who] = field(default_factory=dict)
    keys: Iterator[int] = field(default_factory=count)

    def who(self, role: Role, case: str) -> Who:
        login = f"{role}-{case}"
        if login not in self.people:
            with self.store.unit_of_work() as uow:
                user = StaffUser(login, login, role, hashed(), **(binding_of(role, case) or {}))  # type: ignore[arg-type]
                uow.staff.save(user)
                scopes = sorted({f"{action.partition('.')[0]}.*" for action in EVERYTHING})
                _, secret = add_token(uow, actor_of(user, uow), name="x", scopes=scopes, days=9, now=NOW)
                uow.commit()
            client = self.client()
            form = {"csrf": token(client.get("/staff/login")), "login": login, "password": PASSWORD}
            assert client.post("/staff/login", data=form, follow_redirects=False).status_code == 303
            self.people[login] = Who(client, self, login, secret, token(client.get("/staff")))
        return self.people[login]

    def task(self) -> str:
        """A new task of the region: each can be taken once."""
        key = f"task-{next(self.keys)}"
        command = OpenTask(
            key, TaskKind.HANDOFF, key, "13909510012", NOW, "叫个人", "asked_for", who=NAME, region=HERE
        )
        with self.store.unit_of_work() as uow:
            opened = open_task(command, uow)
            uow.commit()
        return str(opened.id)


class NoTapes:
    def story(self, call: CallRecord) -> CallStory | None:
        return None

    def wav(self, call: CallRecord) -> bytes | None:
        return None


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("cells")
    settings = load_settings(db=f"sqlite:///{folder}/cells.sqlite", keys=folder / "keys")
    store = open_store(settings)
    with store.unit_of_work() as uow:
        uow.providers.save(
            [Provider(code, code, DEPARTMENT, HERE, ("cleaning",)) for code in ("p1", "p9")],
            [
                Worker("w1", "丁师傅", "p1", HERE, ("cleaning",)),
                Worker("w9", "白师傅", "p9", HERE, ("cleaning",)),
            ],
        )
        elder = uow.people.save(Elder(None, "key", NAME, (PHONE,), region=HERE))
        order = place_order(
            PlaceOrder(
                key="o", item="cleaning", beneficiary="self", caller=PHONE, session="s", at=NOW, beneficiary_name=NAME,
                phone=PHONE, elder_id=elder.id, region=HERE, wanted=Wanted(asap=True),
            ), uow,
        )  # fmt: skip
        accept_order(AcceptOrder(order.number, NOW, "desk", "w1"), uow)
        other = StaffUser("else", "else", Role.OPERATOR, hashed())
        uow.staff.save(other)
        add_token(uow, actor_of(other, uow), name="x", scopes=["order.view"], days=9, now=NOW)
        call = uow.call_records.begin("s", PHONE, NOW)
        for _ in range(2):
            make_plan(PlanDay(DEPARTMENT, HERE, NOW, NOW.date()), uow)
        uow.commit()
    app = create_app(store, settings, store.live, lambda: NOW)
    app.include_router(calls_router(app.state.desk, NoTapes()))
    plan = f"{DEPARTMENT}.{HERE}.{NOW.date()}.1"  # the first of two versions: who may adopt is told so
    yield House(store, lambda: TestClient(app), order.number, elder.id or 0, call, plan)
    store.close()


def let_in(answer: Response) -> bool:
    """Whether the door opened. 409 and 412: it did, and what was asked for has been overtaken."""
    assert answer.status_code in (200, 201, 202, 204, 303, 403, 404, 409, 412), answer.text
    assert not answer.headers.get("location", "").startswith("/staff/login")
    return answer.status_code not in (403, 404)


def shows(answer: Response, what: str) -> bool:
    return let_in(answer) and what in answer.text


MOVE_PAYLOADS: Mapping[Move, dict[str, object]] = {
    Move.ROUTE: {"department": "town"}, Move.OFFER: {"worker": "w1"}, Move.START: {"place": "门口"},
    Move.FINISH: {"spoken_yes": True}, Move.PAUSE: {"waiting_for": ["户口本"]}, Move.RESCHEDULE: {"asap": True},
}  # fmt: skip


def through_the_api(move: Move) -> Callable[[Who], bool]:
    body = {"move": move.value, "reason": "因为", "payload": MOVE_PAYLOADS.get(move, {})}
    return lambda who: let_in(
        who.asks("POST", f"/orders/{who.house.order}/moves", body, **{"If-Match": '"1"'})
    )


def through_a_form(move: Move) -> Callable[[Who], bool]:
    """With the version of an old page: whoever may do it is told what happened since, and nothing is changed."""
    return lambda who: let_in(
        who.sends(f"/staff/orders/{who.house.order}/{move}", version="1", reason="因为")
    )


ORDER = {"item": "cleaning", "caller": PHONE, "wanted": {"asap": True}, "region": HERE}
API: dict[str, Callable[[Who], bool]] = {
    "order.view": lambda who: let_in(who.asks("GET", f"/orders/{who.house.order}")),
    "order.place": lambda who: let_in(who.asks("POST", "/orders", ORDER)),
    "order.export": lambda who: shows(who.asks("GET", "/exports/orders.csv"), who.house.order),
    "plan.adopt": lambda who: let_in(who.asks("POST", f"/day-plans/{who.house.plan}/adopt")),
    "people.view": lambda who: let_in(who.asks("GET", f"/people/{who.house.elder}")),
    "people.reveal": lambda who: shows(who.asks("GET", f"/orders/{who.house.order}"), PHONE),
    "people.edit": lambda who: let_in(
        who.asks("PATCH", f"/people/{who.house.elder}", {"name": "马"}, **{"If-Match": '"of long ago"'})
    ),
    "task.view": lambda who: let_in(who.asks("GET", f"/tasks/{who.house.task()}")),
    "task.take": lambda who: let_in(who.asks("POST", f"/tasks/{who.house.task()}/take", {})),
    "provider.view": lambda who: shows(who.asks("GET", "/workers"), '"w1"'),
    "catalogue.view": lambda who: let_in(who.asks("GET", "/catalogue")),
    "webhook.manage": lambda who: let_in(who.asks("GET", "/webhooks")),
    "token.own": lambda who: let_in(who.asks("GET", "/tokens")),
    "token.manage": lambda who: shows(who.asks("GET", "/tokens"), '"owner":"else"'),
    "access_log.view": lambda who: let_in(who.asks("GET", "/access-log")),
}
PAGES: dict[str, Callable[[Who], bool]] = {
    "order.view": lambda who: let_in(who.opens(f"/staff/orders/{who.house.order}")),
    "plan.adopt": lambda who: let_in(who.sends(f"/staff/plans/{who.house.plan}/adopt")),
    "people.view": lambda who: let_in(who.opens(f"/staff/elders/{who.house.elder}/family")),
    "people.reveal": lambda who: shows(who.opens(f"/staff/orders/{who.house.order}"), PHONE),
    "people.edit": lambda who: let_in(who.sends(f"/staff/elders/{who.house.elder}/family/code", order="on")),
    "task.view": lambda who: let_in(who.opens(f"/staff/tasks/{who.house.task()}")),
    "task.take": lambda who: let_in(who.sends(f"/staff/tasks/{who.house.task()}/acknowledge")),
    "calls.listen": lambda who: let_in(who.opens(f"/staff/calls/{who.house.call}")),
    "staff.manage": lambda who: let_in(who.opens("/staff/review")),
}
DOORS: list[tuple[str, str, Callable[[Who], bool]]] = [
    *((action, "api", ask) for action, ask in API.items()),
    *((action, "page", ask) for action, ask in PAGES.items()),
    *((action, f"api {move}", through_the_api(move)) for move, action in load_actions_of_moves().items()),
    *((action, f"form {move}", through_a_form(move)) for move, action in load_actions_of_moves().items()),
]
LOGINS = [(role, case) for role in Role for case in CASES if binding_of(role, case) is not None]


def test_every_action_has_a_door_that_is_tried() -> None:
    tried = {action for action, _, _ in DOORS}
    assert tried | NO_DOOR | {"event.view"} == EVERYTHING
    assert not tried & NO_DOOR


@pytest.mark.parametrize(("role", "case"), LOGINS, ids=[f"{role}-{case}" for role, case in LOGINS])
def test_the_doors_open_as_the_table_says(house: House, role: Role, case: str) -> None:
    who = house.who(role, case)
    wrong = {}
    for action, door, ask in DOORS:
        if (found := ask(who)) is not may(role, case, action):
            wrong[f"{action} by {door}"] = found
    assert wrong == {}


@pytest.mark.parametrize(("role", "case"), LOGINS, ids=[f"{role}-{case}" for role, case in LOGINS])
def test_the_stream_of_events_opens_as_the_table_says(
    house: House, role: Role, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if too many listened already: whoever may is told to come back, everybody else is refused before that."""
    monkeypatch.setattr("backend.web.api.events.MOST_STREAMS", 0)
    status = house.who(role, case).asks("GET", "/events").status_code
    assert status == (503 if may(role, case, "event.view") else 403)


@pytest.mark.parametrize(("role", "case"), LOGINS, ids=[f"{role}-{case}" for role, case in LOGINS])
def test_a_page_offers_the_forms_that_would_be_let_in_and_no_others(
    house: House, role: Role, case: str
) -> None:
    """The page and the door ask the same table: nobody is shown a button that refuses them."""
    who = house.who(role, case)
    page = who.opens(f"/staff/orders/{house.order}").text
    offered = set(re.findall(r'action="/staff/orders/\d+/(\w+)"', page))
    actions = load_actions_of_moves()
    assert all(may(role, case, actions[Move(move)]) for move in offered)
    assert ("escalate" in offered) is may(role, case, "order.escalate")


@pytest.mark.parametrize("role", list(Role))
def test_a_token_with_one_scope_opens_that_door_alone(house: House, role: Role) -> None:
    with house.store.unit_of_work() as uow:
        user = uow.staff.get(house.who(role, "plain").login)
        assert user is not None
        _, secret = add_token(uow, actor_of(user, uow), name="x", scopes=["order.view"], days=9, now=NOW)
        uow.commit()
    who = Who(house.client(), house, user.login, secret)
    opened = {action for action, door, ask in DOORS if door.startswith("api") and ask(who)}
    assert opened == {"order.view"}
