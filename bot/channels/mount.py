"""Switches on the channels whose settings are given. What is not switched on is not even loaded."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from fastapi import FastAPI

from config.settings import Settings, SettingsError

if TYPE_CHECKING:
    from bot.channels.contract import Hears
    from bot.channels.reception import Reception
    from bot.composition import House

_TELEGRAM_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")
SHORTEST_SECRET = 32


def channels_on(settings: Settings) -> tuple[str, ...]:
    """The names of the channels that these settings switch on."""
    switches = {
        "webhook": settings.webhook_secret,
        "telegram": settings.telegram_token,
        "wechat": settings.wechat_app_id,
    }
    return tuple(name for name, switch in switches.items() if switch)


def mount_channels(app: FastAPI, house: House, hears: Hears | None = None) -> None:
    """Add their routes. `hears` recognises voice messages. Raises SettingsError when one is only half set up."""
    settings = house.settings
    on = channels_on(settings)
    if not on:
        return
    from bot.channels.keeper import Keeper
    from bot.channels.reception import Reception

    # These libraries write addresses into their logs, and the addresses hold tokens.
    for name in ("httpx", "httpcore", "urllib3", "wechatpy", "telegram"):
        logging.getLogger(name).setLevel(logging.WARNING)
    reception = Reception(house.conversations, Keeper(house.store, settings.media), hears)
    if "webhook" in on:
        _mount_webhook(app, settings, reception)
    if "telegram" in on:
        _mount_telegram(app, settings, reception)
    if "wechat" in on:
        _mount_wechat(app, settings, reception)


def _mount_webhook(app: FastAPI, settings: Settings, reception: Reception) -> None:
    from bot.channels.webhook import webhook_router

    secret = settings.webhook_secret.get_secret_value() if settings.webhook_secret else ""
    if len(secret) < SHORTEST_SECRET:
        raise SettingsError(
            f"NUANXIAN_WEBHOOK_SECRET needs {SHORTEST_SECRET} characters: openssl rand -hex 32 makes a good one"
        )
    app.include_router(webhook_router(reception, secret))


def _mount_telegram(app: FastAPI, settings: Settings, reception: Reception) -> None:
    from bot.channels.telegram.channel import TelegramChannel, make_bot
    from bot.channels.telegram.router import telegram_router

    token = settings.telegram_token.get_secret_value() if settings.telegram_token else ""
    secret = settings.telegram_secret.get_secret_value() if settings.telegram_secret else None
    if settings.public_url and not (secret and _TELEGRAM_SECRET.fullmatch(secret)):
        raise SettingsError(
            "NUANXIAN_TELEGRAM_SECRET is needed with NUANXIAN_PUBLIC_URL: 16 to 256 of A-Z a-z 0-9 _ -; "
            "openssl rand -hex 32 makes a good one"
        )
    channel = TelegramChannel(make_bot(token, settings.telegram_api), reception)
    app.include_router(telegram_router(channel, public_url=settings.public_url, secret=secret))


def _mount_wechat(app: FastAPI, settings: Settings, reception: Reception) -> None:
    from bot.channels.wechat.api import WeChatApi
    from bot.channels.wechat.channel import WeChatChannel
    from bot.channels.wechat.envelope import Envelope
    from bot.channels.wechat.router import wechat_router

    secret, token = settings.wechat_app_secret, settings.wechat_token
    if not settings.wechat_app_id or secret is None or token is None:
        raise SettingsError(
            "WeChat needs NUANXIAN_WECHAT_APP_ID, NUANXIAN_WECHAT_APP_SECRET and NUANXIAN_WECHAT_TOKEN together"
        )
    aes_key = settings.wechat_aes_key.get_secret_value() if settings.wechat_aes_key else None
    try:
        envelope = Envelope(token.get_secret_value(), settings.wechat_app_id, aes_key)
    except ValueError as wrong:
        raise SettingsError(f"NUANXIAN_WECHAT_AES_KEY: {wrong}") from None
    api = WeChatApi(
        settings.wechat_app_id, secret.get_secret_value(), reception.keeper, api=settings.wechat_api
    )
    app.include_router(wechat_router(WeChatChannel(envelope, api, reception, settings.wechat_template)))
