"""The ways to reach a person with a message of ours: each sends, or says whether later or never."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

import orjson
import requests
from telegram.error import BadRequest, Forbidden, RetryAfter, TelegramError

from backend.services.ports import Stores
from bot.channels.contract import Outgoing
from bot.channels.telegram.channel import TelegramChannel, keyboard
from bot.channels.wechat.api import WeChatApi, WeChatError
from bot.channels.wechat.channel import openid_of
from bot.channels.wechat.messages import plain, shown
from bot.postman import NotNowError

SMS_TIMEOUT_S = 10.0
TELEGRAM_WITHIN_S = 30.0


class UnreachableError(Exception):
    """This way does not lead to the person; another one may."""


class Outlet(Protocol):
    """One way. `person`: the part of the address that this way needs; `key`: the same for the same message."""

    def send(self, person: str, message: Outgoing, key: str) -> None:
        """Raises UnreachableError, or NotNowError when it may work later."""
        ...


class WeChatOutlet:
    """The customer-service interface: within 48 hours after the person wrote."""

    def __init__(self, api: WeChatApi) -> None:
        self._api = api

    def send(self, person: str, message: Outgoing, key: str) -> None:
        openid = openid_of(person)
        try:
            if message.picture is not None:
                self._api.send_picture(openid, message.picture)
            else:
                self._api.send_text(openid, shown(message))
        except WeChatError as problem:
            raise _later_or_never(problem) from None


class TemplateOutlet:
    """A template message of WeChat: words alone, at any time."""

    def __init__(self, api: WeChatApi, template: str) -> None:
        self._api, self._template = api, template

    def send(self, person: str, message: Outgoing, key: str) -> None:
        try:
            self._api.send_template(openid_of(person), self._template, plain(message.text), key=key)
        except WeChatError as problem:
            raise _later_or_never(problem) from None


class SubscriptionOutlet:
    """A subscription message of WeChat: forty characters, to whoever asked for it."""

    def __init__(self, api: WeChatApi, template: str) -> None:
        self._api, self._template = api, template

    def send(self, person: str, message: Outgoing, key: str) -> None:
        try:
            self._api.send_subscription(openid_of(person), self._template, plain(message.text))
        except WeChatError as problem:
            raise _later_or_never(problem) from None


def _later_or_never(problem: WeChatError) -> Exception:
    refused = problem.code is not None and problem.code > 0
    return UnreachableError(str(problem)) if refused else NotNowError(str(problem))


class TelegramOutlet:
    """A message in the private chat with the person."""

    def __init__(self, channel: TelegramChannel) -> None:
        self._channel = channel

    def send(self, person: str, message: Outgoing, key: str) -> None:
        loop = self._channel.loop
        if loop is None:
            raise NotNowError("Telegram was not reached yet")
        chat, bot = int(person.rsplit(":", 1)[1]), self._channel.bot
        sending = (
            bot.send_message(chat, message.text, reply_markup=keyboard(message.choices))
            if message.picture is None
            else bot.send_photo(chat, message.picture)
        )
        try:
            asyncio.run_coroutine_threadsafe(sending, loop).result(TELEGRAM_WITHIN_S)
        except RetryAfter as slow:
            wait = slow.retry_after
            after = wait if isinstance(wait, timedelta) else timedelta(seconds=wait)
            raise NotNowError("slow down", after=after) from None
        except (Forbidden, BadRequest) as refused:
            raise UnreachableError(type(refused).__name__) from None
        except (TelegramError, TimeoutError) as problem:
            raise NotNowError(type(problem).__name__) from None


class SmsOutlet:
    """A gateway that takes signed JSON: `POST url`, `{"to", "text", "id"}`, the same signature as our webhook channel.

    It answers 2xx (taken; an `id` that was taken before is taken again without sending), 4xx (never), anything else: later.
    """

    def __init__(self, url: str, secret: str, clock: Callable[[], float] = time.time) -> None:
        self._url, self._secret, self._clock = url, secret.encode(), clock

    def send(self, person: str, message: Outgoing, key: str) -> None:
        identity = hashlib.sha256(key.encode()).hexdigest()[:32]
        body = orjson.dumps({"to": person, "text": message.text, "id": identity})
        timestamp = str(int(self._clock()))
        signature = hmac.new(self._secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-Timestamp": timestamp,
            "X-Signature": signature,
        }
        try:
            status = requests.post(self._url, data=body, headers=headers, timeout=SMS_TIMEOUT_S).status_code
        except requests.RequestException as problem:
            raise NotNowError(type(problem).__name__) from None
        if status == 429 or status >= 500:
            raise NotNowError(f"gateway: {status}")
        if status >= 400:
            raise UnreachableError(f"gateway: {status}")


class CallOutlet:
    """Hands over to the telephone side, which calls and says it."""

    def __init__(self, store: Stores, clock: Callable[[], datetime]) -> None:
        self._store, self._clock = store, clock

    def send(self, person: str, message: Outgoing, key: str) -> None:
        reason = "alert" if message.urgent and message.choices else "news"  # an alert offers «on my way»
        with self._store.unit_of_work() as uow:
            uow.calls.want(
                person, message.text, key=key, reason=reason, urgent=message.urgent, at=self._clock()
            )
            uow.commit()


Outlets = Mapping[
    str, Outlet
]  # by the first part of an address: wechat:wx…, template:wechat:wx…, subscription:wechat:wx…, telegram, sms, call
