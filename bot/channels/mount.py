"""Switches on the channels whose settings are given. What is not switched on is not even loaded."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastapi import APIRouter, FastAPI
from pydantic import SecretStr

from backend.domain.local_time import local_now
from backend.store.pictures import Pictures
from bot.postman import Postman
from config.messaging import Messaging, load_messaging
from config.settings import Settings, SettingsError

if TYPE_CHECKING:
    from bot.channels.contract import Hears
    from bot.channels.reception import Reception
    from bot.composition import House
    from bot.outlets import Outlet

# Answers are computed in threads. A thread that computes lets go of the interpreter after this long; with Python's 5 ms each
# acknowledgement would wait that long several times over (docs/benchmarks.md).
SWITCH_S = 0.0005
_TELEGRAM_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")
SHORTEST_SECRET = 32


def channels_on(settings: Settings, messaging: Messaging | None = None) -> tuple[str, ...]:
    """The names of the channels that these settings switch on."""
    messaging = messaging or Messaging()
    switches = {
        "webhook": settings.webhook_secret,
        "telegram": settings.telegram_token,
        "wechat": settings.wechat_app_id or messaging.wechat_accounts,
        "wecom": messaging.wecom_corp_id,
    }
    return tuple(name for name, switch in switches.items() if switch)


def mount_channels(
    app: FastAPI,
    house: House,
    hears: Hears | None = None,
    messaging: Messaging | None = None,
    *,
    answered_elsewhere: bool = False,
) -> None:
    """Add their routes. Raises SettingsError when one is only half set up.

    `hears` recognises voice messages. `answered_elsewhere`: another process answers letters (bot/answering.py).
    """
    settings, messaging = house.settings, messaging or load_messaging()
    on = channels_on(settings, messaging)
    from bot.channels.keeper import Keeper
    from bot.channels.reception import Reception

    keep_tokens_out_of_logs()
    sys.setswitchinterval(SWITCH_S)
    if hears is None and messaging.voice_messages:
        from bot.channels.voice_messages import VoiceMessages

        hears = ears = VoiceMessages()
        app.include_router(APIRouter(lifespan=ears.lifespan))
    reception = Reception(house.conversations, Keeper(house.store, settings.media), hears)
    desk = Mounting(app, house, messaging, reception, Postman(house.store), answered_elsewhere)
    if "webhook" in on:
        _mount_webhook(desk)
    if "telegram" in on:
        _mount_telegram(desk)
    if "wechat" in on:
        _mount_wechat(desk)
    if "wecom" in on:
        _mount_wecom(desk)
    _mount_news(desk)


def keep_tokens_out_of_logs() -> None:
    """These libraries write addresses into their logs, and the addresses hold tokens."""
    for name in ("httpx", "httpcore", "urllib3", "wechatpy", "telegram"):
        logging.getLogger(name).setLevel(logging.WARNING)


@dataclass(slots=True)
class Mounting:
    """What the channels share while they are mounted, and the ways to people that they open."""

    app: FastAPI
    house: House
    messaging: Messaging
    reception: Reception
    postman: Postman
    answered_elsewhere: bool
    outlets: dict[str, Outlet] = field(default_factory=dict)
    # What a QR code for this word must hold, by the name of the channel; asked when a magnet is printed.
    links: dict[str, Callable[[str], str]] = field(default_factory=dict)


def _mount_webhook(desk: Mounting) -> None:
    from bot.channels.webhook import webhook_router

    secret = _secret(desk.house.settings.webhook_secret) or ""
    if len(secret) < SHORTEST_SECRET:
        raise SettingsError(
            f"NUANXIAN_WEBHOOK_SECRET needs {SHORTEST_SECRET} characters: openssl rand -hex 32 makes a good one"
        )
    desk.app.include_router(webhook_router(desk.reception, secret))


def _mount_telegram(desk: Mounting) -> None:
    from bot.channels.telegram.channel import TelegramChannel, make_bot
    from bot.channels.telegram.router import telegram_router
    from bot.outlets import TelegramOutlet

    settings = desk.house.settings
    token, secret = _secret(settings.telegram_token) or "", _secret(settings.telegram_secret)
    if settings.public_url and not (secret and _TELEGRAM_SECRET.fullmatch(secret)):
        raise SettingsError(
            "NUANXIAN_TELEGRAM_SECRET is needed with NUANXIAN_PUBLIC_URL: 16 to 256 of A-Z a-z 0-9 _ -; "
            "openssl rand -hex 32 makes a good one"
        )
    channel = TelegramChannel(make_bot(token, settings.telegram_api), desk.reception, desk.postman)
    desk.app.include_router(telegram_router(channel, public_url=settings.public_url, secret=secret))
    desk.outlets["telegram"] = TelegramOutlet(channel)
    desk.links["telegram"] = channel.start_link


def _mount_wechat(desk: Mounting) -> None:
    from bot.channels.wechat.accounts import open_accounts
    from bot.channels.wechat.router import add_wechat
    from bot.outlets import SubscriptionOutlet, TemplateOutlet, WeChatOutlet

    for path, channel in open_accounts(desk.house.settings, desk.messaging, desk.reception, desk.postman):
        channel.serve_own()
        if not desk.answered_elsewhere:
            channel.serve_letters()
        add_wechat(desk.app, channel, path)
        account = f"wechat:{channel.api.app_id}"
        desk.outlets[account] = WeChatOutlet(channel.api)
        if channel.template:
            desk.outlets[f"template:{account}"] = TemplateOutlet(channel.api, channel.template)
        if channel.subscription:
            desk.outlets[f"subscription:{account}"] = SubscriptionOutlet(channel.api, channel.subscription)
        desk.links.setdefault("wechat", channel.api.qr_code)


def _mount_wecom(desk: Mounting) -> None:
    from bot.channels.wecom.api import WeComApi
    from bot.channels.wecom.callback import Callback
    from bot.channels.wecom.router import wecom_router
    from bot.channels.wecom.work import Work

    given = desk.messaging
    corp_id = given.wecom_corp_id or ""
    try:
        callback = Callback(_secret(given.wecom_token) or "", _secret(given.wecom_aes_key) or "", corp_id)
    except ValueError as wrong:
        raise SettingsError(f"NUANXIAN_WECOM_AES_KEY: {wrong}") from None
    secret, agent = _secret(given.wecom_secret) or "", given.wecom_agent_id or 0
    api = WeComApi(corp_id, secret, agent, desk.reception.keeper, api=given.wecom_api)
    work = Work(api, desk.house.store, desk.reception.keeper)
    work.serve(desk.postman)
    desk.app.include_router(wecom_router(callback, work))


def _mount_news(desk: Mounting) -> None:
    """The postman walks and news is read as long as the server runs."""
    from bot.news import News
    from bot.outlets import CallOutlet, SmsOutlet

    store, messaging = desk.house.store, desk.messaging
    if messaging.sms_url and messaging.sms_secret:
        desk.outlets["sms"] = SmsOutlet(messaging.sms_url, messaging.sms_secret.get_secret_value())
    desk.outlets["call"] = CallOutlet(store, local_now)
    keeper = desk.reception.keeper
    pictures = Pictures(desk.house.settings.media, store.cipher)
    news = News(store, desk.postman, desk.outlets, keeper, pictures, relay=messaging.relay_number)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        desk.postman.start()
        await asyncio.to_thread(news.start)
        yield
        await asyncio.to_thread(news.stop)
        await asyncio.to_thread(desk.postman.stop)

    desk.app.include_router(APIRouter(lifespan=lifespan))
    desk.app.state.magnet_links = desk.links


def _secret(value: SecretStr | None) -> str | None:
    return value.get_secret_value() if value else None
