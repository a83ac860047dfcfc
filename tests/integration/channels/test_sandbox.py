"""The phone of the sandbox in a real browser: words and pictures go through the platforms into the channels and back."""

from __future__ import annotations

import base64
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from backend.domain.people import Elder
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
from tests.sandbox_walk import (
    CHROMIUM,
    browser_page,
    last,
    sandbox_process,
    say,
    walk_telegram,
    walk_wechat,
)  # fmt: skip

# Two pixels by two, red.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEElEQVR4nGP4z8AARAwQCgAf7gP9i18U1AAAAABJRU5ErkJggg=="
)


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
    with browser_page() as opened:
        opened.goto(f"{sandbox.url}/sandbox")
        yield opened


@pytest.mark.slow
def test_a_newcomer_has_lunch_ordered_two_minutes_after_the_start(tmp_path: Path) -> None:
    began = time.monotonic()
    with sandbox_process(tmp_path) as url, browser_page() as opened:
        opened.goto(f"{url}/sandbox")
        walk_wechat(opened)
        took_s = time.monotonic() - began
    assert took_s < 120


def test_lunch_is_ordered_on_wechat_and_on_telegram(page: Page, sandbox: Line) -> None:
    with sandbox.house.store.unit_of_work() as uow:
        uow.people.save(
            Elder(None, "jianguo", "马建国", ("13909510001",), "金凤区长城花园3号楼2单元501", gender="m")
        )
        uow.commit()
    walk_wechat(page)
    assert [order.item for order in sandbox.orders()] == ["meal"]
    walk_telegram(page)
    assert [order.item for order in sandbox.orders()] == ["meal", "meal"]


def test_pictures_and_sound_go_to_the_line_and_its_pictures_are_shown(page: Page, sandbox: Line) -> None:
    for platform, (button, session) in {
        "wechat": ("微信", f"wechat:{sandbox.wechat.app_id}:{{}}"),
        "telegram": ("Telegram", "telegram:{}"),
    }.items():
        page.get_by_role("button", name=button, exact=True).click()
        picture = {"name": "tap.png", "mimeType": "image/png", "buffer": PNG}
        page.locator("#picture").set_input_files(picture)  # type: ignore[arg-type]
        last(page, "照片收到了")
        expect(page.locator("#talk .row.mine img")).to_have_count(1)
        sound = {"name": "lunch.amr", "mimeType": "audio/amr", "buffer": b"#!AMR\n"}
        page.locator("#voice").set_input_files(sound)  # type: ignore[arg-type]
        last(page, "打字")  # nothing hears here
        if platform == "wechat":
            (person,) = sandbox.wechat.shown
            media_id = sandbox.wechat.upload(PNG, "image/png")
            image = {"touser": person, "msgtype": "image", "image": {"media_id": media_id}}
            sandbox.wechat._custom(image)
        else:
            (chat,) = {message["chat"]["id"] for message in sandbox.telegram.sent}
            sandbox.telegram.call("sendPhoto", {"chat_id": chat, "photo": PNG})
            person = str(chat)
        assert list(sandbox.keeper.pictures(session.format(person))) == [PNG]
        expect(page.locator("#talk .row:not(.mine) img")).to_have_count(1, timeout=15_000)
        assert page.locator("#talk .row:not(.mine) img").evaluate("image => image.naturalWidth") == 2


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
    expect(page.get_by_role("log")).to_contain_text("有人：摔倒了")
    page.get_by_role("button", name="我来处理").click()
    wait_until(lambda: sandbox.wecom.cards["duty"][0].pressed == "值班员在处理")
