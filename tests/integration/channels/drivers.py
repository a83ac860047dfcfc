"""One person at each channel, all driven the same way: what they say, what they see."""

from __future__ import annotations

import io
import itertools
import json
import queue
import re
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any

import httpx
from rich.console import Console

from backend.domain.order import Order
from backend.domain.queue import Task
from bot.channels.jsonl import JsonLines
from bot.channels.terminal import talk
from bot.channels.webhook import sign
from bot.sandbox.wechat import NO_TLS
from tests.integration.channels.conftest import WEBHOOK_SECRET, Line, wait_until

LINK = re.compile(r'<a href="weixin://bizmsgmenu\?msgmenucontent=([^"]*)&msgmenuid=\d+">([^<]*)</a>')
_PEOPLE = itertools.count(1000)  # tests that name a number themselves use small ones


@dataclass
class Seen:
    """What one message of a person brought to their eyes."""

    messages: list[str]
    choices: dict[str, str]  # label → what pressing it says (or how the driver finds it again)

    @property
    def text(self) -> str:
        return "\n".join(self.messages)


class Person:
    """Somebody at a channel. `again`: the platform brings the last message once more."""

    def __init__(self, line: Line) -> None:
        self.line, self.number = line, next(_PEOPLE)
        self.count = itertools.count(1)
        self.last: Callable[[], Seen] = lambda: Seen([], {})
        self.seen = Seen([], {})
        self._orders_before = {order.number for order in line.orders()}
        self._tasks_before = {task.id for task in self._tasks()}

    def orders(self) -> list[Order]:
        """Those placed since this person came: tests go one after another."""
        return [order for order in self.line.orders() if order.number not in self._orders_before]

    def tasks(self) -> list[Task]:
        return [task for task in self._tasks() if task.id not in self._tasks_before]

    def _tasks(self) -> Sequence[Task]:
        with self.line.house.store.reading() as uow:
            return uow.tasks.open()

    def says(self, text: str) -> Seen:
        self.last = self._saying(text)
        self.seen = self.last()
        return self.seen

    def presses(self, label: str) -> Seen:
        return self.says(self.seen.choices[label])

    def again(self) -> Seen:
        return self.last()

    def _saying(self, text: str) -> Callable[[], Seen]:
        raise NotImplementedError


class AtJsonLines(Person):
    def _saying(self, text: str) -> Callable[[], Seen]:
        name = f"visitor-{self.number}"
        message = {"session": name, "sender": name, "text": text, "message_id": str(next(self.count))}
        message["channel"] = "web"
        return lambda: Seen([JsonLines(self.line.house.conversations).handle(message)["reply"]], {})


class AtTerminal(Person):
    """The terminal runs in a thread; when it asks for input, everything before it has been shown."""

    def __init__(self, line: Line) -> None:
        super().__init__(line)
        self._typed: queue.Queue[str] = queue.Queue()
        self._asked: queue.Queue[str] = queue.Queue()
        out = io.StringIO()

        def read(prompt: str = "", **_: Any) -> str:
            shown, _position = out.getvalue(), out.seek(0)
            out.truncate()
            self._asked.put(shown)
            if not (text := self._typed.get()):
                raise EOFError
            return text

        console = Console(file=out, width=400, color_system=None)
        console.input = read  # type: ignore[method-assign, assignment]
        sender = f"terminal-{self.number}"
        threading.Thread(
            target=talk, args=(line.house.conversations,), kwargs={"sender": sender, "console": console}, daemon=True
        ).start()  # fmt: skip
        self._asked.get(timeout=10)

    def _saying(self, text: str) -> Callable[[], Seen]:
        def say() -> Seen:
            self._typed.put(text)
            shown = self._asked.get(timeout=10)
            labels = re.findall(r"‹([^›]+)›", shown)
            return Seen([shown], {label: label for label in labels})

        return say


