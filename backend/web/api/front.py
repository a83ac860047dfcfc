"""The front door: what never reaches a handler. Pure ASGI, so that an overload costs next to nothing.

413 a body above MOST_BYTES · 415 a body that is no JSON, or compressed · 400 a body or address in no UTF-8, a body that names a
field twice or can not be read · 503 more at once than the
house can carry, with Retry-After. A request that is let in is answered in full: nothing acknowledged is lost.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from email.message import Message as Header
from typing import Any
from urllib.parse import unquote_to_bytes

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.web.api.problem import ProblemError

log = structlog.get_logger()

MOST_BYTES = 256 * 1024
# Requests that are worked on: more threads than that only get in each other's way, and would open connections to the database
# for a moment (`make_engine` keeps ten).
MOST_AT_ONCE = 8
MOST_WAITING = 256  # requests that wait for one of these
LONGEST_WAIT_S = 2.0
# Exports are long and sent as fast as they are read: they have places of their own, and a reader that stands still loses its.
EXPORTS_AT_ONCE = 2
PIECE_TAKEN_WITHIN_S = 30.0
BODY_READ_WITHIN_S = 15.0  # a sender that trickles its body must not hold a place for ever
DIGEST = "nuanxian.body_digest"
_WITH_BODY = {"POST", "PUT", "PATCH"}


class Front:
    """ASGI middleware of the API."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        most_at_once: int = MOST_AT_ONCE,
        most_waiting: int = MOST_WAITING,
        piece_taken_within_s: float = PIECE_TAKEN_WITHIN_S,
    ) -> None:
        self._app = app
        self._places = asyncio.Semaphore(most_at_once)
        self._exports, self._piece_taken_within_s = asyncio.Semaphore(EXPORTS_AT_ONCE), piece_taken_within_s
        self._most_waiting, self._waiting = most_waiting, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            _check_address(scope)
            body = await _checked_body(scope, receive)
            if scope["path"].endswith(
                "/events"
            ):  # open for hours: its number is limited where it is handed out
                await self._app(scope, _replay(body, receive), send)
                return
            if scope["path"].rpartition("/")[0].endswith("/exports"):
                await self._export(scope, _replay(body, receive), send)
                return
            await self._enter()
        except ProblemError as problem:
            await problem.response()(scope, receive, send)
            return
        try:
            await self._app(scope, _replay(body, receive), send)
        finally:
            self._places.release()

    async def _export(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._exports.locked():
            raise _busy("Two exports are being sent already.", wait_s=30)

        async def send_soon(message: Message) -> None:
            async with asyncio.timeout(self._piece_taken_within_s):
                await send(message)

        async with self._exports:
            try:
                await self._app(scope, receive, send_soon)
            except TimeoutError:  # the server ends the connection: the list must not look whole
                log.warning("export_not_read", path=scope["path"])

    async def _enter(self) -> None:
        """Take a place, or refuse honestly."""
        if self._places.locked():
            if self._waiting >= self._most_waiting:
                raise _busy()
            self._waiting += 1
            try:
                async with asyncio.timeout(LONGEST_WAIT_S):
                    await self._places.acquire()
            except TimeoutError:
                raise _busy() from None
            finally:
                self._waiting -= 1
        else:
            await self._places.acquire()  # free: does not wait


def _busy(why: str = "Too much at once.", *, wait_s: int = 1) -> ProblemError:
    return ProblemError(
        503, "overloaded", f"{why} Nothing was done; try again.", headers={"Retry-After": str(wait_s)}
    )


def _check_address(scope: Scope) -> None:
    try:
        text = unquote_to_bytes(scope.get("query_string", b"")).decode("utf-8") + scope["path"]
        text.encode("utf-8")
    except UnicodeError:
        raise ProblemError(400, "malformed", "The address is not in UTF-8.") from None
    if "\0" in text:
        raise ProblemError(400, "malformed", "The address holds a NUL character.")


async def _checked_body(scope: Scope, receive: Receive) -> bytes:
    try:
        async with asyncio.timeout(BODY_READ_WITHIN_S):
            body = await _read(scope, receive)
    except TimeoutError:
        raise ProblemError(408, "request-timeout", "The body took too long to come.") from None
    digest = hashlib.sha256(f"{scope['method']} {scope['path']}\n".encode("utf-8", "surrogatepass"))
    digest.update(body)
    scope[DIGEST] = digest.digest()
    if body and scope["method"] in _WITH_BODY:
        _check_type(scope)
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError:
            raise ProblemError(400, "malformed", "The body is not in UTF-8.") from None
        if "\\u0000" in text or "\0" in text:
            raise ProblemError(400, "malformed", "The body holds a NUL character.")
        _check_json(text)
    return body


def _check_json(text: str) -> None:
    """Whether every reader makes the same of it. What is no JSON at all is told further in."""
    try:
        json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_each_once)
    except json.JSONDecodeError:
        return
    except RecursionError:
        raise ProblemError(400, "malformed", "The body is nested too deeply.") from None
    except ValueError:
        raise ProblemError(400, "malformed", "The body holds a number that is too long.") from None


def _each_once(pairs: list[tuple[str, Any]]) -> None:
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ProblemError(400, "malformed", "The body names a field twice.")


async def _read(scope: Scope, receive: Receive) -> bytes:
    too_large = ProblemError(413, "too-large", f"A body may have {MOST_BYTES} bytes.")
    length = dict(scope["headers"]).get(b"content-length", b"0")
    if not length.isdigit() or int(length) > MOST_BYTES:
        raise too_large
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MOST_BYTES:
            raise too_large
        if not message.get("more_body"):
            return bytes(body)


def _check_type(scope: Scope) -> None:
    headers = dict(scope["headers"])
    if headers.get(b"content-encoding", b"identity").strip().lower() != b"identity":
        raise ProblemError(415, "unsupported-media-type", "A body must not be compressed.")
    given = headers.get(b"content-type", b"")
    if given == b"application/json":
        return
    header = Header()
    header["content-type"] = given.decode("latin-1")
    kind = header.get_content_type()
    if kind != "application/json" and not kind.endswith("+json"):
        raise ProblemError(415, "unsupported-media-type", "A body must be application/json.")
    if (header.get_content_charset("utf-8")) not in {"utf-8", "us-ascii", "utf8"}:
        raise ProblemError(415, "unsupported-media-type", "A body must be in UTF-8.")


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body that was read, once; then whatever the server says (that the client is gone)."""
    messages: list[Any] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return messages.pop() if messages else await receive()

    return again
