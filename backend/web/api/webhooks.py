"""Webhooks: register, list, try, remove, and what did not arrive."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from backend.services.ports import UnitOfWork
from backend.services.webhooks import add_webhook, put_test
from backend.web.api.answers import Reply, change, respond
from backend.web.api.caller import Caller
from backend.web.api.cursor import read_cursor, write_cursor
from backend.web.api.desk import Desk, refusals
from backend.web.api.orders import Cursor, Limit
from backend.web.api.schemas import WebhookIn
from backend.web.api.show import delivery_shown, page_shown, webhook_shown

WebhookId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]
ACTION = "webhook.manage"


def webhooks_router(desk: Desk) -> APIRouter:
    """`/webhooks`."""
    router = APIRouter(prefix="/webhooks", tags=["webhooks"])

    @router.post("", status_code=201, responses=refusals(413, 415), summary="Register a webhook")
    def add(body: WebhookIn, request: Request, caller: Caller = desk.caller) -> Response:
        """The secret that signs its messages is told this once. Each message carries `Nuanxian-Signature: t=…,v1=…`:
        HMAC-SHA256 of `t.body`; refuse old times, and tell doubles by `Nuanxian-Event`."""
        caller.require(ACTION)

        def work(uow: UnitOfWork) -> Reply:
            hook = add_webhook(
                uow, owner=caller.login, url=body.url, events=body.events, now=caller.now, demo=desk.demo
            )
            return Reply(webhook_shown(hook) | {"secret": hook.secret}, 201)

        return change(desk.store, caller, request, work)

    @router.get("", responses=refusals(), summary="List webhooks")
    def index(caller: Caller = desk.caller) -> Response:
        caller.require(ACTION)
        with desk.store.reading() as uow:
            return respond(Reply(page_shown([webhook_shown(hook) for hook in uow.webhooks.all()], None)))

    @router.delete("/{webhook}", status_code=204, responses=refusals(404), summary="Remove a webhook")
    def remove(webhook: WebhookId, request: Request, caller: Caller = desk.caller) -> Response:
        """With everything that was on its way to it."""
        caller.require(ACTION)

        def work(uow: UnitOfWork) -> Reply:
            uow.webhooks.remove(webhook)
            return Reply(None, 204)

        return change(desk.store, caller, request, work)

    @router.post("/{webhook}/test", status_code=202, responses=refusals(404), summary="Send a test message")
    def test(webhook: WebhookId, request: Request, caller: Caller = desk.caller) -> Response:
        caller.require(ACTION)

        def work(uow: UnitOfWork) -> Reply:
            put_test(uow, uow.webhooks.get(webhook), caller.now)
            return Reply({"queued": True}, 202)

        return change(desk.store, caller, request, work)

    @router.get(
        "/{webhook}/deliveries", responses=refusals(404), summary="What was sent, waits, or did not arrive"
    )
    def deliveries(
        webhook: WebhookId,
        state: Annotated[Literal["waiting", "delivered", "dead"] | None, Query()] = None,
        limit: Limit = 50,
        cursor: Cursor = None,
        caller: Caller = desk.caller,
    ) -> Response:
        """Newest first. `dead`: given up after the last attempt."""
        caller.require(ACTION)
        before = read_cursor("deliveries", cursor)
        with desk.store.reading() as uow:
            uow.webhooks.get(webhook)
            found = uow.webhooks.deliveries(
                webhook, state=state, before=None if before is None else int(before), limit=limit + 1
            )
        after = write_cursor("deliveries", found[limit - 1].id) if len(found) > limit else None
        return respond(Reply(page_shown([delivery_shown(one) for one in found[:limit]], after)))

    return router
