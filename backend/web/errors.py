"""What a person sees when something went wrong: one place that turns errors into a page in plain words.

NotSignedInError                                   303 to the login page (live parts: 401 with HX-Redirect)
ExpiredFormError, ForeignFormError, ForbiddenError 403
FormTooLargeError                                  413
OrderNotFoundError, TaskNotFoundError,
CallNotFoundError, ElderNotFoundError,
PlanNotFoundError, no route                         404
a form or address that makes no sense              404
StaleError, the database is away                   503, try again
anything else                                      500, logged with its trace
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response

from backend.domain.order import OrderNotFoundError
from backend.services.adopt_plan import PlanNotFoundError
from backend.services.call_ports import CallNotFoundError
from backend.services.ports import ElderNotFoundError, StaleError, TaskNotFoundError
from backend.store.engine import AWAY
from backend.web.api.app import PREFIX
from backend.web.api.problem import not_found
from backend.web.forms import ForeignFormError, FormTooLargeError
from backend.web.guard import ExpiredFormError, ForbiddenError, NotSignedInError
from backend.web.headers import HEADERS
from backend.web.pages import Pages

log = logging.getLogger(__name__)

PAGES: dict[type[Exception], tuple[int, str]] = {
    ForbiddenError: (403, "forbidden"),
    ExpiredFormError: (403, "expired"),
    ForeignFormError: (403, "expired"),
    FormTooLargeError: (413, "too_large"),
    OrderNotFoundError: (404, "not_found"),
    TaskNotFoundError: (404, "not_found"),
    CallNotFoundError: (404, "not_found"),
    ElderNotFoundError: (404, "not_found"),
    PlanNotFoundError: (404, "not_found"),
    RequestValidationError: (404, "not_found"),
    StaleError: (503, "busy"),
    **dict.fromkeys(AWAY, (503, "away")),
}
_BY_STATUS = {403: "forbidden", 404: "not_found", 405: "not_found", 413: "too_large", 503: "busy"}


def add_error_pages(app: FastAPI, pages: Pages) -> None:
    """Register the handlers. Parts that a page fetches get the same words without the frame around them."""

    def page(request: Request, status: int, key: str) -> Response:
        text = pages.words.group(f"pages.{key}")
        template = "staff/problem_part.html" if request.headers.get("hx-request") else "staff/problem.html"
        staff = request.url.path.startswith("/staff")
        html = pages.render(template, title=text["title"], text=text["text"], staff=staff)
        return HTMLResponse(html, status_code=status)

    def handler(status: int, key: str) -> Callable[[Request, Exception], Response]:
        return lambda request, error: page(request, status, key)

    def not_signed_in(request: Request, error: Exception) -> Response:
        if request.headers.get("hx-request"):
            return Response(status_code=401, headers={"HX-Redirect": "/staff/login"})
        if request.url.path == "/staff/events":
            return Response(status_code=401)
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        goto = f"?next={quote(path)}" if request.method == "GET" and path != "/staff" else ""
        return RedirectResponse(f"/staff/login{goto}", status_code=303)

    def http(request: Request, error: Exception) -> Response:
        if request.url.path.startswith(f"{PREFIX}/"):  # a line end in the path: no mounted address matches it
            return not_found().response()
        status = error.status_code if isinstance(error, HTTPException) else 500
        return page(request, status, _BY_STATUS.get(status, "broken"))

    def broken(request: Request, error: Exception) -> Response:
        log.error(
            "%s %s failed", request.method, request.scope.get("route") or "unknown route", exc_info=error
        )
        response = page(request, 500, "broken")
        response.headers.update(HEADERS)  # this answer is made outside of the middleware
        return response

    for kind, (status, key) in PAGES.items():
        app.add_exception_handler(kind, handler(status, key))
    app.add_exception_handler(NotSignedInError, not_signed_in)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(Exception, broken)
