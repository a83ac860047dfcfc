"""The way in for Telegram: its webhook, or fetching updates where no address of ours can be reached from outside."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from collections.abc import AsyncIterator

import orjson
import structlog
from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response
from telegram import Update
from telegram.error import InvalidToken, RetryAfter, TelegramError

from bot.channels.body import TooLargeError, read_body
from bot.channels.telegram.channel import UPDATES, TelegramChannel, set_up

log = structlog.get_logger()

PATH = "/channels/telegram"
SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 (the name of a header)
MOST_BYTES = 1024 * 1024
LONGEST_PAUSE_S = 60.0
MOST_AT_ONCE = 8  # updates answered side by side when they are fetched
FETCH_TRIES = 5  # for one update, when they are fetched


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
    except TelegramError as problem:
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
    """Long polling, for ever. An update counts as taken only when it was answered or given up after several tries."""
    offset, pause_s = 0, 1.0
    while True:
        try:
            updates = await channel.bot.get_updates(offset=offset, timeout=30, allowed_updates=UPDATES)
            pause_s = 1.0
        except InvalidToken:
            log.error("telegram_token_refused", remedy="check NUANXIAN_TELEGRAM_TOKEN with @BotFather")
            return
        except TelegramError as problem:
            log.warning("telegram_out_of_reach", problem=type(problem).__name__)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            continue
        chats: dict[int | None, list[Update]] = {}
        for update in updates:
            offset = update.update_id + 1
            chats.setdefault(update.effective_chat.id if update.effective_chat else None, []).append(update)
        gate = asyncio.Semaphore(MOST_AT_ONCE)
        await asyncio.gather(*(_in_order(channel, gate, one) for one in chats.values()))


async def _in_order(channel: TelegramChannel, gate: asyncio.Semaphore, updates: list[Update]) -> None:
    """What was said in one chat is answered in the order in which it was said."""
    async with gate:
        for update in updates:
            await _until_sent(channel, update)


async def _until_sent(channel: TelegramChannel, update: Update) -> None:
    pause_s = 1.0
    for _ in range(FETCH_TRIES):
        try:
            await channel.receive(update)
            return
        except RetryAfter as slow:
            wait = slow.retry_after
            await asyncio.sleep(wait if isinstance(wait, int) else wait.total_seconds())
        except TelegramError as problem:
            log.warning("telegram_not_sent", problem=type(problem).__name__)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
        except Exception:
            # A fault of ours, such as a database that is away: the other chats must still be answered.
            log.exception("telegram_update_failed")
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
    log.error("telegram_given_up")
