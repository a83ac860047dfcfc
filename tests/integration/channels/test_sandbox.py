"""The phone of the sandbox in a real browser: words and pictures go through the platforms into the channels and back."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from backend.domain.staff import Role
from backend.services.staff import add_staff
from backend.store.open import Store
from bot.channels.keeper import Keeper
from bot.composition import House
from bot.conversations import Conversations
from bot.dialogue.engine import Dialogue
from bot.sandbox.serve import add_sandbox, platforms, serve_sandbox
from bot.sandbox.wechat import NO_TLS
from bot.server import build_app
from config.settings import SettingsError, load_settings
from tests.integration.channels.conftest import Line, serving, wait_until

CHROMIUM = Path("/usr/bin/chromium")
PNG = b"\x89PNG\r\n\x1a\n" + b"picture" * 10


@pytest.fixture
def sandbox(store: Store, dialogue: Dialogue, tmp_path: Path) -> Iterator[Line]:
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    local = platforms(url, members=["duty"])
    settings = load_settings(db="sqlite://", keys=tmp_path / "keys", media=tmp_path / "media", **local.given)
    house = House(settings, store, Conversations(store, dialogue))
    app = build_app(house, local.messaging)
    add_sandbox(app, local)
    with serving(app, listener):
        wait_until(lambda: "setMyCommands" in local.telegram.calls and local.wechat.menu)
        keeper = Keeper(store, settings.media)
        yield Line(url, house, keeper, local.telegram, local.wechat, local.wecom, local.sms)


@pytest.fixture
def page(sandbox: Line) -> Iterator[Page]:
    if not CHROMIUM.exists():
        pytest.fail("Chromium is missing: apt-get install chromium (`make test` does it)")
    with sync_playwright() as playwright:
        # As root, as in a container, Chromium does not start with its sandbox. It only ever sees our own pages here.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        opened, complaints = browser.new_page(locale="zh-CN"), []
        opened.on(
            "console",
            lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None,
        )
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.goto(f"{sandbox.url}/sandbox")
        yield opened
        browser.close()
    assert complaints == []


def last(page: Page, words: str) -> None:
    expect(page.locator("#talk .bubble").last).to_contain_text(words, timeout=15_000)


def say(page: Page, words: str, answer: str) -> None:
    page.get_by_label("写在这里").fill(words)
    page.get_by_role("button", name="发送").click()
    last(page, answer)


def test_lunch_is_ordered_from_the_menu_on_wechat_and_a_picture_on_telegram(
    page: Page, sandbox: Line
) -> None:
    page.get_by_text("常用").click()
    page.get_by_role("button", name="订饭送饭").click()
    last(page, "什么时候送")
    page.locator(".answers").get_by_role("button", name="明天上午").click()
    last(page, "住在哪里")
    say(page, "金凤区长城花园三号楼二单元501", "贵姓")
    say(page, "马建国", "电话")
    say(page, "13909510001", "对不对")
    page.locator(".answers").get_by_role("button", name="对", exact=True).click()
    last(page, "安排好了")
    assert [order.item for order in sandbox.orders()] == ["meal"]

    page.get_by_role("button", name="Telegram").click()
    expect(page.locator("#talk .bubble")).to_have_count(0)
    say(page, "家里水龙头坏了", "住在哪里")
    picture = {"name": "tap.png", "mimeType": "image/png", "buffer": PNG}
    page.locator("#picture").set_input_files(picture)  # type: ignore[arg-type]
    last(page, "照片收到了")
    (person,) = {message["chat"]["id"] for message in sandbox.telegram.sent}
    assert list(sandbox.keeper.pictures(f"telegram:{person}")) == [PNG]


def test_another_sites_page_can_not_speak_through_the_sandbox(sandbox: Line) -> None:
    said = {"person": 7, "act": "say", "value": "我要订饭"}
    headers = {"Sec-Fetch-Site": "cross-site"}
    answer = httpx.post(f"{sandbox.url}/sandbox/wechat/do", json=said, headers=headers, verify=NO_TLS)
    assert answer.status_code == 403
    assert not sandbox.wechat.shown


def test_the_sandbox_is_for_demo_mode_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NUANXIAN_DEMO", "false")
    monkeypatch.setenv("NUANXIAN_SECRET", "a secret that nobody else knows at all")
    monkeypatch.setenv("NUANXIAN_DATA_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
    with pytest.raises(SettingsError, match="demo mode"):
        serve_sandbox(db=f"sqlite:///{tmp_path}/line.sqlite", port=9)


def test_an_emergency_comes_to_the_duty_staff_on_the_same_phone(page: Page, sandbox: Line) -> None:
    with sandbox.house.store.unit_of_work() as uow:
        add_staff(uow, "duty", "a long password", name="值班员", role=Role.DUTY)
        uow.commit()
    say(page, "我摔倒了起不来", "120")
    page.get_by_role("button", name="企业微信").click()
    expect(page.get_by_role("log")).to_contain_text("紧急求助")
    page.get_by_role("button", name="我来处理").click()
    wait_until(lambda: sandbox.wecom.cards["duty"][0].pressed == "值班员在处理")
