"""The way in for WeChat: the one address that is entered in its console."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import structlog
from fastapi import APIRouter, FastAPI, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.channels.body import TooLargeError, read_body
from bot.channels.contract import BrokenError, ForgedError
from bot.channels.wechat.api import WeChatError
from bot.channels.wechat.channel import WeChatChannel
from bot.channels.wechat.envelope import MOST_BYTES
from bot.channels.wechat.menu import menu_data

log = structlog.get_logger()

LONGEST_ECHO = 1024
LONGEST_PAUSE_S = 60.0


def add_wechat(app: FastAPI, channel: WeChatChannel, path: str) -> None:
    """GET: WeChat checks that the address is ours. POST: a message. Each account has a path of its own."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        menu = asyncio.create_task(_put_menu(channel))
        yield
        menu.cancel()
        await channel.close()

    async def verify(request: Request) -> Response:
        try:
            channel.envelope.check(request.query_params, channel.clock())
        except ForgedError as forged:
            return _forged(forged)
        return PlainTextResponse(request.query_params.get("echostr", "")[:LONGEST_ECHO])

    async def receive(request: Request) -> Response:
        try:
            body = await read_body(request, MOST_BYTES)
        except TooLargeError:
            return Response(status_code=413)
        try:
            xml = channel.envelope.open(request.query_params, body, channel.clock())
            reply = await channel.receive(xml)
        except ForgedError as forged:
            return _forged(forged)
        except BrokenError as broken:
            log.warning("wechat_unreadable", problem=str(broken))
            return PlainTextResponse("")  # an empty answer: it would not become readable by coming again
        return Response(channel.envelope.seal(reply, channel.clock()), media_type="text/xml; charset=utf-8")

    app.include_router(APIRouter(lifespan=lifespan))
    # Plain routes, tried before all others: in a rush, to find a page's route costs as much as to read the message.
    app.router.routes[:0] = [Route(path, receive, methods=["POST"]), Route(path, verify, methods=["GET"])]


def _forged(forged: ForgedError) -> Response:
    log.warning("wechat_forged", problem=str(forged))
    return PlainTextResponse("", status_code=403)


async def _put_menu(channel: WeChatChannel) -> None:
    """The menu belongs to the conversation, so it is put in place at each start, as soon as WeChat can be reached."""
    pause_s = 1.0
    while True:
        try:
            await asyncio.to_thread(channel.api.create_menu, menu_data())
        except WeChatError as problem:
            log.warning("wechat_menu_not_put", code=problem.code)
            if problem.code is not None:
                return  # refused: it would be refused again
        else:
            return
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
