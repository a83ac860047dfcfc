"""`nuanxian sandbox`: the whole line with WeChat and Telegram switched on, and the platforms on the same machine."""

from __future__ import annotations

import secrets

import uvicorn
from fastapi import FastAPI
from rich.console import Console

from backend.demo import load_demo
from backend.store.open import open_store
from bot.composition import House, build_dialogue
from bot.conversations import Conversations
from bot.logs import configure
from bot.sandbox.page import sandbox_router
from bot.sandbox.telegram import TelegramPlatform, telegram_platform_router
from bot.sandbox.wechat import WeChatPlatform, wechat_platform_router
from bot.server import build_app
from config.settings import Settings, SettingsError, load_settings

HOST = "127.0.0.1"
TELEGRAM, WECHAT = "/sandbox/platform/telegram", "/sandbox/platform/wechat"


def platforms(url: str) -> tuple[TelegramPlatform, WeChatPlatform, dict[str, str]]:
    """The local platforms for a server at `url`, with secrets of this start, and the settings that lead to them."""
    telegram = TelegramPlatform(f"7000000001:{secrets.token_urlsafe(24)}")
    wechat = WeChatPlatform(f"wx{secrets.token_hex(8)}", secrets.token_hex(16), secrets.token_hex(16))
    wechat.url = f"{url}/channels/wechat"
    given = {
        "public_url": url, "telegram_token": telegram.token, "telegram_secret": secrets.token_hex(16),
        "telegram_api": f"{url}{TELEGRAM}", "wechat_app_id": wechat.app_id, "wechat_app_secret": wechat.secret,
        "wechat_token": wechat.token, "wechat_api": f"{url}{WECHAT}",
    }  # fmt: skip
    return telegram, wechat, given


def add_sandbox(app: FastAPI, telegram: TelegramPlatform, wechat: WeChatPlatform) -> None:
    """The platforms and the page, beside everything else."""
    app.include_router(telegram_platform_router(telegram), prefix=TELEGRAM)
    app.include_router(wechat_platform_router(wechat), prefix=WECHAT)
    app.include_router(sandbox_router(telegram, wechat))


def serve_sandbox(*, db: str | None = None, port: int | None = None) -> None:
    """Serve until stopped, on this machine only. Raises SettingsError outside demo mode: the platforms believe everybody."""
    port = port or load_settings(db=db).port
    url = f"http://{HOST}:{port}"
    telegram, wechat, given = platforms(url)
    settings = load_settings(db=db, wechat_aes_key=None, wechat_template=None, **given)
    if not settings.demo:
        raise SettingsError("the sandbox is for demo mode only: anybody at its page can be anybody")
    configure(settings.log_level)
    store = open_store(settings)
    load_demo(store)
    app = build_app(House(settings, store, Conversations(store, build_dialogue())))
    add_sandbox(app, telegram, wechat)
    _say_where(settings, url)
    uvicorn.run(app, host=HOST, port=port, log_level=settings.log_level, access_log=False)


def _say_where(settings: Settings, url: str) -> None:
    console = Console()
    console.print("[bold]暖线 Nuanxian[/], sandbox: WeChat and Telegram without an account")
    console.print(f"  Phone        {url}/sandbox")
    console.print(f"  Staff queue  {url}/staff")
    console.print("Nothing leaves this machine. Ctrl-C stops.")