class AtWeb(Person):
    def __init__(self, line: Line) -> None:
        super().__init__(line)
        self._cookies = httpx.get(f"{line.url}/", verify=NO_TLS).cookies

    def _saying(self, text: str) -> Callable[[], Seen]:
        page = f"page-of-the-tests-{self.number}-{next(self.count)}"

        def say() -> Seen:
            with httpx.Client(base_url=self.line.url, cookies=self._cookies, verify=NO_TLS) as client:
                html = client.post("/say", data={"page": page, "text": text}, headers={"X-Part": "turn"}).text
            buttons = re.findall(
                r'<button[^>]*name="text"[^>]*value="([^"]*)"[^>]*>(.*?)</button>', html, re.S
            )
            choices = {_words(label): unescape(value) for value, label in buttons}
            return Seen([_words(html)], choices)

        return say


class AtWebhook(Person):
    def _saying(self, text: str) -> Callable[[], Seen]:
        name, number = f"visitor-{self.number}", str(next(self.count))
        body = json.dumps({"session": name, "sender": name, "message_id": number, "text": text}).encode()
        tries = itertools.count(-1, -1)

        def say() -> Seen:
            timestamp = str(int(time.time()) - next(tries) % 100)  # signed anew each time
            headers = {"X-Timestamp": timestamp, "X-Signature": sign(WEBHOOK_SECRET, timestamp, body)}
            answer = httpx.post(
                f"{self.line.url}/channels/webhook", content=body, headers=headers, verify=NO_TLS
            )
            assert answer.status_code == 200, answer.text
            said = answer.json()
            return Seen([said["reply"]], {choice["label"]: choice["text"] for choice in said["choices"]})

        return say


class AtTelegram(Person):
    def _saying(self, text: str) -> Callable[[], Seen]:
        return self._delivering(self.line.telegram.says(self.number, text))

    def presses(self, label: str) -> Seen:
        message = self._mine()[-1]
        self.last = self._delivering(self.line.telegram.presses(self.number, message, label))
        self.seen = self.last()
        return self.seen

    def _mine(self) -> list[dict[str, Any]]:
        return [message for message in self.line.telegram.sent if message["chat"]["id"] == self.number]

    def _delivering(self, update: dict[str, Any]) -> Callable[[], Seen]:
        def deliver() -> Seen:
            before = len(self._mine())
            assert self.line.telegram.deliver(update) == 200
            new = self._mine()[before:]
            rows = new[-1].get("reply_markup", {}).get("inline_keyboard", []) if new else []
            choices = {button["text"]: button["callback_data"] for row in rows for button in row}
            return Seen([message["text"] for message in new], choices)

        return deliver


class AtWeChat(Person):
    def _saying(self, text: str) -> Callable[[], Seen]:
        return self.delivering(self.line.wechat.message(self.openid, "text", Content=text))

    @property
    def openid(self) -> str:
        return f"oTestOpenId-{self.number:016d}"

    def delivering(self, xml: str) -> Callable[[], Seen]:
        times = itertools.count()

        def deliver() -> Seen:
            shown = self.line.wechat.texts(self.openid)
            before = len(shown)
            assert self.line.wechat.deliver(xml).statuses[-1] == 200
            if next(times) == 0:
                # On a busy machine the answer is a message of its own.
                wait_until(lambda: len(shown) > before)
            new = shown[before:]
            choices = {label: said for text in new for said, label in LINK.findall(text)}
            return Seen(new, choices)

        return deliver


def _words(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html))).strip()


ALL: dict[str, type[Person]] = {
    "json lines": AtJsonLines, "terminal": AtTerminal, "web": AtWeb, "webhook": AtWebhook, "telegram": AtTelegram,
    "wechat": AtWeChat,
}  # fmt: skip
# The terminal has no messages that come twice; JSON lines offer no buttons.
BRING_TWICE = [name for name in ALL if name != "terminal"]
HAVE_BUTTONS = [name for name in ALL if name != "json lines"]
