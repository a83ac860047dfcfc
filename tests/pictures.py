"""Makes the pictures of the README (`python -m tests.pictures [FOLDER]`): demo people, real pages, a clock at ten in the morning."""

from __future__ import annotations

import sys
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from backend.demo import DEMO_PASSWORD, load_demo
from backend.store.open import Store, open_store
from backend.web.app import create_app
from bot.channels.web import elder_router
from bot.composition import build_dialogue
from bot.conversations import Conversations
from bot.dialogue.turn import Channel, Turn
from config.catalogue import load_catalogue
from config.settings import load_settings
from tests.integration.web.conftest import CHROMIUM, PHONE, Server

NOW = datetime(2026, 11, 24, 10, 0)
DESK: ViewportSize = {"width": 1280, "height": 800}
MOST_BYTES = 200_000
FALL = ("哎呀，我在卫生间滑倒了，腿疼得起不来", "就我一个人在家")
PERSON = ("我跟你说不清楚，给我叫个人",)
COMPLAINT = ("上次来打扫的人态度太差，地都没拖",)


def call(conversations: Conversations, sender: str, said: tuple[str, ...], minutes_ago: int) -> None:
    """Somebody called a while ago."""
    for count, text in enumerate(said):
        at = NOW - timedelta(minutes=minutes_ago) + timedelta(seconds=12 * count)
        conversations.handle(Turn(f"call-{sender}-{minutes_ago}", sender, at, text, Channel.SPOKEN))


def picture(page: Page, folder: Path, name: str, *, whole: bool = False) -> None:
    path = folder / f"{name}.png"
    page.screenshot(path=path, full_page=whole, animations="disabled")
    size = path.stat().st_size
    assert size < MOST_BYTES, f"{path} has {size} bytes"
    sys.stdout.write(f"{path} {size // 1024} kB\n")


def staff_pictures(browser: Browser, url: str, folder: Path) -> None:
    page = browser.new_context(viewport=DESK, locale="zh-CN").new_page()
    page.goto(f"{url}/staff")
    page.get_by_label("账号").fill("operator")
    page.get_by_label("密码").fill(DEMO_PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_text("实时更新中")).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 1000})
    picture(page, folder, "queue")
    page.get_by_role("link", name="助餐送餐").first.click()
    expect(page.locator(".transcript")).to_be_visible()
    picture(page, folder, "order", whole=True)
    page.goto(f"{url}/staff")
    page.locator(".task.emergency h2 a").first.click()
    expect(page.locator(".transcript")).to_be_visible()
    picture(page, folder, "emergency", whole=True)


def elder_pictures(browser: Browser, url: str, folder: Path) -> None:
    page = browser.new_context(viewport=DESK, locale="zh-CN").new_page()
    page.goto(url)
    picture(page, folder, "elder")
    page.get_by_role("button", name="打扫卫生").click()
    bubbles = page.locator("#chat > .bubble.line")
    for count, said in enumerate(
        ("明儿后晌", "金凤区长城花园3号楼2单元501", "我叫马秀英", "13909510001"), start=2
    ):
        expect(bubbles).to_have_count(count)
        page.get_by_label("您想说的话").fill(said)
        page.get_by_role("button", name="发出去").click()
    expect(bubbles.last).to_contain_text("对不对")
    page.locator("#answers button").first.hover()
    picture(page, folder, "conversation")
    page.get_by_role("button", name="对", exact=True).click()
    expect(page.locator("#chat .card")).to_be_visible()
    picture(page, folder, "conversation-placed")
    small = browser.new_context(viewport=PHONE, locale="zh-CN").new_page()
    small.goto(url)
    picture(small, folder, "elder-phone")


def fill(store: Store, conversations: Conversations) -> None:
    load_demo(store, now=NOW)
    call(conversations, "13909510002", COMPLAINT, 41)
    call(conversations, "13909510003", PERSON, 7)
    call(conversations, "13909510001", FALL, 1)


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images")
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        settings = load_settings(db=f"sqlite:///{place}/pictures.sqlite", keys=Path(place) / "keys")
        store = open_store(settings)
        conversations = Conversations(store, build_dialogue())
        fill(store, conversations)
        app = create_app(store, settings, store.live, lambda: NOW)
        app.include_router(elder_router(conversations, load_catalogue(), lambda: NOW))
        server = Server(app)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        staff_pictures(browser, server.url, folder)
        elder_pictures(browser, server.url, folder)
        browser.close()
        server.stop()
        store.close()


if __name__ == "__main__":
    main()
