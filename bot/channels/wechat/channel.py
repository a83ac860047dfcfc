"""The WeChat channel and its five seconds: the answer goes back in the same connection, or later by a message of its own.

WeChat delivers a message up to three times, five seconds apart, until it is answered. An answer that is ready in time is
the passive reply, the same one for each delivery, and WeChat shows it once. What takes longer, and what comes while too much
is being answered already, is posted as a letter and acknowledged with nothing. The letter is answered by whoever takes it,
and the answer is a letter again, sent by the customer-service interface. So nothing that was acknowledged is lost when a
process dies, and nothing is answered by two. What can not be sent then waits for the person's next message.

Letters lie in three boxes: `in` for any process that answers (bot/answering.py), `own` for server processes, which have
ears and may be answering the message already, and `out` for what is to be sent. Danger is answered at once in every rush.

Everything else that one person says is answered in the order in which it was said: a message waits for the one before it, and
what must be recognised first is always a letter, so that every process sees that it is not answered yet.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import TypeVar
from weakref import WeakValueDictionary

import structlog
from sqlalchemy.exc import SQLAlchemyError

from backend.domain.mail import Letter, Posting
from bot.channels.contract import Incoming, Text, Voice, outgoing, utf8_bytes
from bot.channels.reception import Reception
from bot.channels.rush import Rush
from bot.channels.wechat.api import QuotaError, WeChatApi, WeChatError, WindowClosedError
from bot.channels.wechat.envelope import Envelope
from bot.channels.wechat.messages import LIMITS, passive_reply, read_message, shown
from bot.conversations import NOT_STORED, Answer
from bot.postman import NeverError, NotNowError, Postman
from config.wording import load_wording
from nlu.danger import find_danger

log = structlog.get_logger()
T = TypeVar("T")

ANSWERS_WITHIN_S = 4.0  # of the five that WeChat waits
UNSENT = "wechat-unsent"
MOST_TRIES = 8  # of sending: about two minutes
WORKERS = 16
QUICK_WORKERS = 4
LETTERS_AT_ONCE = 2
# With this many messages being answered, the next ones are acknowledged at once: a queue in memory would keep all of them
# waiting for longer than WeChat does.
BUSY_AT = 4
MOST_A_SECOND = 40  # that are answered as they come
RUSH_PAUSE_S = 0.1  # between two letters while messages rush in: acknowledging them needs the processor
STORE_AGAIN_S = 1.0
MOST_BYTES = 2048  # of one text message
MOST_UNSENT = 5  # answers that wait for the person; older ones are no use to anybody


@dataclass(frozen=True, slots=True)
class Said:
    """The texts of an answer, ready to be shown. `stored`: the conversation keeps what was said."""

    texts: list[str]
    stored: bool


@dataclass
class WeChatChannel:
    """One official account."""

    envelope: Envelope
    api: WeChatApi
    reception: Reception
    postman: Postman
    template: str | None = None
    subscription: str | None = None
    answers_within_s: float = ANSWERS_WITHIN_S
    busy_at: int = BUSY_AT
    clock: Callable[[], float] = time.time  # seconds since 1970
    _running: dict[str, Future[Said]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)
    _held: dict[str, tuple[Incoming, str]] = field(
        default_factory=dict
    )  # to be posted when the database is back
    _holding: asyncio.Task[None] | None = None
    _talks: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)
    _rush: Rush = field(default_factory=lambda: Rush(MOST_A_SECOND))
    _threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(WORKERS, "wechat"))
    # Letters must not wait behind sixteen voice messages that are being recognised.
    _quick: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(QUICK_WORKERS, "wechat-quick")
    )

    def __post_init__(self) -> None:
        self._in, self._own, self._out = (f"wechat:{self.api.app_id}:{box}" for box in ("in", "own", "out"))

    def serve_own(self) -> None:
        """Before the postman starts: answer here what only a server process can, or has begun to."""
        self.postman.serve(self._own, self._answer_letter, beside=(self._in,))

    def serve_letters(self) -> None:
        """Before the postman starts: answer and send here what any process can."""
        self.postman.serve(self._in, self._answer_letter, at_once=LETTERS_AT_ONCE, beside=(self._own,))
        self.postman.serve(self._out, self._send_letter)

    async def receive(self, xml: str) -> str:
        """The passive reply to a message: XML, or nothing. Raises BrokenError."""
        message = self._read(xml)
        if message is None or _key(message) in self._held:
            return ""
        until = time.monotonic() + self.answers_within_s
        rush = self._rush.arrived(time.monotonic())
        begun = _key(message) in self._running
        busy = not begun and (rush or len(self._running) >= self.busy_at)
        if _in_danger(message):
            promised, _ = await self._quickly(self._promised, message)
            return "" if promised else await self._reply(message, xml, until)
        # One by one: an answer must not overtake the one before it. Whoever is before us is done or put aside in time.
        async with self._talks.setdefault(message.session, asyncio.Lock()):
            if any(held.session == message.session for held, _ in self._held.values()):
                self._hold(message, xml)
                return ""
            if busy or self._must_be_heard(message):
                await self._promise(message, xml, self._in)
                return ""
            promised, waiting = await self._quickly(self._promised, message)
            if waiting:
                await self._promise(message, xml, self._in)
            return "" if promised or waiting else await self._reply(message, xml, until)

    async def _reply(self, message: Incoming, xml: str, until: float) -> str:
        """The passive reply, if the answer is ready in time; else nothing, and a letter."""
        said = await self._within_time(message, until)
        if said is None:
            await self._promise(message, xml, self._own)
            return ""
        if not said.stored:
            self._hold(message, xml)
        # A reply carries one message; what is longer follows, once.
        if len(said.texts) > 1:
            await self._quickly(self._post_texts, message, said.texts, 1)
        return passive_reply(xml, said.texts[0], self.clock()) if said.texts else ""

    async def close(self) -> None:
        if self._holding is not None:
            self._holding.cancel()
        for threads in (self._threads, self._quick):
            threads.shutdown(wait=False, cancel_futures=True)
        self.api.close()

    def _read(self, xml: str) -> Incoming | None:
        return read_message(xml, self.api.app_id, lambda media_id: lambda: self.api.media(media_id))

    def _must_be_heard(self, message: Incoming) -> bool:
        """Recognising takes seconds; no other process could see that a message is being recognised here."""
        content = message.content
        return isinstance(content, Voice) and not content.recognised and self.reception.hears

    async def _within_time(self, message: Incoming, until: float) -> Said | None:
        """The answer, if it is ready in time."""
        waiting = asyncio.wrap_future(self._being_answered(message))
        done, _ = await asyncio.wait({waiting}, timeout=max(0.0, until - time.monotonic()))
        return waiting.result() if done else None

    def _being_answered(self, message: Incoming) -> Future[Said]:
        """Deliveries of the same message, and its letter, wait for the same answer."""
        key = _key(message)
        with self._lock:
            future = self._running.get(key)
            if future is None:
                future = self._running[key] = self._threads.submit(self._answer, message)
                future.add_done_callback(lambda _: self._running.pop(key, None))
        return future

    def _answer(self, message: Incoming) -> Said:
        """In a thread. What could not be sent before comes first, in the same message as far as it fits."""
        answer: Answer = self.reception.receive(message)
        stored = NOT_STORED not in answer.reply.happened
        if not stored and not answer.reply.emergency:
            return Said(["".join(load_wording().say("channel.held"))], stored)
        texts = [*self._waiting(message), *(shown(piece) for piece in outgoing(answer.reply, LIMITS))]
        joined: list[str] = []
        for text in texts:
            if joined and utf8_bytes(joined[-1] + text) < MOST_BYTES:
                joined[-1] += f"\n{text}"
            else:
                joined.append(text)
        return Said(joined, stored)

    def _waiting(self, message: Incoming) -> list[str]:
        try:
            return list(self.reception.keeper.take_fact(UNSENT, message.session) or ())
        except SQLAlchemyError as problem:
            log.warning("wechat_waiting_not_read", problem=type(problem).__name__)
            return []  # the answer itself is more important

    # Promises: what was acknowledged with nothing.

    async def _promise(self, message: Incoming, xml: str, box: str) -> None:
        try:
            await self._post(message, xml, box)
        except SQLAlchemyError as problem:
            log.warning("wechat_not_posted", problem=type(problem).__name__)
            self._hold(message, xml)

    async def _post(self, message: Incoming, xml: str, box: str) -> None:
        if isinstance(message.content, Voice) and not message.content.recognised:
            box = self._own  # nobody else has ears
        posting = Posting(box, message.session, {"xml": xml}, _key(message))
        await asyncio.wrap_future(self.postman.post_soon(posting))

    def _promised(self, message: Incoming) -> tuple[bool, bool]:
        """Whether this message is a letter already, and whether an earlier one of this person, or its answer, still waits."""
        try:
            if any(self.postman.posted(box, _key(message)) for box in (self._own, self._in)):
                return True, False
            return False, self.postman.waits((self._own, self._in, self._out), message.session)
        except SQLAlchemyError as problem:
            log.warning("wechat_letters_not_read", problem=type(problem).__name__)
            return False, False  # the conversation will say so kindly

    def _hold(self, message: Incoming, xml: str) -> None:
        """The database is away: keep the message here until it is back."""
        self._held[_key(message)] = (message, xml)
        if self._holding is None or self._holding.done():
            self._holding = asyncio.create_task(self._post_held())

    async def _post_held(self) -> None:
        while self._held:
            await asyncio.sleep(STORE_AGAIN_S)
            held = dict(self._held)
            posting = [self._post(message, xml, self._in) for message, xml in held.values()]
            for key, problem in zip(
                held, await asyncio.gather(*posting, return_exceptions=True), strict=True
            ):
                if problem is None:
                    del self._held[key]

    # Letters, in the threads of the postman.

    def _answer_letter(self, letter: Letter) -> None:
        message = self._read(letter.body["xml"])
        if message is None:
            return
        if self._rush.on(time.monotonic()):
            time.sleep(RUSH_PAUSE_S)
        said = self._being_answered(message).result()
        if not said.stored:
            raise NotNowError("the database is away")
        self._post_texts(message, said.texts, 0)

    def _post_texts(self, message: Incoming, texts: list[str], first: int) -> None:
        for number, text in enumerate(texts[first:], first):
            body = {"session": message.session, "openid": openid_of(message.sender), "text": text}
            self.postman.post(self._out, message.session, body, key=f"{_key(message)}:{number}")

    def _send_letter(self, letter: Letter) -> None:
        openid, text = letter.body["openid"], letter.body["text"]
        try:
            self.api.send_text(openid, text)
        except WindowClosedError as closed:
            if not self._by_template(openid, text, closed):
                self._keep_unsent(letter.body["session"], text)
        except QuotaError:
            log.error("wechat_quota_used_up", remedy="answers wait until the person writes again")
            self._keep_unsent(letter.body["session"], text)
        except WeChatError as problem:
            refused = problem.code is not None and problem.code > 0
            if not refused and letter.attempts + 1 < MOST_TRIES:
                raise NotNowError(str(problem)) from None
            self._keep_unsent(letter.body["session"], text)
            raise NeverError(str(problem)) from None

    def _by_template(self, openid: str, text: str, closed: WeChatError) -> bool:
        if self.template is None:
            log.warning("wechat_window_closed", code=closed.code, remedy="set NUANXIAN_WECHAT_TEMPLATE")
            return False
        try:
            self.api.send_template(openid, self.template, text)
        except WeChatError as problem:
            log.warning("wechat_template_not_sent", code=problem.code)
            return False
        return True

    def _keep_unsent(self, session: str, text: str) -> None:
        keeper = self.reception.keeper
        waiting = [*(keeper.take_fact(UNSENT, session) or ()), text]
        keeper.set_fact(UNSENT, session, waiting[-MOST_UNSENT:])

    async def _quickly(self, call: Callable[..., T], *values: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._quick, call, *values)


def _in_danger(message: Incoming) -> bool:
    content = message.content
    words = (
        content.text
        if isinstance(content, Text)
        else content.recognised
        if isinstance(content, Voice)
        else None
    )
    return words is not None and find_danger(words) is not None


def openid_of(sender: str) -> str:
    """The person's id at the account: the last part of `wechat:account:openid`."""
    return sender.rsplit(":", 1)[1]


def _key(message: Incoming) -> str:
    return f"{message.session}:{message.message_id}"
