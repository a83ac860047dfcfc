"""The way in for enterprise WeChat: the callback address of the application."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response

from bot.channels.body import TooLargeError, read_body
from bot.channels.contract import BrokenError, ForgedError
from bot.channels.wechat.envelope import MOST_BYTES
from bot.channels.wecom.callback import Callback, read_press, read_shot
from bot.channels.wecom.work import Work

log = structlog.get_logger()

PATH = "/channels/wecom"


def wecom_router(callback: Callback, work: Work, clock: Callable[[], float] = time.time) -> APIRouter:
    """GET: the address is checked. POST: an event; it is answered with nothing within five seconds, or comes again."""
    router = APIRouter(include_in_schema=False)

    @router.get(PATH)
    async def verify(request: Request) -> Response:
        try:
            return PlainTextResponse(callback.echo(request.query_params, clock()))
        except (ForgedError, BrokenError) as refused:
            return _refused(refused)

    @router.post(PATH)
    async def receive(request: Request) -> Response:
        try:
            body = await read_body(request, MOST_BYTES)
            xml = callback.open(request.query_params, body, clock())
        except TooLargeError:
            return Response(status_code=413)
        except (ForgedError, BrokenError) as refused:
            return _refused(refused)
        if press := read_press(xml):
            await run_in_threadpool(work.press, press)
        if shot := read_shot(xml):
            # Posted, not fetched: to fetch a picture may take longer than the platform waits.
            await run_in_threadpool(work.post_shot, shot)
        return PlainTextResponse("")

    return router


def _refused(refused: Exception) -> Response:
    log.warning("wecom_refused", problem=str(refused))
    return PlainTextResponse("", status_code=403)
