"""The API keeps to its own description, whatever is sent: schemathesis tries it within a time budget.

Left to chance it would never find an order, nor a move that fits it, nor a time that can be wanted: most tries are
given real ones.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from backend.domain.order import Move
from backend.store.open import Store
from backend.web.api.app import PREFIX
from tests.integration.api.conftest import NOW, make_secret

BUDGET_S = 40.0
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
ENDLESS = {"/events"}  # never ends its answer
MOVES = "/orders/{number}/moves"

DAYS = st.dates(NOW.date() - timedelta(days=2), NOW.date() + timedelta(days=740)).map(str)
POINTS = DAYS | st.builds("{}T{:%H:%M}".format, DAYS, st.times())
TIMES = (
    POINTS
    | st.builds("{}/{}".format, POINTS, POINTS)
    | st.sampled_from(["0001-01-01", "9999-12-31", "2026-W48"])
)
RULES = st.none() | st.sampled_from(["FREQ=WEEKLY;BYDAY=MO", "FREQ=DAILY;INTERVAL=²", "x"])
WANTED = st.fixed_dictionaries({"iso": TIMES, "asap": st.booleans(), "recurrence": RULES})
PAYLOADS: dict[Move, st.SearchStrategy[dict[str, Any]]] = {
    Move.ROUTE: st.just({"department": "home_service"}),
    Move.OFFER: st.fixed_dictionaries({"worker": st.sampled_from(["hs-yc-1", "hs-yc-2", "nobody"])}),
    Move.START: st.just({"place": "长城花园3号楼"}),
    Move.PAUSE: st.just({"waiting_for": ["户口本"]}),
    Move.FINISH: st.just({"spoken_yes": True}),
    Move.RESCHEDULE: WANTED,
    Move.ESCALATE: st.just({}) | st.fixed_dictionaries({"level": st.integers(0, 12)}),
}


def _move_body(move: Move) -> st.SearchStrategy[dict[str, Any]]:
    payload = PAYLOADS.get(move, st.just({}))
    return st.fixed_dictionaries(
        {"move": st.just(move.value), "reason": st.just("老人住院了"), "payload": payload}
    )


def _moves(allowed: Callable[[str], Collection[Move]], number: str) -> st.SearchStrategy[dict[str, Any]]:
    """Bodies of moves: mostly of such as this order allows now. None cancels it: it would take no further move."""
    fitting = sorted(set(allowed(number)) - {Move.CANCEL})
    every = sorted(set(Move) - {Move.CANCEL})
    return (st.sampled_from(fitting or every) | st.sampled_from(every)).flatmap(_move_body)


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The description is the same on both databases."""
    return f"sqlite:///{tmp_path / 'store.sqlite'}"


@pytest.mark.slow
def test_every_address_keeps_to_its_description(app: FastAPI, store: Store) -> None:
    headers = {"Authorization": f"Bearer {make_secret(store, 'root')}"}
    house = FastAPI(openapi_url=None)
    house.mount(PREFIX, app)
    schema = schemathesis.openapi.from_asgi(f"{PREFIX}/openapi.json", house)
    operations = [found.ok() for found in schema.get_all_operations() if found.ok().path not in ENDLESS]
    assert len(operations) > 20
    place = {"item": "meal", "caller": "13909510001", "wanted": {"iso": "2026-11-25T12:00"}}
    with TestClient(house) as client:
        numbers = [
            client.post(f"{PREFIX}/orders", json=place, headers=headers).json()["number"] for _ in range(3)
        ]

    def allowed(number: str) -> Collection[Move]:
        with store.reading() as uow:
            return uow.orders.get(number).allowed(NOW)

    tried: dict[str, int] = {}
    answered: Counter[tuple[str, int]] = Counter()
    until = time.monotonic() + BUDGET_S
    for left, operation in zip(range(len(operations), 0, -1), operations, strict=True):
        share_until = time.monotonic() + max(0.5, (until - time.monotonic()) / left)
        _try(operation, headers, share_until, tried, numbers, answered, allowed)
    assert all(count >= 3 for count in tried.values()), tried
    assert answered[MOVES, 200] >= 3, answered
    assert answered["/orders", 201] >= 1, answered


def _try(
    operation: Any,
    headers: dict[str, str],
    until: float,
    tried: dict[str, int],
    numbers: list[str],
    answered: Counter[tuple[str, int]],
    allowed: Callable[[str], Collection[Move]],
) -> None:
    least = 12 if operation.path in (MOVES, "/orders") else 3

    @settings(
        max_examples=40, deadline=None, phases=[Phase.explicit, Phase.generate], database=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(operation.as_strategy(), st.sampled_from([None, *numbers]), WANTED, st.data())
    def one(case: Any, number: str | None, wanted: dict[str, Any], data: st.DataObject) -> None:
        if tried.setdefault(operation.label, 0) >= least and time.monotonic() > until:
            return
        # A line end in an address fits no route at all: whoever mounts the API answers it.
        assume("%0A" not in case.formatted_path)
        tried[operation.label] += 1
        if number is not None:
            _make_real(case, number, wanted, lambda: data.draw(_moves(allowed, number)))
        answer = case.call_and_validate(headers=headers, checks=CHECKS)
        answered[operation.path, answer.status_code] += 1

    one()


def _make_real(
    case: Any, number: str, wanted: dict[str, Any], draw_move: Callable[[], dict[str, Any]]
) -> None:
    """Put an order that there is, a move that there is, and a time into what was made up."""
    if case.path_parameters and "number" in case.path_parameters:
        case.path_parameters = {**case.path_parameters, "number": number}
    if case.operation.path == MOVES:
        case.body = draw_move()
        case.headers = None  # no If-Match of a version that was never there
    elif case.operation.path == "/orders" and case.method.upper() == "POST":
        case.body = {"item": "meal", "caller": "13909510001", "wanted": wanted}
        case.headers = None
