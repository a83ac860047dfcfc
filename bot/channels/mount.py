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
from bot.postman import Postman
from config.messaging import Messaging, WeChatAccount, load_messaging
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
    app: FastAPI, house: House, hears: Hears | None = None, messaging: Messaging | None = None
) -> None:
    """Add their routes. `hears` recognises voice messages. Raises SettingsError when one is only half set up."""
    settings, messaging = house.settings, messaging or load_messaging()
    on = channels_on(settings, messaging)
    from bot.channels.keeper import Keeper
    from bot.channels.reception import Reception

    # These libraries write addresses into their logs, and the addresses hold tokens.
    for name in ("httpx", "httpcore", "urllib3", "wechatpy", "telegram"):
        logging.getLogger(name).setLevel(logging.WARNING)
    sys.setswitchinterval(SWITCH_S)
    if hears is None and messaging.voice_messages:
        from bot.channels.voice_messages import VoiceMessages

        hears = ears = VoiceMessages()
        app.include_router(APIRouter(lifespan=ears.lifespan))
    reception = Reception(house.conversations, Keeper(house.store, settings.media), hears)
    desk = Mounting(app, house, messaging, reception, Postman(house.store))
    if "webhook" in on:
        _mount_webhook(desk)
    if "telegram" in on:
        _mount_telegram(desk)
    if "wechat" in on:
        _mount_wechat(desk)
    if "wecom" in on:
        _mount_wecom(desk)
    _mount_news(desk)


@dataclass(slots=True)
class Mounting:
    """What the channels share while they are mounted, and the ways to people that they open."""

    app: FastAPI
    house: House
    messaging: Messaging
    reception: Reception
    postman: Postman
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
    from bot.channels.wechat.router import PATH

    settings = desk.house.settings
    if settings.wechat_app_id:
        if settings.wechat_app_secret is None or settings.wechat_token is None:
            raise SettingsError(
                "WeChat needs NUANXIAN_WECHAT_APP_ID, NUANXIAN_WECHAT_APP_SECRET and NUANXIAN_WECHAT_TOKEN together"
            )
        first = WeChatAccount(
            app_id=settings.wechat_app_id, app_secret=settings.wechat_app_secret, token=settings.wechat_token,
            aes_key=settings.wechat_aes_key, template=settings.wechat_template,
        )  # fmt: skip
        _mount_account(desk, first, PATH)
    for account in desk.messaging.wechat_accounts:
        _mount_account(desk, account, f"{PATH}/{account.app_id}")


def _mount_account(desk: Mounting, account: WeChatAccount, path: str) -> None:
    from bot.channels.wechat.api import WeChatApi
    from bot.channels.wechat.channel import WeChatChannel
    from bot.channels.wechat.envelope import Envelope
    from bot.channels.wechat.router import wechat_router
    from bot.outlets import WeChatOutlet

    try:
        envelope = Envelope(account.token.get_secret_value(), account.app_id, _secret(account.aes_key))
    except ValueError as wrong:
        raise SettingsError(f"NUANXIAN_WECHAT_AES_KEY: {wrong}") from None
    api = WeChatApi(
        account.app_id, account.app_secret.get_secret_value(), desk.reception.keeper,
        api=desk.house.settings.wechat_api,
    )  # fmt: skip
    channel = WeChatChannel(envelope, api, desk.reception, desk.postman, account.template)
    desk.app.include_router(wechat_router(channel, path))
    desk.outlets[f"wechat:{account.app_id}"] = WeChatOutlet(api, account.template)
    desk.links.setdefault("wechat", api.qr_code)


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
    work = Work(api, desk.house.store)
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
    phone_of = desk.reception.keeper.phone_of
    news = News(store, desk.postman, desk.outlets, phone_of, relay=messaging.relay_number)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        desk.postman.start()
        news.start()
        yield
        await asyncio.to_thread(news.stop)
        await asyncio.to_thread(desk.postman.stop)

    desk.app.include_router(APIRouter(lifespan=lifespan))
    desk.app.state.magnet_links = desk.links


def _secret(value: SecretStr | None) -> str | None:
    return value.get_secret_value() if value else None
