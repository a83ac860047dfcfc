"""`nuanxian sandbox`: the whole line with all its channels switched on, and the platforms on the same machine."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import uvicorn
from fastapi import FastAPI
from rich.console import Console

from backend.demo import load_demo
from backend.store.open import open_store
from bot.channels.wechat.envelope import aes_key
from bot.composition import House, build_dialogue
from bot.conversations import Conversations
from bot.logs import configure
from bot.sandbox.page import sandbox_router
from bot.sandbox.sms import SmsGateway, sms_gateway_router
from bot.sandbox.telegram import TelegramPlatform, telegram_platform_router
from bot.sandbox.wechat import WeChatPlatform, wechat_platform_router
from bot.sandbox.wecom import WeComPlatform, wecom_platform_router
from bot.server import build_app
from config.messaging import Messaging, load_messaging
from config.settings import Settings, SettingsError, load_settings

HOST = "127.0.0.1"
TELEGRAM, WECHAT, WECOM, SMS = (
    f"/sandbox/platform/{name}" for name in ("telegram", "wechat", "wecom", "sms")
)


@dataclass(frozen=True, slots=True)
class Platforms:
    """The local platforms, with secrets of this start, and the settings that lead to them."""

    telegram: TelegramPlatform
    wechat: WeChatPlatform
    wecom: WeComPlatform
    sms: SmsGateway
    given: dict[str, Any]
    messaging: Messaging


def platforms(url: str, members: Iterable[str] = ()) -> Platforms:
    """For a server at `url`. `members` of the enterprise: staff logins and codes of workers."""
    telegram = TelegramPlatform(f"7000000001:{secrets.token_urlsafe(24)}")
    wechat = WeChatPlatform(f"wx{secrets.token_hex(8)}", secrets.token_hex(16), secrets.token_hex(16))
    wechat.url = f"{url}/channels/wechat"
    wecom = WeComPlatform(
        f"ww{secrets.token_hex(8)}", secrets.token_hex(16), 1000002, secrets.token_hex(16), aes_key()
    )
    wecom.url, wecom.members = f"{url}/channels/wecom", set(members)
    sms = SmsGateway(secrets.token_hex(16))
    given = {
        "public_url": url, "telegram_token": telegram.token, "telegram_secret": secrets.token_hex(16),
        "telegram_api": f"{url}{TELEGRAM}", "wechat_app_id": wechat.app_id, "wechat_app_secret": wechat.secret,
        "wechat_token": wechat.token, "wechat_api": f"{url}{WECHAT}",
    }  # fmt: skip
    messaging = load_messaging(
        sms_url=f"{url}{SMS}/send", sms_secret=sms.secret, wecom_corp_id=wecom.corp_id, wecom_secret=wecom.secret,
        wecom_agent_id=wecom.agent_id, wecom_token=wecom.token, wecom_aes_key=wecom.aes_key,
        wecom_api=f"{url}{WECOM}",
    )  # fmt: skip
    return Platforms(telegram, wechat, wecom, sms, given, messaging)


def add_sandbox(app: FastAPI, local: Platforms) -> None:
    """The platforms and the page, beside everything else."""
    app.include_router(telegram_platform_router(local.telegram), prefix=TELEGRAM)
    app.include_router(wechat_platform_router(local.wechat), prefix=WECHAT)
    app.include_router(wecom_platform_router(local.wecom), prefix=WECOM)
    app.include_router(sms_gateway_router(local.sms), prefix=SMS)
    app.include_router(sandbox_router(local.telegram, local.wechat, local.wecom))


def serve_sandbox(*, db: str | None = None, port: int | None = None) -> None:
    """Serve until stopped, on this machine only. Raises SettingsError outside demo mode: the platforms believe everybody."""
    port = port or load_settings(db=db).port
    url = f"http://{HOST}:{port}"
    local = platforms(url)
    settings = load_settings(db=db, wechat_aes_key=None, wechat_template=None, **local.given)
    if not settings.demo:
        raise SettingsError("the sandbox is for demo mode only: anybody at its page can be anybody")
    configure(settings.log_level)
    store = open_store(settings)
    load_demo(store)
    with store.reading() as uow:
        local.wecom.members |= {user.login for user in uow.staff.all()}
        local.wecom.members |= {worker.code for worker in uow.providers.workers()}
    app = build_app(House(settings, store, Conversations(store, build_dialogue())), local.messaging)
    add_sandbox(app, local)
    _say_where(settings, url)
    uvicorn.run(app, host=HOST, port=port, log_level=settings.log_level, access_log=False, log_config=None)


def _say_where(settings: Settings, url: str) -> None:
    console = Console()
    console.print("[bold]暖线 Nuanxian[/], sandbox: WeChat and Telegram without an account")
    console.print(f"  Phone        {url}/sandbox")
    console.print(f"  Staff queue  {url}/staff")
    console.print("Nothing leaves this machine. Ctrl-C stops.")
