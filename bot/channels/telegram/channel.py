"""The Telegram channel: an update in, the answer sent.

A webhook gets an update again until it says that it was taken. An update that was fetched counts as taken when the next ones
are asked for, so it is posted as a letter first, and answered from there: whatever dies in between, it is answered once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from weakref import WeakValueDictionary

import structlog
from sqlalchemy.exc import SQLAlchemyError
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, ReplyParameters, Update
from telegram.error import BadRequest, Forbidden, RetryAfter, TelegramError
from telegram.ext import AIORateLimiter, BaseRateLimiter, ExtBot
from telegram.helpers import create_deep_linked_url
from telegram.request import HTTPXRequest

from backend.domain.mail import Letter
from bot.channels.contract import Limits, MediaError, Outgoing, outgoing, utf16_units
from bot.channels.keeper import MOST_PICTURE_BYTES
from bot.channels.reception import Reception, load_channel_words
from bot.channels.telegram.updates import COMMANDS, Received, read_update
from bot.conversations import NOT_STORED
from bot.dialogue.turn import Choice
from bot.postman import NotNowError, Postman

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

    def __init__(self, bot: Bot, reception: Reception, postman: Postman) -> None:
        self.bot, self._reception, self._postman = bot, reception, postman
        self._box = f"telegram:{bot.token.partition(':')[0]}:in"
        self.loop: asyncio.AbstractEventLoop | None = None
        postman.serve(self._box, self._answer_letter)
        self._ready = asyncio.Lock()
        self._initialized = False
        self._told: set[str] = set()  # messages whose person knows that the answer comes later
        self._talks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def ready(self) -> None:
        """Ask Telegram who we are, once. Raises TelegramError when it can not be reached or does not know the token."""
        async with self._ready:
            if not self._initialized:
                await self.bot.initialize()
                self._initialized, self.loop = True, asyncio.get_running_loop()

    async def close(self) -> None:
        self._initialized = False
        await self.bot.shutdown()  # a bot whose token was refused has connections, too

    def start_link(self, word: str) -> str:
        """The link that opens the bot and says `/start word`. Raises NotNowError before Telegram was reached."""
        if not self._initialized:
            raise NotNowError("Telegram was not reached yet")
        return create_deep_linked_url(self.bot.username, word)

    async def post(self, update: Update) -> None:
        """Keep an update to be answered by whoever takes it. Raises SQLAlchemyError when it can not be kept."""
        chat = update.effective_chat
        lane, key = str(chat.id if chat else ""), str(update.update_id)
        await asyncio.to_thread(self._postman.post, self._box, lane, update.to_dict(), key=key)

    def _answer_letter(self, letter: Letter) -> None:
        if self.loop is None:
            raise NotNowError("Telegram was not reached yet")
        update = Update.de_json(letter.body, self.bot)
        answering = asyncio.run_coroutine_threadsafe(self.receive(update, kept=True), self.loop)
        try:
            answering.result()
        except RetryAfter as slow:
            wait = slow.retry_after
            raise NotNowError(
                "slow down", after=wait if isinstance(wait, timedelta) else timedelta(seconds=wait)
            ) from None
        except TelegramError as problem:
            raise NotNowError(type(problem).__name__) from None

    async def receive(self, update: Update, *, kept: bool = False) -> None:
        """Answer one update. Raises TelegramError when the answer could not be sent: the update must come again.

        When the database is away, the person is told kindly, and the update is kept to be answered later; `kept`: it is
        a letter already. Raises NotNowError when it can not be kept either: it must come again.
        """
        await self.ready()
        received = read_update(update, self.bot.bot, self._fetch, load_channel_words()["says"])
        if received is None:
            return
        keeper, message = self._reception.keeper, received.incoming
        key = f"{message.session}:{message.message_id}"
        async with self._talks.setdefault(message.session, asyncio.Lock()):
            # One by one: an update that comes again while its answer is on the way finds it sent.
            if await self._was_sent(key):
                return
            await self._confirm_press(received)
            answer = await asyncio.to_thread(self._reception.receive, message)
            stored = NOT_STORED not in answer.reply.happened
            if stored or key not in self._told:
                for piece in outgoing(answer.reply, LIMITS):
                    await self._send(received, piece)
            if stored:
                await asyncio.to_thread(keeper.claim, SENT, key)
                self._told.discard(key)
                return
        self._told.add(key)
        if kept:
            raise NotNowError("the database is away")
        try:
            await self.post(update)
        except SQLAlchemyError:
            raise NotNowError("the database is away") from None

    async def _was_sent(self, key: str) -> bool:
        try:
            return await asyncio.to_thread(self._reception.keeper.claimed, SENT, key)
        except SQLAlchemyError as problem:
            log.warning("telegram_claims_not_read", problem=type(problem).__name__)
            return False  # the conversation will say so kindly

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
