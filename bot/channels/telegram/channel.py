"""The Telegram channel: an update in, the answer sent. Telegram sends an update again until it is told that it was taken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from weakref import WeakValueDictionary

import structlog
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, ReplyParameters, Update
from telegram.error import BadRequest, Forbidden, TelegramError
from telegram.ext import AIORateLimiter, BaseRateLimiter, ExtBot
from telegram.request import HTTPXRequest

from bot.channels.contract import Limits, MediaError, Outgoing, outgoing, utf16_units
from bot.channels.keeper import MOST_PICTURE_BYTES
from bot.channels.reception import Reception, load_channel_words
from bot.channels.telegram.updates import COMMANDS, Received, read_update
from bot.dialogue.turn import Choice

log = structlog.get_logger()

LIMITS = Limits(longest=4096, measure=utf16_units)
MOST_DATA_BYTES = 64  # of what a button sends
TRIES = 3  # when Telegram says «slow down» with the time to wait
FETCH_WITHIN_S = 30.0
API = "https://api.telegram.org"
SENT = "telegram-sent"  # claims of messages whose answer was sent


def make_bot(token: str, api: str = API) -> Bot:
    """The library's own client, with its rate limiter: 30 messages a second, 20 a minute into a group."""
    request = HTTPXRequest(connection_pool_size=32, read_timeout=10, pool_timeout=5)
    limiter: BaseRateLimiter[Any] = AIORateLimiter(max_retries=TRIES)
    return ExtBot(
        token,
        base_url=f"{api}/bot",
        base_file_url=f"{api}/file/bot",
        request=request,
        get_updates_request=HTTPXRequest(connection_pool_size=1, read_timeout=40),
        rate_limiter=limiter,
    )


class TelegramChannel:
    """One bot. `receive` runs in the event loop; the conversation itself in threads."""

    def __init__(self, bot: Bot, reception: Reception) -> None:
        self.bot, self._reception = bot, reception
        self._ready = asyncio.Lock()
        self._initialized = False
        self._talks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def ready(self) -> None:
        """Ask Telegram who we are, once. Raises TelegramError when it can not be reached or does not know the token."""
        async with self._ready:
            if not self._initialized:
                await self.bot.initialize()
                self._initialized = True

    async def close(self) -> None:
        if self._initialized:
            await self.bot.shutdown()
            self._initialized = False

    async def receive(self, update: Update) -> None:
        """Answer one update. Raises TelegramError when the answer could not be sent: the update must come again."""
        await self.ready()
        received = read_update(update, self.bot.bot, self._fetch, load_channel_words()["says"])
        if received is None:
            return
        keeper, message = self._reception.keeper, received.incoming
        key = f"{message.session}:{message.message_id}"
        async with self._talks.setdefault(message.session, asyncio.Lock()):
            # One by one: an update that comes again while its answer is on the way finds it sent.
            if await asyncio.to_thread(keeper.claimed, SENT, key):
                return
            await self._confirm_press(received)
            answer = await asyncio.to_thread(self._reception.receive, message)
            for piece in outgoing(answer.reply, LIMITS):
                await self._send(received, piece)
            await asyncio.to_thread(keeper.claim, SENT, key)

    async def _confirm_press(self, received: Received) -> None:
        """Stop the little clock on the pressed button. Telegram refuses this when it is late, which does no harm."""
        if received.pressed is not None:
            try:
                await self.bot.answer_callback_query(received.pressed)
            except BadRequest as refused:
                log.info("press_not_confirmed", problem=str(refused))

    async def _send(self, received: Received, piece: Outgoing) -> None:
        replies = None
        if received.answers is not None:
            replies = ReplyParameters(received.answers, allow_sending_without_reply=True)
        try:
            await self.bot.send_message(
                received.chat,
                piece.text,
                reply_markup=keyboard(piece.choices),
                reply_parameters=replies,
            )
        except Forbidden:
            log.info("telegram_blocked_by_person")  # they stopped the bot: not an error, and nobody to tell
        except BadRequest as refused:
            # To send it again would be refused again: tell the operator, and let the next message through.
            log.error("telegram_refused", problem=str(refused))

    def _fetch(self, file_id: str) -> Callable[[], bytes]:
        """Called in the event loop; what it returns is called in a thread, so it goes back to the loop to fetch."""
        loop = asyncio.get_running_loop()

        def fetch() -> bytes:
            waiting = asyncio.run_coroutine_threadsafe(self._download(file_id), loop)
            try:
                return waiting.result(FETCH_WITHIN_S)
            except (TelegramError, TimeoutError) as problem:
                waiting.cancel()
                raise MediaError(f"Telegram: {type(problem).__name__}") from None

        return fetch

    async def _download(self, file_id: str) -> bytes:
        file = await self.bot.get_file(file_id)
        if file.file_size and file.file_size > MOST_PICTURE_BYTES:
            raise MediaError("the file is too large")
        return bytes(await file.download_as_bytearray())


def keyboard(choices: tuple[Choice, ...]) -> InlineKeyboardMarkup | None:
    """The quick answers, each on a row of its own: large enough for unsteady fingers."""
    if not choices:
        return None
    return InlineKeyboardMarkup([
        [InlineKeyboardButton(choice.label, callback_data=_data(choice))] for choice in choices
    ])  # fmt: skip


def _data(choice: Choice) -> str:
    """What pressing says. Telegram carries 64 bytes; what is longer is said by its label."""
    said = choice.text if len(choice.text.encode()) <= MOST_DATA_BYTES else choice.label
    return said.encode()[:MOST_DATA_BYTES].decode("utf-8", "ignore")


async def set_up(channel: TelegramChannel, *, webhook: str | None, secret: str | None) -> None:
    """Tell Telegram where to send updates (or that they will be fetched), and what stands beside «/»."""
    await channel.ready()
    if webhook:
        await channel.bot.set_webhook(webhook, secret_token=secret, allowed_updates=UPDATES)
    else:
        await channel.bot.delete_webhook()
    names = load_channel_words()["telegram"]["commands"]
    await channel.bot.set_my_commands([(name, names[name]) for name in ("start", *COMMANDS)])


UPDATES = [Update.MESSAGE, Update.EDITED_MESSAGE, Update.CALLBACK_QUERY]

__all__ = [
    "API", "UPDATES", "TelegramChannel", "keyboard", "make_bot", "set_up",
]  # fmt: skip
