"""The way in for Telegram: its webhook, or fetching updates where no address of ours can be reached from outside."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from collections.abc import AsyncIterator

import orjson
import structlog
from fastapi import APIRouter, FastAPI, Request
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response
from telegram import Update
from telegram.error import InvalidToken, TelegramError

from bot.channels.body import TooLargeError, read_body
from bot.channels.telegram.channel import UPDATES, TelegramChannel, set_up
from bot.postman import NotNowError

log = structlog.get_logger()

PATH = "/channels/telegram"
SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 (the name of a header)
MOST_BYTES = 1024 * 1024
LONGEST_PAUSE_S = 60.0


def telegram_router(channel: TelegramChannel, *, public_url: str | None, secret: str | None) -> APIRouter:
    """With `public_url` (https://…, without path) Telegram sends updates there, with `secret`; without, they are fetched."""

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        # Beside the start of the server: Telegram may be out of reach for a while, and the line must not wait for it.
        task = asyncio.create_task(_run(channel, public_url, secret))
        yield
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await channel.close()

    router = APIRouter(include_in_schema=False, lifespan=lifespan)
    if secret:

        @router.post(PATH)
        async def webhook(request: Request) -> Response:
            if not hmac.compare_digest(request.headers.get(SECRET_HEADER, "").encode(), secret.encode()):
                log.warning("telegram_forged")
                return Response(status_code=403)
            return await _take(channel, request)

    return router


async def _take(channel: TelegramChannel, request: Request) -> Response:
    """200 when the update was answered or never can be; 5xx makes Telegram send it again."""
    try:
        body = await read_body(request, MOST_BYTES)
    except TooLargeError:
        return Response(status_code=413)
    try:
        raw = orjson.loads(body)
        await channel.ready()
        update = Update.de_json(raw, channel.bot)
    except TelegramError as problem:
        log.warning("telegram_not_ready", problem=type(problem).__name__)
        return Response(status_code=503)
    except (ValueError, TypeError, KeyError, AttributeError) as problem:
        log.warning("telegram_unreadable", problem=type(problem).__name__)
        return Response(status_code=200)  # it would not become readable by coming again
    try:
        await channel.receive(update)
    except (TelegramError, NotNowError) as problem:
        log.warning("telegram_not_sent", problem=type(problem).__name__)
        return Response(status_code=503)
    return Response(status_code=200)


async def _run(channel: TelegramChannel, public_url: str | None, secret: str | None) -> None:
    """Introduce ourselves until it works; then fetch updates, if they are not sent."""
    webhook = f"{public_url.rstrip('/')}{PATH}" if public_url else None
    pause_s = 1.0
    while True:
        try:
            await set_up(channel, webhook=webhook, secret=secret)
            break
        except InvalidToken:
            log.error("telegram_token_refused", remedy="check NUANXIAN_TELEGRAM_TOKEN with @BotFather")
            return
        except TelegramError as problem:
            log.warning("telegram_out_of_reach", problem=type(problem).__name__)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
    if webhook is None:
        await fetch_updates(channel)


async def fetch_updates(channel: TelegramChannel) -> None:
    """Long polling, for ever. An update counts as taken only when it lies in the database as a letter."""
    offset, pause_s = 0, 1.0
    while True:
        try:
            for update in await channel.bot.get_updates(offset=offset, timeout=30, allowed_updates=UPDATES):
                await channel.post(update)
                offset = update.update_id + 1
            pause_s = 1.0
        except InvalidToken:
            log.error("telegram_token_refused", remedy="check NUANXIAN_TELEGRAM_TOKEN with @BotFather")
            return
        except (TelegramError, SQLAlchemyError) as problem:
            log.warning("telegram_out_of_reach", problem=type(problem).__name__)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
