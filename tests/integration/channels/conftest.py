"""The house with all its channels, and the local platforms, on real ports. Every test has its own."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

from backend.domain.order import Order
from backend.store.open import Store, open_store
from bot.channels.contract import Hears
from bot.channels.keeper import Keeper
from bot.channels.mount import mount_channels
from bot.channels.web import elder_router
from bot.composition import House, build_dialogue
from bot.conversations import Conversations
from bot.dialogue.engine import Dialogue
from bot.sandbox.sms import SmsGateway, sms_gateway_router
from bot.sandbox.telegram import TelegramPlatform, telegram_platform_router
from bot.sandbox.wechat import WeChatPlatform, wechat_platform_router
from bot.sandbox.wecom import WeComPlatform, wecom_platform_router
from config.catalogue import load_catalogue
from config.messaging import load_messaging
from config.settings import load_settings

STARTS_WITHIN_S = 20
TELEGRAM_TOKEN = "7000000001:AAtest_test_test_test_test_test_test"
TELEGRAM_SECRET = "telegram-secret-of-the-tests"
WEBHOOK_SECRET = "0123456789abcdef0123456789abcdef"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


@contextmanager
def serving(app: FastAPI, listener: socket.socket) -> Iterator[str]:
    """The app on this socket, in a thread, until the block ends."""
    config = uvicorn.Config(app, log_level="warning", ws="none", timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    wait_until(lambda: server.started or not thread.is_alive())
    assert thread.is_alive(), "the server did not start"
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(STARTS_WITHIN_S)
    assert not thread.is_alive()


def wait_until(true: Callable[[], object], within_s: float = 15) -> None:
    """Wait for something that another thread does."""
    until, paused = time.monotonic() + within_s, threading.Event()
    while not true():
        assert time.monotonic() < until, "it did not happen in time"
        paused.wait(0.01)


@pytest.fixture(scope="session")
def dialogue() -> Dialogue:
    return build_dialogue()


@dataclass
class Line:
    """The running house and the platforms around it."""

    url: str
    house: House
    keeper: Keeper
    telegram: TelegramPlatform
    wechat: WeChatPlatform
    wecom: WeComPlatform
    sms: SmsGateway
    second: WeChatPlatform | None = None  # another official account

    def orders(self) -> list[Order]:
        with self.house.store.reading() as uow:
            return list(uow.orders.queue())

    def said(self, session: str) -> list[tuple[str, str]]:
        return [(line.who, line.text) for line in self.house.conversations.transcript(session)]


@dataclass
class Wanted:
    """How a test wants its line; the defaults are a plain installation."""

    hears: Hears | None = None
    conversations: Any = None
    aes: bool = False
    polling: bool = False
    template: str | None = None
    subscription: str | None = None
    relay: str | None = None
    two_accounts: bool = False


Open = Callable[..., Line]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(load_settings(db=f"sqlite:///{tmp_path}/line.sqlite", keys=tmp_path / "keys"))
    yield opened
    opened.close()


@pytest.fixture
def open_line(store: Store, dialogue: Dialogue, tmp_path: Path) -> Iterator[Open]:
    """Starts platforms and house: `open_line(aes=True, hears=...)`."""
    opened: list[Any] = []

    def make(**wishes: Any) -> Line:
        context = _line(store, dialogue, tmp_path, Wanted(**wishes))
        opened.append(context)
        return context.__enter__()

    yield make
    for context in reversed(opened):
        context.__exit__(None, None, None)


@contextmanager
def _line(store: Store, dialogue: Dialogue, folder: Path, wanted: Wanted) -> Iterator[Line]:
    telegram = TelegramPlatform(TELEGRAM_TOKEN)
    wechat = WeChatPlatform("wx0123456789abcdef", "wechat-app-secret", "wechat-token")
    wechat.aes_key = AES_KEY if wanted.aes else None
    wecom = WeComPlatform("ww0123456789", "wecom-secret", 1000002, "wecom-token", AES_KEY)
    sms = SmsGateway("sms-secret-of-the-tests")
    platforms = FastAPI()
    platforms.include_router(wecom_platform_router(wecom), prefix="/wecom")
    platforms.include_router(sms_gateway_router(sms), prefix="/sms")
    platforms.include_router(telegram_platform_router(telegram))
    second = WeChatPlatform("wx9999999999999999", "second-app-secret", "second-token", aes_key=AES_KEY)
    platforms.include_router(wechat_platform_router(wechat, second))
    listener = socket.create_server(("127.0.0.1", 0))
    own_url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with serving(platforms, socket.create_server(("127.0.0.1", 0))) as api:
        settings = load_settings(
            db="sqlite://", keys=folder / "keys", media=folder / "media", webhook_secret=WEBHOOK_SECRET,
            public_url=None if wanted.polling else own_url, telegram_token=TELEGRAM_TOKEN,
            telegram_secret=TELEGRAM_SECRET, telegram_api=api, wechat_app_id=wechat.app_id,
            wechat_app_secret=wechat.secret, wechat_token=wechat.token, wechat_aes_key=wechat.aes_key,
            wechat_api=api, wechat_template=wanted.template,
        )  # fmt: skip
        conversations = wanted.conversations or Conversations(store, dialogue)
        house = House(settings, store, conversations)
        app = FastAPI()
        app.include_router(elder_router(conversations, load_catalogue()))
        messaging = load_messaging(
            relay_number=wanted.relay, wechat_subscription=wanted.subscription, sms_url=f"{api}/sms/send", sms_secret=sms.secret,
            wecom_corp_id=wecom.corp_id, wecom_secret=wecom.secret, wecom_agent_id=wecom.agent_id,
            wecom_token=wecom.token, wecom_aes_key=AES_KEY, wecom_api=f"{api}/wecom",
            **({"wechat_accounts": [_account(second)]} if wanted.two_accounts else {}),
        )  # fmt: skip
        mount_channels(app, house, wanted.hears, messaging)
        wechat.url, wecom.url = f"{own_url}/channels/wechat", f"{own_url}/channels/wecom"
        second.url = f"{wechat.url}/{second.app_id}"
        with serving(app, listener):
            wait_until(lambda: "setMyCommands" in telegram.calls and "menu/create" in wechat.calls)
            yield Line(own_url, house, Keeper(store, settings.media), telegram, wechat, wecom, sms, second)


def _account(platform: WeChatPlatform) -> dict[str, Any]:
    given = {"app_id": platform.app_id, "app_secret": platform.secret, "token": platform.token}
    return given | {"aes_key": platform.aes_key}


@pytest.fixture
def line(open_line: Open) -> Line:
    """A line of this test alone."""
    return open_line()


@contextmanager
def _shared(factory: pytest.TempPathFactory, dialogue: Dialogue, **wishes: Any) -> Iterator[Line]:
    folder = factory.mktemp("line")
    store = open_store(load_settings(db=f"sqlite:///{folder}/line.sqlite", keys=folder / "keys"))
    with _line(store, dialogue, folder, Wanted(**wishes)) as line:
        yield line
    store.close()


@pytest.fixture(scope="session")
def shared_line(tmp_path_factory: pytest.TempPathFactory, dialogue: Dialogue) -> Iterator[Line]:
    """One line for many tests, each with people of its own."""
    with _shared(tmp_path_factory, dialogue) as line:
        yield line


class NoDatabase:
    def unit_of_work(self) -> Any:
        raise ConnectionError("the database is gone")


class Forgetful(Conversations):
    """Conversations without a database; the web page also reads what was said before."""

    def transcript(self, session: str) -> list[Any]:
        return []

    def orders_of(self, session: str) -> tuple[Order, ...]:
        return ()


@pytest.fixture(scope="session")
def broken_line(tmp_path_factory: pytest.TempPathFactory, dialogue: Dialogue) -> Iterator[Line]:
    """A line whose conversations have lost their database."""
    with _shared(tmp_path_factory, dialogue, conversations=Forgetful(NoDatabase(), dialogue)) as line:
        yield line
