"""Refusals as problem documents (RFC 9457): one place where every error becomes an answer.

AccessDeniedError                        403   what is not in reach is 404, as if it was not there
UnauthorizedError                        401
…NotFoundError, no such address          404
IllegalMoveError                         409   with `allowed`: what may be done instead
StaleError                               412 with If-Match, else 409
PayloadError, UnknownDepartmentError, UnknownWorkerError, WebhookError, TokenError, a body that does not fit its description   422
the database is away or full             503   with Retry-After
what the front door refuses (size, type, encoding, rate, load): see `front.py`
anything else                            500, logged with its trace, told without details
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import compile_path

from backend.domain.access import AccessDeniedError
from backend.domain.order import IllegalMoveError, OrderNotFoundError
from backend.domain.payload import LONGEST_NAME, PayloadError
from backend.domain.queue import AlreadyAcknowledgedError
from backend.services.access_ports import TokenNotFoundError, WebhookNotFoundError
from backend.services.move_order import UnknownDepartmentError, UnknownWorkerError
from backend.services.ports import ElderNotFoundError, StaleError, TaskNotFoundError
from backend.services.tokens import TokenError
from backend.services.webhooks import WebhookError
from backend.store.engine import AWAY

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
TYPES = "urn:nuanxian:problem:"

NOT_FOUND: tuple[type[Exception], ...] = (
    OrderNotFoundError, ElderNotFoundError, TaskNotFoundError, TokenNotFoundError, WebhookNotFoundError,
)  # fmt: skip
UNFIT: tuple[type[Exception], ...] = (
    UnknownDepartmentError, UnknownWorkerError, TokenError, WebhookError,
)  # fmt: skip


class ProblemError(Exception):
    """A refusal with its status. `code` names the kind for programs, `detail` says to people what to do about it."""

    def __init__(
        self, status: int, code: str, detail: str, *, headers: Mapping[str, str] | None = None, **members: Any
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.headers, self.members = dict(headers or {}), members

    def document(self) -> bytes:
        return orjson.dumps(
            {
                "type": TYPES + self.code,
                "title": HTTPStatus(self.status).phrase,
                "status": self.status,
                "detail": self.detail,
            }
            | self.members
        )

    def response(self) -> Response:
        return Response(self.document(), self.status, self.headers, MEDIA_TYPE)


class UnauthorizedError(ProblemError):
    """No token, or none that is valid."""

    def __init__(self, detail: str) -> None:
        super().__init__(401, "unauthorized", detail, headers={"WWW-Authenticate": 'Bearer realm="nuanxian"'})


def not_found(_: Exception | None = None) -> ProblemError:
    return ProblemError(404, "not-found", "There is nothing here, or nothing that this token may see.")


def add_problem_handlers(app: FastAPI) -> None:
    """Register what turns each error into its problem document."""

    def handler(make: Callable[[Request, Any], ProblemError]) -> Callable[[Request, Exception], Response]:
        return lambda request, error: make(request, error).response()

    app.add_exception_handler(ProblemError, handler(lambda _, problem: problem))
    app.add_exception_handler(AccessDeniedError, handler(_denied))
    app.add_exception_handler(IllegalMoveError, handler(_illegal))
    app.add_exception_handler(PayloadError, handler(_payload))
    app.add_exception_handler(StaleError, handler(_stale))
    app.add_exception_handler(AlreadyAcknowledgedError, handler(_taken))
    app.add_exception_handler(RequestValidationError, handler(_invalid))
    app.add_exception_handler(HTTPException, handler(_http))
    app.add_exception_handler(Exception, handler(_broken))
    for kind in AWAY:
        app.add_exception_handler(kind, handler(_away))
    for kind in NOT_FOUND:
        app.add_exception_handler(kind, handler(lambda _, error: not_found(error)))
    for kind in UNFIT:
        app.add_exception_handler(kind, handler(lambda _, error: ProblemError(422, "invalid", str(error))))


def _denied(_: Request, error: AccessDeniedError) -> ProblemError:
    return ProblemError(403, "forbidden", f"This token may not do this: {error.action}.", action=error.action)


def _illegal(_: Request, error: IllegalMoveError) -> ProblemError:
    return ProblemError(
        409, "illegal-move", str(error), state=error.order.state.value, move=error.move.value,
        allowed=[move.value for move in error.allowed],
    )  # fmt: skip


def _payload(_: Request, error: PayloadError) -> ProblemError:
    errors = [{"field": name, "problem": why} for name, why in error.problems.items()]
    return ProblemError(422, "invalid", str(error), errors=errors)


def _stale(request: Request, error: StaleError) -> ProblemError:
    status = 412 if "if-match" in request.headers else 409
    return ProblemError(status, "stale", "It was changed by somebody else. Read it again, then decide anew.")


def _taken(_: Request, error: AlreadyAcknowledgedError) -> ProblemError:
    return ProblemError(409, "already-taken", "Somebody else took this task first.")


def _away(_: Request, error: Exception) -> ProblemError:
    log.warning("database away", kind=type(error).__name__)
    return ProblemError(
        503, "unavailable", "The database is away. Try again, with the same Idempotency-Key.",
        headers={"Retry-After": "2"},
    )  # fmt: skip


def _invalid(_: Request, error: RequestValidationError) -> ProblemError:
    found = error.errors()
    if any(one["type"] == "json_invalid" for one in found):
        return ProblemError(400, "malformed", "The body is no JSON.")
    # What was sent is not repeated: it may hold personal data, and answers end up in logs. A name that nobody knows is cut.
    errors = [
        {"field": ".".join(str(part)[:LONGEST_NAME] for part in one["loc"]), "problem": one["msg"]}
        for one in found
    ]
    return ProblemError(422, "invalid", "The request does not fit its description.", errors=errors)


def _http(request: Request, error: HTTPException) -> ProblemError:
    if error.status_code == 404:
        return not_found()
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(_methods(request)) or headers.get("Allow", "")
    code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
    return ProblemError(error.status_code, code, str(error.detail), headers=headers)


def _methods(request: Request) -> list[str]:
    """The methods of this address as the description has them; the router itself names those of one route only."""
    path = request.url.path.removeprefix(request.scope.get("root_path", ""))
    found: set[str] = set()
    for template, operations in request.app.openapi()["paths"].items():
        if compile_path(template)[0].match(path):
            found |= {method.upper() for method in operations}
    return sorted(found)


def _broken(request: Request, error: Exception) -> ProblemError:
    route = getattr(request.scope.get("route"), "path", "unknown route")
    log.error("request failed", method=request.method, route=route, exc_info=error)
    return ProblemError(500, "internal", "Something is broken here. It was noted.")
