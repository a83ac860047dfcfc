"""A local Telegram: the Bot API over HTTP with its documented errors, and people who write to the bot.

After https://core.telegram.org/bots/api (7 and later). What it keeps is in memory and only about one bot.
"""

from __future__ import annotations

import itertools
import ssl
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.responses import JSONResponse, Response

# The channel is on this machine: to load the list of authorities for each call would take longer than the call.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
LONGEST_TEXT = 4096
LONGEST_DATA = 64
MOST_PHOTO_BYTES = 10 * 1024 * 1024
LONGEST_POLL_S = 1  # Telegram holds the line for as long as it is asked to
BOT_ID = 7000000001
JSON_FIELDS = ("reply_markup", "reply_parameters", "allowed_updates", "commands")


class BotApiError(Exception):
    """An answer with ok = false."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.status, self.description, self.parameters = status, description, parameters


@dataclass
class Fault:
    """What goes wrong with the next call of a method."""

    method: str
    error: BotApiError


@dataclass
class TelegramPlatform:
    """One bot and everybody who talks with it. `person`s are numbered; a group has a negative number."""

    token: str
    name: str = "nuanxian_line_bot"
    deliver_tries: int = 3
    sent: list[dict[str, Any]] = field(default_factory=list)  # what the bot sent, as Message objects
    calls: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    webhook: str = ""
    secret: str = ""
    blocked: set[int] = field(default_factory=set)  # people who stopped the bot
    commands: list[dict[str, str]] = field(default_factory=list)
    _updates: list[dict[str, Any]] = field(default_factory=list)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _lock: threading.Condition = field(default_factory=threading.Condition)
    _messages: dict[tuple[int, int], dict[str, Any]] = field(default_factory=dict)

    # The people.

    def says(self, person: int, text: str, *, group: int | None = None, **more: Any) -> dict[str, Any]:
        """Somebody writes; the update that the bot gets."""
        return self.sends(person, group=group, text=text, **more)

    def sends(self, person: int, *, group: int | None = None, **content: Any) -> dict[str, Any]:
        message = self._message(person, group) | content
        self._messages[message["chat"]["id"], message["message_id"]] = message
        return {"update_id": next(self._numbers), "message": message}

    def edits(self, update: dict[str, Any], text: str, *, after_s: int = 5) -> dict[str, Any]:
        changed = update["message"] | {"text": text, "edit_date": update["message"]["date"] + after_s}
        return {"update_id": next(self._numbers), "edited_message": changed}

    def presses(self, person: int, message: dict[str, Any], label: str) -> dict[str, Any]:
        """Somebody presses a button of a message that the bot sent."""
        rows = message["reply_markup"]["inline_keyboard"]
        button = next(button for row in rows for button in row if button["text"] == label)
        query = {
            "id": str(next(self._numbers)), "from": _user(person), "message": message, "chat_instance": "1",
            "data": button["callback_data"],
        }  # fmt: skip
        return {"update_id": next(self._numbers), "callback_query": query}

    def photo(self, data: bytes) -> list[dict[str, Any]]:
        """A photo in two sizes, as Telegram gives them."""
        sizes = []
        for name, side in (("small", 90), ("large", 1280)):
            file_id = f"photo-{name}-{next(self._numbers)}"
            self.files[file_id] = data
            sizes.append({
                "file_id": file_id, "file_unique_id": file_id, "width": side, "height": side, "file_size": len(data),
            })  # fmt: skip
        return sizes

    def voice(self, data: bytes, seconds: int = 3) -> dict[str, Any]:
        file_id = f"voice-{next(self._numbers)}"
        self.files[file_id] = data
        return {"file_id": file_id, "file_unique_id": file_id, "duration": seconds, "mime_type": "audio/ogg"}

    def _message(self, person: int, group: int | None) -> dict[str, Any]:
        chat = (
            {"id": group, "type": "group", "title": "family"} if group else {"id": person, "type": "private"}
        )
        number = next(self._numbers)
        return {"message_id": number, "date": int(time.time()), "chat": chat, "from": _user(person)}

    # Bringing updates to the bot.

    def deliver(self, update: dict[str, Any]) -> int:
        """Send an update to the webhook until it is taken; the last HTTP status. Without a webhook: keep it for getUpdates."""
        if not self.webhook:
            with self._lock:
                self._updates.append(update)
                self._lock.notify_all()
            return 0
        status = 0
        for _ in range(self.deliver_tries):
            headers = {"X-Telegram-Bot-Api-Secret-Token": self.secret} if self.secret else {}
            status = httpx.post(
                self.webhook, json=update, headers=headers, timeout=60, verify=NO_TLS
            ).status_code
            if status < 300:
                break
        return status

    # The Bot API.

    def call(self, method: str, given: dict[str, Any]) -> Any:
        """The result of one method. Raises BotApiError."""
        self.calls.append(method)
        fault = next((fault for fault in self.faults if fault.method == method), None)
        if fault is not None:
            self.faults.remove(fault)
            raise fault.error
        known = getattr(self, f"_api_{method.lower()}", None)
        if known is None:
            raise BotApiError(404, "Not Found: method not found")
        return known(given)

    def me(self) -> dict[str, Any]:
        return {"id": BOT_ID, "is_bot": True, "first_name": "Nuanxian", "username": self.name}

    def _api_getme(self, given: dict[str, Any]) -> Any:
        return self.me() | {"can_join_groups": True, "can_read_all_group_messages": False}

    def _api_setwebhook(self, given: dict[str, Any]) -> Any:
        self.webhook, self.secret = given.get("url", ""), given.get("secret_token", "")
        with self._lock:
            waiting, self._updates = self._updates, []
        # As Telegram does, what was written before is brought now; not by this call, which its sender waits for.
        threading.Thread(target=lambda: [self.deliver(update) for update in waiting], daemon=True).start()
        return True

    def _api_deletewebhook(self, given: dict[str, Any]) -> Any:
        self.webhook = ""
        return True

    def _api_setmycommands(self, given: dict[str, Any]) -> Any:
        self.commands = given["commands"]
        return True

    def _api_getupdates(self, given: dict[str, Any]) -> Any:
        if self.webhook:
            raise BotApiError(
                409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook first"
            )
        offset, until = (
            int(given.get("offset", 0)),
            time.monotonic() + min(int(given.get("timeout", 0)), LONGEST_POLL_S),
        )
        with self._lock:
            self._updates = [update for update in self._updates if update["update_id"] >= offset]
            while not self._updates and (left := until - time.monotonic()) > 0:
                self._lock.wait(left)
            return list(self._updates)

    def _api_sendphoto(self, given: dict[str, Any]) -> Any:
        chat, data = self._reachable(given), given.get("photo")
        if not isinstance(data, bytes) or not data:
            raise BotApiError(400, "Bad Request: there is no photo in the request")
        if len(data) > MOST_PHOTO_BYTES:
            raise BotApiError(413, "Request Entity Too Large")
        message = {
            "message_id": next(self._numbers), "date": int(time.time()), "from": self.me(),
            "chat": {"id": chat, "type": "private" if chat > 0 else "group"}, "photo": self.photo(data),
        }  # fmt: skip
        self.sent.append(message)
        return message

    def _reachable(self, given: dict[str, Any]) -> int:
        chat = int(given.get("chat_id", 0))
        if chat in self.blocked:
            raise BotApiError(403, "Forbidden: bot was blocked by the user")
        return chat

    def _api_sendmessage(self, given: dict[str, Any]) -> Any:
        chat, text = self._reachable(given), given.get("text", "")
        if not text.strip():
            raise BotApiError(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) // 2 > LONGEST_TEXT:
            raise BotApiError(400, "Bad Request: message is too long")
        markup = given.get("reply_markup")
        buttons = [button for row in (markup or {}).get("inline_keyboard", []) for button in row]
        if any(not 0 < len(button.get("callback_data", "").encode()) <= LONGEST_DATA for button in buttons):
            raise BotApiError(400, "Bad Request: BUTTON_DATA_INVALID")
        answered = (given.get("reply_parameters") or {}).get("message_id")
        message = {
            "message_id": next(self._numbers), "date": int(time.time()), "from": self.me(), "text": text,
            "chat": {"id": chat, "type": "private" if chat > 0 else "group"},
        }  # fmt: skip
        if markup:
            message["reply_markup"] = markup
        if answered and (original := self._messages.get((chat, int(answered)))):
            message["reply_to_message"] = original
        self.sent.append(message)
        return message

    def _api_answercallbackquery(self, given: dict[str, Any]) -> Any:
        return True

    def _api_getfile(self, given: dict[str, Any]) -> Any:
        file_id = given.get("file_id", "")
        if file_id not in self.files:
            raise BotApiError(400, "Bad Request: invalid file_id")
        size = len(self.files[file_id])
        return {
            "file_id": file_id,
            "file_unique_id": file_id,
            "file_size": size,
            "file_path": f"files/{file_id}",
        }


def telegram_platform_router(platform: TelegramPlatform) -> APIRouter:
    """`/bot<token>/<method>` and `/file/bot<token>/<path>`, as api.telegram.org has them."""
    router = APIRouter(include_in_schema=False)

    @router.api_route("/bot{token}/{method}", methods=["GET", "POST"])
    async def call(token: str, method: str, request: Request) -> Response:
        try:
            if token != platform.token:
                raise BotApiError(401, "Unauthorized")
            result = await run_in_threadpool(platform.call, method, await _given(request))
        except BotApiError as error:
            body: dict[str, Any] = {"ok": False, "error_code": error.status, "description": error.description}
            if error.parameters:
                body["parameters"] = error.parameters
            return JSONResponse(body, status_code=error.status)
        return JSONResponse({"ok": True, "result": result})

    @router.get("/file/bot{token}/files/{file_id}")
    def download(token: str, file_id: str) -> Response:
        if token != platform.token or file_id not in platform.files:
            return JSONResponse({"ok": False, "error_code": 404, "description": "Not Found"}, status_code=404)
        return Response(platform.files[file_id], media_type="application/octet-stream")

    return router


async def _given(request: Request) -> dict[str, Any]:
    if request.headers.get("content-type", "").startswith("application/json"):
        given: dict[str, Any] = await request.json()
        return given
    values: dict[str, Any] = {**request.query_params}
    async with request.form() as form:
        for key, value in form.items():
            if isinstance(value, UploadFile):
                values[key] = await value.read()
            else:
                values[key] = orjson.loads(value) if key in JSON_FIELDS else value
    return values


def _user(person: int) -> dict[str, Any]:
    return {"id": person, "is_bot": False, "first_name": f"person {person}", "language_code": "zh-hans"}
