"""Answers to requests that change something: once a key, with a version, all or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
from fastapi import Request
from starlette.responses import Response

from backend.services.access_ports import Answer
from backend.services.ports import StaleError, Stores, UnitOfWork
from backend.web.api.caller import Caller
from backend.web.api.front import DIGEST
from backend.web.api.problem import ProblemError

LONGEST_KEY = 200
TRIES = 3


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered: a status, the content (None: empty), and the version of what it shows."""

    content: Any
    status: int = 200
    etag: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        return b"" if self.content is None else orjson.dumps(self.content)


def respond(reply: Reply) -> Response:
    return _response(reply.body(), reply.status, reply.etag, reply.headers)


def change(store: Stores, caller: Caller, request: Request, work: Callable[[UnitOfWork], Reply]) -> Response:
    """Carry out `work` in one transaction and answer.

    With an Idempotency-Key the answer is stored in the same transaction: the same request gets it again, another request
    with that key is refused (422). A refused request is not stored: it changed nothing and may be tried again.
    """
    key = _key(request)
    for last in (*[False] * (TRIES - 1), True):
        try:
            return _once(store, caller, request, key, work)
        except StaleError:
            # Two at the same instant: the second looks again, unless it said which version it means.
            if last or "if-match" in request.headers:
                raise
    raise AssertionError("unreachable")


def _once(
    store: Stores, caller: Caller, request: Request, key: str | None, work: Callable[[UnitOfWork], Reply]
) -> Response:
    with store.unit_of_work() as uow:
        if key is not None:
            digest: bytes = request.scope[DIGEST]
            before = uow.answers.claim(caller.login, key, digest, caller.now)
            if before is not None:
                return _replayed(before, digest)
        reply = work(uow)
        if key is not None:
            kept = Answer(request.scope[DIGEST], reply.status, reply.body().decode(), reply.etag)
            uow.answers.keep(caller.login, key, kept)
        uow.commit()
    return respond(reply)


def _replayed(before: Answer, digest: bytes) -> Response:
    if before.request != digest:
        raise ProblemError(
            422, "idempotency-key-reused", "This Idempotency-Key belongs to another request. Use a new one."
        )
    headers = {"Idempotency-Replayed": "true"}
    return _response(before.body.encode(), before.status, before.etag, headers)


def _response(body: bytes, status: int, etag: str | None, headers: dict[str, str]) -> Response:
    if etag is not None:
        headers = headers | {"ETag": etag}
    return Response(body, status, headers, "application/json" if body else None)


def _key(request: Request) -> str | None:
    key = request.headers.get("idempotency-key")
    if key is not None and not (0 < len(key) <= LONGEST_KEY and key.isprintable()):
        raise ProblemError(
            400, "malformed", f"An Idempotency-Key has 1 to {LONGEST_KEY} printable characters."
        )
    return key


def etag(version: int | str) -> str:
    return f'"{version}"'


def expected_version(request: Request) -> int | None:
    """The version that If-Match names; None without the header or with `*`. Raises ProblemError 412 for one that can not be."""
    given = request.headers.get("if-match")
    if given is None or given.strip() == "*":
        return None
    text = given.strip().strip('"')
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ProblemError(412, "stale", "If-Match must be the ETag of this order.")
    return int(text)
