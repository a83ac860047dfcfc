"""The WeChat channel and its five seconds: the answer goes back in the same connection, or later by a message of its own.

WeChat delivers a message up to three times, five seconds apart, until it is answered. An answer that is ready in time is
the passive reply, the same one for each delivery, and WeChat shows it once. What takes longer is acknowledged with nothing,
and the answer is sent by the customer-service interface: one delivery claims that, in whatever process, and the others keep
silent. What can not be sent then waits for the person's next message.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import structlog

from bot.channels.contract import Incoming, outgoing, utf8_bytes
from bot.channels.reception import Reception
from bot.channels.wechat.api import QuotaError, WeChatApi, WeChatError, WindowClosedError
from bot.channels.wechat.envelope import Envelope
from bot.channels.wechat.messages import LIMITS, passive_reply, read_message, shown
from bot.conversations import Answer

log = structlog.get_logger()
T = TypeVar("T")

ANSWERS_WITHIN_S = 4.0  # of the five that WeChat waits
LATE, REST, UNSENT = "wechat-late", "wechat-rest", "wechat-unsent"
TRIES = 4
PAUSE_S = 1.0  # before the second try; doubles
WORKERS = 16
QUICK_WORKERS = 4
MOST_BYTES = 2048  # of one text message
MOST_UNSENT = 5  # answers that wait for the person; older ones are no use to anybody


@dataclass
class WeChatChannel:
    """One official account."""

    envelope: Envelope
    api: WeChatApi
    reception: Reception
    template: str | None = None
    answers_within_s: float = ANSWERS_WITHIN_S
    clock: Callable[[], float] = time.time  # seconds since 1970
    _running: dict[str, asyncio.Task[list[str]]] = field(default_factory=dict)
    _sending: set[asyncio.Task[None]] = field(default_factory=set)
    _threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(WORKERS, "wechat"))
    # Claims must not wait behind sixteen voice messages that are being recognised.
    _quick: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(QUICK_WORKERS, "wechat-quick")
    )

    async def receive(self, xml: str) -> str:
        """The passive reply to a message: XML, or nothing. Raises BrokenError."""
        message = read_message(xml, self.api.app_id, lambda media_id: lambda: self.api.media(media_id))
        if message is None:
            return ""
        if await self._quickly(self._is_late, message):
            return ""
        texts = await self._within_time(message)
        if texts is None:
            await self._promise(message)
            return ""
        # A reply carries one message; what is longer follows, once.
        if len(texts) > 1 and await self._quickly(self._claim, REST, message):
            self._send_later(message, texts[1:])
        return passive_reply(xml, texts[0], self.clock()) if texts else ""

    async def close(self) -> None:
        """Let what is being sent be sent."""
        if self._sending:
            await asyncio.wait(self._sending, timeout=self.answers_within_s)
        for threads in (self._threads, self._quick):
            threads.shutdown(wait=False, cancel_futures=True)
        self.api.close()

    async def _within_time(self, message: Incoming) -> list[str] | None:
        """The answer, if it is ready in time. Deliveries of the same message wait for the same answer."""
        key = _key(message)
        task = self._running.get(key)
        if task is None:
            task = self._running[key] = asyncio.create_task(self._in_thread(self._answer, message))
            task.add_done_callback(lambda _: self._running.pop(key, None))
        done, _ = await asyncio.wait({task}, timeout=self.answers_within_s)
        return task.result() if done else None

    def _answer(self, message: Incoming) -> list[str]:
        """In a thread. What could not be sent before comes first, in the same message as far as it fits."""
        answer: Answer = self.reception.receive(message)
        texts = [*self._waiting(message), *(shown(piece) for piece in outgoing(answer.reply, LIMITS))]
        joined: list[str] = []
        for text in texts:
            if joined and utf8_bytes(joined[-1] + text) < MOST_BYTES:
                joined[-1] += f"\n{text}"
            else:
                joined.append(text)
        return joined

    def _waiting(self, message: Incoming) -> list[str]:
        try:
            return list(self.reception.keeper.take_fact(UNSENT, message.session) or ())
        except Exception:
            log.exception("wechat_waiting_not_read")  # the answer itself is more important
            return []

    async def _promise(self, message: Incoming) -> None:
        """The answer will be sent by a message of its own, by whoever says so first."""
        task = self._running.get(_key(message))
        if await self._quickly(self._claim, LATE, message) and task is not None:
            self._send_later(message, task)

    def _send_later(self, message: Incoming, texts: list[str] | asyncio.Task[list[str]]) -> None:
        task = asyncio.create_task(self._deliver(message, texts))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _deliver(self, message: Incoming, texts: list[str] | asyncio.Task[list[str]]) -> None:
        ready = texts if isinstance(texts, list) else await texts
        for number, text in enumerate(ready):
            if not await self._sent(message, text):
                await self._in_thread(self._keep_unsent, message, ready[number:])
                return

    async def _sent(self, message: Incoming, text: str) -> bool:
        openid, pause_s = message.sender.rsplit(":", 1)[1], PAUSE_S
        for _ in range(TRIES):
            try:
                await self._in_thread(self.api.send_text, openid, text)
                return True
            except WindowClosedError as closed:
                return await self._by_template(openid, text, closed)
            except QuotaError:
                log.error("wechat_quota_used_up", remedy="answers wait until the person writes again")
                return False
            except WeChatError as problem:
                log.warning("wechat_not_sent", code=problem.code)
                if problem.code is not None and problem.code > 0:
                    return False  # refused for a reason that will be the same in a second
                await asyncio.sleep(pause_s)
                pause_s *= 2
        return False

    async def _by_template(self, openid: str, text: str, closed: WeChatError) -> bool:
        if self.template is None:
            log.warning("wechat_window_closed", code=closed.code, remedy="set NUANXIAN_WECHAT_TEMPLATE")
            return False
        try:
            await self._in_thread(self.api.send_template, openid, self.template, text)
        except WeChatError as problem:
            log.warning("wechat_template_not_sent", code=problem.code)
            return False
        return True

    def _keep_unsent(self, message: Incoming, texts: list[str]) -> None:
        keeper = self.reception.keeper
        waiting = [*(keeper.take_fact(UNSENT, message.session) or ()), *texts]
        keeper.set_fact(UNSENT, message.session, waiting[-MOST_UNSENT:])

    def _is_late(self, message: Incoming) -> bool:
        try:
            return self.reception.keeper.claimed(LATE, _key(message))
        except Exception:
            log.exception(
                "wechat_claims_not_read"
            )  # the database is away: the conversation will say so kindly
            return False

    def _claim(self, kind: str, message: Incoming) -> bool:
        return self.reception.keeper.claim(kind, _key(message))

    async def _quickly(self, call: Callable[..., T], *values: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._quick, call, *values)

    async def _in_thread(self, call: Callable[..., T], *values: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *values)


def _key(message: Incoming) -> str:
    return f"{message.session}:{message.message_id}"
