"""Bad input: every refusal is a problem document, nothing is changed, nothing personal is repeated."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import OperationalError
from starlette.responses import Response, StreamingResponse

from backend.store.open import Store
from backend.web.api.front import MOST_BYTES, Front
from backend.web.api.limits import RateLimit
from backend.web.api.problem import ProblemError
from tests.integration.api.conftest import NOW, ORDER, Api, Clock, Login, make_secret, refused


@pytest.fixture
def url(tmp_path: Path) -> str:
    """What is refused never reaches a database: one kind is enough."""
    return f"sqlite:///{tmp_path / 'store.sqlite'}"


def placed(store: Store) -> int:
    with store.reading() as uow:
        return len(uow.orders.queue())


def test_without_a_valid_token_nothing_opens(api: Login, client: Any, clock: Clock, store: Store) -> None:
    for headers in ({}, {"Authorization": "Bearer nx_wrong"}, {"Authorization": "Basic b3A6"}):
        answer = client.get("/orders", headers=headers)
        refused(answer, 401, "unauthorized")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    op = api("op")
    assert op.get("/orders").status_code == 200
    clock.wait(days=31)
    refused(op.get("/orders"), 401, "unauthorized")


UNFIT: tuple[tuple[dict[str, Any], str], ...] = (
    (ORDER | {"item": "soup"}, "body.item"),
    (ORDER | {"caller": "12"}, "body.caller"),
    (ORDER | {"caller": "not a number"}, "body.caller"),
    (ORDER | {"wanted": {"iso": "tomorrow"}}, "body.wanted.iso"),
    (ORDER | {"wanted": {"iso": "2026-11-25T18:00/2026-11-25T14:00"}}, "body.wanted.iso"),
    (ORDER | {"place": "x" * 501}, "body.place"),
    (ORDER | {"details": ["x"] * 21}, "body.details"),
    (ORDER | {"region": "999999"}, "body.region"),
    (ORDER | {"itme": "meal"}, "body.itme"),
    (ORDER | {"person": 2**31}, "body.person"),
    ({}, "body.item"),
)


def test_a_body_that_does_not_fit_is_told_field_by_field(api: Login, store: Store) -> None:
    op = api("op")
    for body, field in UNFIT:
        document = refused(op.post("/orders", body), 422, "invalid")
        assert field in [error["field"] for error in document["errors"]], body
        assert "13809510001" not in json.dumps(document)
    assert placed(store) == 0


def test_an_unknown_person_is_not_found(api: Login, store: Store) -> None:
    refused(api("op").post("/orders", ORDER | {"person": 999}), 404, "not-found")
    assert placed(store) == 0


NO_BODIES: tuple[tuple[bytes, str, int], ...] = (
    (b"{", "application/json", 400),
    (b"", "application/json", 422),
    (b"[1", "application/json; charset=utf-8", 400),
    ('{"item":"馒头"}'.encode("gbk"), "application/json", 400),
    (b'\xff\xfe{"item":1}', "application/json", 400),
    (b'{"item":"me\\u0000al"}', "application/json", 400),
    (b'{"item":"me\x00al"}', "application/json", 400),
    (b'{"item":"\\ud800"}', "application/json", 422),
    (b"item=meal", "application/x-www-form-urlencoded", 415),
    (b"{}", "application/json; charset=gbk", 415),
    (b"{}", "text/plain", 415),
    (b"{}", "", 415),
    (b"[" * 100_000, "application/json", 400),
    (b'{"item": ' + b"9" * 5000 + b"}", "application/json", 400),
    (b'{"item":' * 5_000 + b"1" + b"}" * 5_000, "application/json", 400),
    (b'{"item": "meal", "item": "bath", "caller": "13909510001", "wanted": {}}', "application/json", 400),
    (
        b'{"item": "meal", "caller": "13909510001", "wanted": {"asap": true, "asap": false}}',
        "application/json",
        400,
    ),
    (b"null", "application/json", 422),
    (b'"x"', "application/json", 422),
)


def test_bodies_that_are_none(api: Login, store: Store) -> None:
    op = api("op")
    for content, kind, status in NO_BODIES:
        answer = op.ask("POST", "/orders", content=content, headers={"Content-Type": kind})
        assert answer.status_code == status, (content[:40], kind, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
    assert placed(store) == 0


def test_a_compressed_body_is_refused(api: Login) -> None:
    answer = api("op").ask("POST", "/orders", json=ORDER, headers={"Content-Encoding": "gzip"})
    assert "compressed" in refused(answer, 415, "unsupported-media-type")["detail"]
    plain = api("op").ask("POST", "/orders", json=ORDER, headers={"Content-Encoding": "identity"})
    assert plain.status_code == 201


def test_a_field_that_nobody_knows_is_told_back_only_in_part(api: Login) -> None:
    document = refused(api("op").post("/orders", ORDER | {"x" * 300: 1}), 422, "invalid")
    assert document["errors"][0]["field"] == "body." + "x" * 40


def test_a_webhook_needs_an_address_that_is_one(api: Login) -> None:
    for url in (
        "https://[::1",
        "https://example.org:99999999/",
        "https://",
        "http://example.org",
        "https://a b/",
    ):
        refused(api("root").post("/webhooks", {"url": url, "events": []}), 422, "invalid")


def test_a_body_that_is_too_large_is_refused_before_it_is_read(api: Login) -> None:
    body = json.dumps(ORDER | {"place": "x" * MOST_BYTES}).encode()
    headers = {"Content-Type": "application/json"}
    refused(api("op").ask("POST", "/orders", content=body, headers=headers), 413, "too-large")
    pieces = iter([body[: MOST_BYTES // 2]] * 3)  # sent in pieces, without a length
    refused(api("op").ask("POST", "/orders", content=pieces, headers=headers), 413, "too-large")


def test_addresses_that_are_none(api: Login) -> None:
    op = api("op")
    refused(op.get("/nothing"), 404, "not-found")
    refused(op.get("/orders/99999999"), 404, "not-found")
    refused(op.get("/orders/soup"), 422, "invalid")
    refused(op.get("/orders?q=%ff%fe"), 400, "malformed")
    refused(op.get("/orders?q=%00"), 400, "malformed")
    refused(op.get("/orders", params={"limit": 0}), 422, "invalid")
    refused(op.get("/orders", params={"state": "lost"}), 422, "invalid")
    answer = op.ask("PUT", "/orders")
    refused(answer, 405, "method-not-allowed")
    assert set(answer.headers["allow"].split(", ")) >= {"GET"}
    refused(op.post("/orders", ORDER, headers={"Idempotency-Key": "x" * 300}), 400, "malformed")


EVIL = (
    "'; DROP TABLE orders; --", "' OR '1'='1", "\" OR 1=1 --", "%' UNION SELECT password FROM staff --", "1); DELETE",
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "{{7*7}}", "${jndi:ldap://x}", "../../etc/passwd",
    "=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(1)", "\tx", "%s%s%n", "\u202etxt.exe", "𠮷野家", "a\u0301" * 20, "\ufeffx",
)  # fmt: skip


def test_injections_are_only_words(api: Login, store: Store) -> None:
    op = api("op")
    for evil in EVIL:
        _only_words(op, evil)
    assert placed(store) == len(EVIL)


def _only_words(op: Api, evil: str) -> None:
    order = op.place(beneficiary_name=evil, place=f"长城花园 {evil}", details=[evil])
    assert op.get(f"/orders/{order['number']}").json()["beneficiary_name"] == evil.strip()
    for path in ("/orders", "/people"):
        assert op.get(path, params={"q": evil.strip()}).status_code == 200
    for name in ("item", "department", "worker"):
        assert op.get("/orders", params={name: evil}).json()["items"] == []
    assert op.move(order["number"], "accept", assignee=evil).json()["assignee"] == evil
    assert op.get("/access-log", params={"actor": evil}).status_code == 403


def test_a_token_that_asks_too_often_is_told_how_long_to_wait() -> None:
    now = [0.0]
    limit = RateLimit(2, 3, lambda: now[0])
    for _ in range(3):
        limit.take("a")
    with pytest.raises(ProblemError) as refusal:
        limit.take("a")
    assert (refusal.value.status, refusal.value.headers["Retry-After"]) == (429, "1")
    limit.take("b")
    now[0] = 0.5
    limit.take("a")
    with pytest.raises(ProblemError):
        limit.take("a")


def test_the_limit_forgets_who_has_not_asked_for_long() -> None:
    limit = RateLimit(0.001, 1, lambda: 0.0, kept=2)
    for key in "abc":
        limit.take(key)
    limit.take("a")  # forgotten: it begins anew
    with pytest.raises(ProblemError):
        limit.take("c")


async def test_an_overload_is_refused_honestly_and_passes() -> None:
    """Two places, one may wait: of ten at once three are answered, the others are told to come back; then all is well."""
    opened = asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await opened.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})

    transport = httpx.ASGITransport(Front(slow, most_at_once=2, most_waiting=1))
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        asking = [asyncio.create_task(client.get("/orders")) for _ in range(10)]
        await asyncio.sleep(0.05)
        opened.set()
        answers = await asyncio.gather(*asking)
        assert sorted(answer.status_code for answer in answers) == [200] * 3 + [503] * 7
        for answer in answers:
            if answer.status_code == 503:
                assert refused(answer, 503, "overloaded")
                assert answer.headers["retry-after"] == "1"
        assert (await client.get("/orders")).status_code == 200


async def test_readers_of_exports_that_stand_still_hold_up_nobody() -> None:
    """Two exports at once; whoever takes no piece for long loses the place, and the connection ends before the list does."""

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(3):
            yield b"row\n"

    async def app(scope: Any, receive: Any, send: Any) -> None:
        answer = StreamingResponse(pieces()) if "exports" in scope["path"] else Response("order")
        await answer(scope, receive, send)

    front = Front(app, most_at_once=1, piece_taken_within_s=0.3)
    taken: list[Any] = []

    async def stalled(message: Any) -> None:
        taken.append(message)
        if message["type"] == "http.response.body":
            await asyncio.sleep(60)

    def reader() -> Any:
        asked: list[Any] = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> Any:
            return asked.pop() if asked else await asyncio.sleep(60)

        return front(scope, receive, stalled)

    scope = {"type": "http", "method": "GET", "path": "/exports/orders.csv", "headers": [], "query_string": b"",
             "asgi": {"spec_version": "2.3"}}  # fmt: skip
    readers = [asyncio.create_task(reader()) for _ in range(2)]
    await asyncio.sleep(0.1)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(front), base_url="http://x") as client:
        assert (await client.get("/orders")).text == "order"
        full = await client.get("/exports/orders.csv")
        assert refused(full, 503, "overloaded")
        assert full.headers["retry-after"] == "30"
        await asyncio.wait_for(asyncio.gather(*readers), 5)
        assert (await client.get("/exports/orders.csv")).text == "row\n" * 3
    assert not any(message.get("more_body") is False for message in taken)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
        max_leaves=12,
    )
)
def test_whatever_json_comes_is_answered_or_refused_in_words(
    app: FastAPI, store: Store, body: object
) -> None:
    async def ask() -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://x", headers=headers) as client:
            for path in ("/orders", "/orders/11240001/moves", "/webhooks", "/tokens"):
                answer = await client.post(path, content=json.dumps(body).encode("utf-8", "surrogatepass"))
                assert 400 <= answer.status_code < 500, answer.text
                assert answer.headers["content-type"] == "application/problem+json"

    secret = make_secret(store, "root", now=NOW)
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    asyncio.run(ask())


def test_while_the_database_is_away_everybody_is_asked_to_come_back(
    api: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("SELECT", {}, Exception("the server closed the connection"))

    monkeypatch.setattr("backend.store.orders.SqlOrders.get", away)
    answer = api("op").get("/orders/11240001")
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:nuanxian:problem:unavailable")
    assert int(answer.headers["retry-after"]) >= 1
