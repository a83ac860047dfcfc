"""The API keeps to its own description, whatever is sent: schemathesis tries it within a time budget."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from backend.store.open import Store
from backend.web.api.app import PREFIX
from tests.integration.api.conftest import make_secret

BUDGET_S = 40.0
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
ENDLESS = {"/events"}  # never ends its answer


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
    tried: dict[str, int] = {}
    until = time.monotonic() + BUDGET_S
    for left, operation in zip(range(len(operations), 0, -1), operations, strict=True):
        share_until = time.monotonic() + max(0.5, (until - time.monotonic()) / left)
        _try(operation, headers, share_until, tried)
    assert all(count >= 3 for count in tried.values()), tried


def _try(operation: Any, headers: dict[str, str], until: float, tried: dict[str, int]) -> None:
    @settings(
        max_examples=40, deadline=None, phases=[Phase.explicit, Phase.generate], database=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @_given(operation)
    def one(case: Any) -> None:
        if tried.setdefault(operation.label, 0) >= 3 and time.monotonic() > until:
            return
        tried[operation.label] += 1
        case.call_and_validate(headers=headers, checks=CHECKS)

    one()


def _given(operation: Any) -> Any:
    from hypothesis import given

    return given(case=operation.as_strategy())
