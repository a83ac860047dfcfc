"""Walks the phone of the sandbox in a browser, from its first page to an ordered lunch, on WeChat and on Telegram.

`python -m tests.sandbox_walk [FOLDER]` starts `nuanxian sandbox`, walks, says how long it took and makes the pictures of the docs.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from playwright.sync_api import Locator, Page, expect, sync_playwright

from bot.sandbox.wechat import NO_TLS

ROOT = Path(__file__).parents[1]
CHROMIUM = Path("/usr/bin/chromium")
STARTS_WITHIN_S = 90
ANSWERS_WITHIN_MS = 20_000
Shoot = Callable[[str, Locator], None]  # name of a picture, and what it shows


@contextmanager
def sandbox_process(folder: Path) -> Iterator[str]:
    """`nuanxian sandbox` as a newcomer starts it; the address of its phone."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    environment = os.environ | {"NUANXIAN_HOME": str(folder), "NUANXIAN_LOG_LEVEL": "error"}
    command = [sys.executable, "-m", "bot.cli", "sandbox", "--port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + STARTS_WITHIN_S
        while not _answers(f"{url}/sandbox"):
            assert server.poll() is None, "the sandbox did not start"
            assert time.monotonic() < until, "the sandbox did not start in time"
            time.sleep(0.1)
        yield url
    finally:
        server.terminate()
        server.wait(30)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, verify=NO_TLS).status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def browser_page() -> Iterator[Page]:
    """A page of a real browser; the console must stay free of complaints."""
    with sync_playwright() as playwright:
        # As root, as in a container, Chromium does not start with its sandbox. It only ever sees our own pages here.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(locale="zh-CN", viewport={"width": 1120, "height": 960})
        complaints: list[str] = []
        page.on(
            "console",
            lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        browser.close()
    assert complaints == []


def last(page: Page, words: str) -> None:
    """The newest bubble says this."""
    expect(page.locator("#talk .bubble").last).to_contain_text(words, timeout=ANSWERS_WITHIN_MS)


def say(page: Page, words: str, answer: str) -> None:
    page.get_by_label("写在这里").fill(words)
    page.get_by_role("button", name="发送").click()
    last(page, answer)


def press(page: Page, label: str, answer: str) -> None:
    page.locator(".answers").get_by_role("button", name=label, exact=True).click()
    last(page, answer)


def no_picture(_name: str, _what: Locator) -> None:
    """For walks that only need to arrive."""


def walk_wechat(page: Page, shoot: Shoot = no_picture) -> None:
    """Lunch by the menu, with the address from the map; read back before it is ordered."""
    shoot("sandbox", page.locator("body"))
    page.get_by_text("常用").click()
    page.get_by_role("button", name="订饭送饭").click()
    last(page, "什么时候送")
    press(page, "明天上午", "住在哪里")
    page.get_by_role("button", name="位置").click()
    page.get_by_role("dialog").get_by_role("button", name="发送").click()
    last(page, "贵姓")
    say(page, "马建国", "电话")
    say(page, "13909510001", "对不对")
    shoot("sandbox-wechat", page.get_by_role("main"))
    press(page, "对", "安排好了")


def walk_telegram(page: Page, shoot: Shoot = no_picture) -> None:
    """Whoever shows a number of the demo people is known by it: the address is only read back."""
    page.get_by_role("button", name="Telegram").click()
    expect(page.locator("#talk .bubble")).to_have_count(0)
    page.get_by_role("button", name="电话").click()
    page.get_by_role("dialog").get_by_role("button", name="发送").click()
    last(page, "记住了")
    say(page, "我要订饭，明天中午", "对不对")
    press(page, "对", "安排好了")
    shoot("sandbox-telegram", page.get_by_role("main"))


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images")

    def shoot(name: str, what: Locator) -> None:
        what.screenshot(path=folder / f"{name}.png", animations="disabled")

    began = time.monotonic()
    with tempfile.TemporaryDirectory() as home, sandbox_process(Path(home)) as url, browser_page() as page:
        started = time.monotonic()
        page.goto(f"{url}/sandbox")
        expect(page.get_by_text("常用")).to_be_visible(timeout=ANSWERS_WITHIN_MS)
        walk_wechat(page, shoot)
        ordered = time.monotonic()
        walk_telegram(page, shoot)
    sys.stdout.write(
        f"started in {started - began:.0f} s, lunch ordered {ordered - started:.0f} s later; load {os.getloadavg()[0]:.1f}\n"
    )


if __name__ == "__main__":
    main()
