"""Tokens of the API, and the log of who saw personal data."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from backend.services.access_ports import TokenNotFoundError
from backend.services.ports import UnitOfWork
from backend.services.tokens import add_token, revoke_token
from backend.web.api.answers import Reply, change, respond
from backend.web.api.caller import Caller
from backend.web.api.cursor import read_cursor, write_cursor
from backend.web.api.desk import Desk, refusals
from backend.web.api.orders import Cursor, Limit
from backend.web.api.problem import ProblemError
from backend.web.api.schemas import TokenIn
from backend.web.api.show import access_shown, page_shown, token_shown

TokenId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]


def tokens_router(desk: Desk) -> APIRouter:
    """`/tokens`."""
    router = APIRouter(prefix="/tokens", tags=["tokens"])

    @router.get("/self", responses=refusals(), summary="Who I am and what I may do")
    def me(caller: Caller = desk.caller) -> Response:
        user = caller.actor.user
        allowed = sorted(action for action in caller.matrix.cells if caller.may(action))
        bound = {
            "region": user.region,
            "department": user.department,
            "provider": user.provider,
            "worker": user.worker,
        }
        content = token_shown(caller.token) | {"role": user.role.value, "bound_to": bound, "may": allowed}
        return respond(Reply(content))

    @router.get("", responses=refusals(), summary="List my tokens; an administrator sees all")
    def index(caller: Caller = desk.caller) -> Response:
        caller.require("token.own")
        owner = None if caller.may("token.manage") else caller.login
        with desk.store.reading() as uow:
            return respond(Reply(page_shown([token_shown(token) for token in uow.tokens.all(owner)], None)))

    @router.post("", status_code=201, responses=refusals(413, 415), summary="Make a token for myself")
    def add(body: TokenIn, request: Request, caller: Caller = desk.caller) -> Response:
        """The secret is told this once. No scope may be given that the token used here does not have."""
        caller.require("token.own")
        if missing := [scope for scope in body.scopes if not caller.grants(scope)]:
            raise ProblemError(
                403, "forbidden", f"This token does not have these scopes itself: {', '.join(missing)}."
            )

        def work(uow: UnitOfWork) -> Reply:
            token, secret = add_token(
                uow, caller.actor, name=body.name, scopes=body.scopes, days=body.days, now=caller.now
            )
            return Reply(token_shown(token) | {"secret": secret}, 201)

        return change(desk.store, caller, request, work)

    @router.delete("/{token}", status_code=204, responses=refusals(404), summary="Revoke a token")
    def revoke(token: TokenId, request: Request, caller: Caller = desk.caller) -> Response:
        """Other processes notice within five seconds."""
        caller.require("token.own")

        def work(uow: UnitOfWork) -> Reply:
            found = uow.tokens.get(token)
            if found.owner != caller.login and not caller.may("token.manage"):
                raise TokenNotFoundError(token)
            revoke_token(uow, token, caller.now)
            return Reply(None, 204)

        response = change(desk.store, caller, request, work)
        desk.door.forget()
        return response

    return router


def access_log_router(desk: Desk) -> APIRouter:
    """`/access-log`."""
    router = APIRouter(tags=["access log"])

    @router.get("/access-log", responses=refusals(), summary="Who saw personal data, newest first")
    def index(
        actor: Annotated[str | None, Query(max_length=64)] = None,
        kind: Annotated[str | None, Query(max_length=20)] = None,
        key: Annotated[
            str | None, Query(max_length=64, description="order number, id of the person …")
        ] = None,
        limit: Limit = 50,
        cursor: Cursor = None,
        caller: Caller = desk.caller,
    ) -> Response:
        caller.require("access_log.view")
        before = read_cursor("access", cursor)
        with desk.store.reading() as uow:
            found = uow.access_log.page(
                before=None if before is None else int(before),
                actor=actor,
                kind=kind,
                key=key,
                limit=limit + 1,
            )
        after = write_cursor("access", found[limit - 1].id) if len(found) > limit else None
        return respond(Reply(page_shown([access_shown(one) for one in found[:limit]], after)))

    return router
