"""Signing in and out."""

from __future__ import annotations

import secrets

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from backend.domain.staff import StaffUser
from backend.services.staff import AuthenticationError, LockedError, authenticate
from backend.web.desk import Desk
from backend.web.forms import read_form, refuse_foreign
from backend.web.guard import Visit

MOST_LOGIN, MOST_PASSWORD, MOST_CODE = (
    100,
    1000,
    12,
)  # characters: a longer password would only cost hashing time


def safe_next(path: str) -> str:
    """Where to go after signing in: only a staff page of ours."""
    safe = path == "/staff" or path.startswith(("/staff/orders/", "/staff/tasks", "/staff/plans", "/staff?"))
    return path if safe and "\\" not in path and "//" not in path and path.isprintable() else "/staff"


def login_router(desk: Desk) -> APIRouter:
    """`/staff/login` and `/staff/logout`."""
    router = APIRouter()
    cookie, words = desk.guard.cookie, desk.words

    def page(
        request: Request, problem: str = "", *, login: str = "", goto: str = "/staff", status: int = 200
    ) -> Response:
        badge = cookie.new(None)
        html = desk.pages.render("staff/login.html", csrf=badge.csrf, problem=problem, login=login, goto=goto)
        response = HTMLResponse(html, status_code=status)
        cookie.write(request, response, badge)
        return response

    @router.get("/staff/login")
    def show(request: Request) -> Response:
        return page(request, goto=safe_next(request.query_params.get("next", "")))

    @router.post("/staff/login")
    async def sign_in(request: Request) -> Response:
        refuse_foreign(request)
        fields = await read_form(request)
        goto = safe_next(fields.get("next", ""))
        login, password = (
            fields.get("login", "").strip()[:MOST_LOGIN],
            fields.get("password", "")[:MOST_PASSWORD],
        )
        badge = cookie.read(request)
        if badge is None or not secrets.compare_digest(fields.get("csrf", "").encode(), badge.csrf.encode()):
            return page(request, words("problems.form_expired"), login=login, goto=goto, status=403)
        if not login or not password:
            return page(request, words("problems.login_empty"), login=login, goto=goto, status=422)
        try:
            user = await run_in_threadpool(check, login, password, fields.get("code", "")[:MOST_CODE])
        except LockedError:
            return page(request, words("problems.login_locked"), login=login, goto=goto, status=429)
        except AuthenticationError:
            return page(request, words("problems.login_wrong"), login=login, goto=goto, status=401)
        response = RedirectResponse(goto, status_code=303)
        cookie.write(request, response, cookie.new(user))
        return response

    def check(login: str, password: str, code: str) -> StaffUser:
        now, demo = desk.guard.clock(), desk.guard.demo
        return authenticate(desk.store, login, password, now=now, demo=demo, code=code)

    @router.get("/staff/part/login")
    def still_signed_in(visit: Visit = Depends(desk.guard.visit)) -> Response:
        """Asked by open screens when their login was changed: 401 with the way to the login page when it is over."""
        return Response(status_code=204)

    @router.post("/staff/logout")
    async def sign_out(request: Request) -> Response:
        await desk.guard.form(request)
        response = RedirectResponse("/staff/login", status_code=303)
        cookie.clear(response)
        return response

    return router
