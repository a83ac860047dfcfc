"""A local WeChat: the interfaces of an official account over HTTP with their error codes, and people who write to it.

After https://developers.weixin.qq.com/doc/offiaccount/: signatures, plain and encrypted delivery, three tries of five
seconds, one passive reply, the 48 hours of the customer-service interface. What it keeps is in memory.
"""

from __future__ import annotations

import hashlib
import itertools
import secrets
import ssl
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from xml.sax.saxutils import escape

import httpx
import orjson
from defusedxml.ElementTree import fromstring
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.responses import JSONResponse, Response
from wechatpy.crypto import WeChatCrypto

DELIVERIES = 3
WAITS_S = 5.0
WINDOW_S = 48 * 3600
MOST_MESSAGES = 20  # customer-service messages after something was said
# The channel is on this machine: to load the list of authorities for each call would take longer than the call.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
LONGEST_TEXT = 2048  # bytes
LONGEST_SCENE = 64  # characters
LONGEST_THING = 20  # characters
SCAN = "http://weixin.qq.com/q/"
TOKEN_LIVES_S = 7200
ACCOUNT = "gh_0123456789ab"
UPLOADED_TYPES = frozenset({"image/jpeg", "image/png", "image/gif"})
MOST_UPLOADED_BYTES = 10 * 1024 * 1024
PICTURE = "picture:"  # in `shown`: the media id of a picture
SHORTEST_BETWEEN_FORCED_S = 0.0  # WeChat asks for 30 s; tests are faster


class WeChatApiError(Exception):
    """An answer with an errcode."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


@dataclass
class Delivered:
    """What became of one message: how often it was brought, the HTTP statuses, and the passive reply that was shown."""

    statuses: list[int | None] = field(default_factory=list)  # None: no answer in time
    reply: str | None = None
    bodies: list[str] = field(default_factory=list)


@dataclass
class WeChatPlatform:
    """One official account and everybody who follows it. `shown` is what each person sees, oldest first."""

    app_id: str
    secret: str
    token: str
    url: str = ""  # where messages are brought
    aes_key: str | None = None
    waits_s: float = WAITS_S
    shown: dict[str, list[str]] = field(default_factory=dict)
    followers: set[str] = field(default_factory=set)
    faults: list[tuple[str, WeChatApiError | int]] = field(default_factory=list)  # path; error or HTTP status
    calls: list[str] = field(default_factory=list)
    media: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    templates: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # id → what was sent
    subscriptions: dict[str, list[dict[str, Any]]] = field(
        default_factory=dict
    )  # the same of subscription messages
    subscribed: Counter[str] = field(default_factory=Counter)  # how many messages each person still asked for
    menu: dict[str, Any] | None = None
    tokens_made: int = 0
    token_lives_s: int = TOKEN_LIVES_S
    pictures: dict[str, list[bytes]] = field(default_factory=dict)  # what each person was shown, oldest first
    _spoke_at: dict[str, float] = field(default_factory=dict)
    _templates_sent: set[str] = field(default_factory=set)
    _since: dict[str, int] = field(default_factory=dict)
    _access_token: str | None = None
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(23456789012345678))
    _lock: threading.RLock = field(default_factory=threading.RLock)

    # The people.

    def message(self, openid: str, kind: str, **fields: str) -> str:
        """The XML of a message with the next number."""
        number = "" if kind == "event" else f"<MsgId>{next(self._numbers)}</MsgId>"
        body = "".join(f"<{name}>{_cdata(value)}</{name}>" for name, value in fields.items())
        return (
            f"<xml><ToUserName>{_cdata(ACCOUNT)}</ToUserName><FromUserName>{_cdata(openid)}</FromUserName>"
            f"<CreateTime>{int(time.time())}</CreateTime><MsgType>{_cdata(kind)}</MsgType>{body}{number}</xml>"
        )

    def says(self, openid: str, text: str) -> Delivered:
        return self.deliver(self.message(openid, "text", Content=text))

    def upload(self, data: bytes, media_type: str) -> str:
        """Something a person sends that is fetched by its media id."""
        media_id = f"media-{secrets.token_urlsafe(12)}"
        self.media[media_id] = (data, media_type)
        return media_id

    def texts(self, openid: str) -> list[str]:
        return self.shown.setdefault(openid, [])

    # Bringing messages.

    def deliver(self, xml: str, *, deliveries: int = DELIVERIES) -> Delivered:
        """Bring a message up to three times, until it is answered; show the first answer that came in time."""
        delivered, openid = Delivered(), fromstring(xml).findtext("FromUserName") or ""
        self.followers.add(openid)
        self._spoke_at[openid], self._since[openid] = time.time(), 0
        for _ in range(deliveries):
            status, body = self.bring(xml)
            delivered.statuses.append(status)
            delivered.bodies.append(body)
            if status == 200:
                delivered.reply = self._passive(body, openid)
                break
        return delivered

    def bring(self, xml: str, **query: str) -> tuple[int | None, str]:
        """One delivery; None when no answer came in time. `query` overrides what is signed."""
        params, body = self.sealed(xml)
        try:
            answer = httpx.post(
                self.url, params=params | query, content=body.encode(), timeout=self.waits_s, verify=NO_TLS
            )
        except httpx.TimeoutException:
            return None, ""
        return answer.status_code, answer.text

    def sealed(self, xml: str, *, now_s: float | None = None) -> tuple[dict[str, str], str]:
        """The query and body as WeChat sends them, encrypted when the account has a key."""
        timestamp, nonce = str(int(time.time() if now_s is None else now_s)), secrets.token_hex(5)
        query = {"timestamp": timestamp, "nonce": nonce, "signature": signature(self.token, timestamp, nonce)}
        query["openid"] = fromstring(xml).findtext("FromUserName") or ""
        if self.aes_key is None:
            return query, xml
        crypto = WeChatCrypto(self.token, self.aes_key, self.app_id)
        encrypted = fromstring(crypto.encrypt_message(xml, nonce, timestamp)).findtext("Encrypt") or ""
        query |= {"encrypt_type": "aes", "msg_signature": signature(self.token, timestamp, nonce, encrypted)}
        return (
            query,
            f"<xml><ToUserName>{_cdata(ACCOUNT)}</ToUserName><Encrypt>{_cdata(encrypted)}</Encrypt></xml>",
        )

    def _passive(self, body: str, openid: str) -> str | None:
        if body in ("", "success"):
            return None
        root = fromstring(body)
        if self.aes_key is not None:
            crypto = WeChatCrypto(self.token, self.aes_key, self.app_id)
            values = {child.tag: child.text or "" for child in root}
            body = crypto.decrypt_message(body, values["MsgSignature"], values["TimeStamp"], values["Nonce"])
            root = fromstring(body)
        if root.findtext("ToUserName") != openid or root.findtext("FromUserName") != ACCOUNT:
            raise AssertionError("the passive reply is for somebody else")
        text = root.findtext("Content") or ""
        if len(text.encode()) > LONGEST_TEXT:
            raise AssertionError("the passive reply is too long")
        self.texts(openid).append(text)
        return text

    # The interfaces.

    def expire_token(self) -> None:
        self._access_token = secrets.token_urlsafe(16)

    def call(self, path: str, query: Mapping[str, str], given: dict[str, Any]) -> dict[str, Any]:
        """The answer of one interface. Raises WeChatApiError."""
        with self._lock:
            self.calls.append(path)
            if path in {"token", "stable_token"}:
                return self._make_token(path, given | dict(query))
            if query.get("access_token") != self._access_token:
                code = 40001 if query.get("access_token") else 41001
                raise WeChatApiError(code, "invalid credential, access_token is invalid or not latest")
            known = {
                "message/custom/send": self._custom, "message/template/send": self._template,
                "message/subscribe/bizsend": self._bizsend,
                "qrcode/create": self._qrcode, "menu/create": self._menu, "menu/get": self._menu_get, "menu/delete": self._menu_delete,
            }.get(path)  # fmt: skip
            if known is None:
                raise WeChatApiError(40066, "invalid url")
            return known(given)

    def fault(self, path: str) -> WeChatApiError | int | None:
        """What goes wrong with this call, if something does."""
        with self._lock:
            found = next((fault for fault in self.faults if fault[0] == path), None)
            if found is not None:
                self.faults.remove(found)
        return found[1] if found else None

    def _make_token(self, path: str, given: Mapping[str, Any]) -> dict[str, Any]:
        if given.get("appid") != self.app_id:
            raise WeChatApiError(40013, "invalid appid")
        if given.get("secret") != self.secret:
            raise WeChatApiError(40125, "invalid appsecret")
        if path == "token" or self._access_token is None or given.get("force_refresh"):
            self._access_token = secrets.token_urlsafe(32)
            self.tokens_made += 1
        return {"access_token": self._access_token, "expires_in": self.token_lives_s}

    def _custom(self, given: dict[str, Any]) -> dict[str, Any]:
        openid, kind = given.get("touser", ""), given.get("msgtype")
        if openid not in self.followers:
            raise WeChatApiError(40003, "invalid openid")
        if time.time() - self._spoke_at.get(openid, 0) > WINDOW_S:
            raise WeChatApiError(45015, "response out of time limit or subscription is canceled")
        if self._since.get(openid, 0) >= MOST_MESSAGES:
            raise WeChatApiError(45047, "out of response count limit")
        shown = self._shown_of(kind, given)
        self._since[openid] = self._since.get(openid, 0) + 1
        if isinstance(shown, bytes):
            self.pictures.setdefault(openid, []).append(shown)
            shown = f"{PICTURE}{given['image']['media_id']}"
        self.texts(openid).append(shown)
        return {}

    def _shown_of(self, kind: object, given: dict[str, Any]) -> str | bytes:
        """The words or the picture of a customer-service message."""
        if kind == "image":
            media_id = given.get("image", {}).get("media_id", "")
            if media_id not in self.media:
                raise WeChatApiError(40007, "invalid media_id")
            return self.media[media_id][0]
        if kind != "text":
            raise WeChatApiError(40008, "invalid message type")
        text: str = given.get("text", {}).get("content", "")
        if not 0 < len(text.encode()) <= LONGEST_TEXT:
            raise WeChatApiError(45002, "content size out of limit")
        return text

    def close_window(self, openid: str) -> None:
        """As if 48 hours had passed since this person wrote."""
        self._spoke_at[openid] = time.time() - WINDOW_S - 1

    def _template(self, given: dict[str, Any]) -> dict[str, Any]:
        if given.get("template_id") not in self.templates:
            raise WeChatApiError(40037, "invalid template_id")
        repeated = f"{given.get('touser')}:{given.get('client_msg_id')}"
        if given.get("client_msg_id") is None or repeated not in self._templates_sent:
            self._templates_sent.add(repeated)
            self.templates[given["template_id"]].append(given)
        return {"msgid": next(self._numbers)}

    def _bizsend(self, given: dict[str, Any]) -> dict[str, Any]:
        sent, openid = self.subscriptions.get(given.get("template_id", "")), given.get("touser", "")
        if sent is None:
            raise WeChatApiError(40037, "invalid template_id")
        if not self.subscribed[openid]:
            raise WeChatApiError(43101, "user refuse to accept the msg")
        values = [one.get("value", "") for one in given.get("data", {}).values()]
        if not values or any(not 0 < len(value) <= LONGEST_THING for value in values):
            raise WeChatApiError(47003, "argument invalid")
        self.subscribed[openid] -= 1
        sent.append(given)
        return {}

    def _qrcode(self, given: dict[str, Any]) -> dict[str, Any]:
        scene = given.get("action_info", {}).get("scene", {}).get("scene_str", "")
        if given.get("action_name") != "QR_LIMIT_STR_SCENE" or not 0 < len(scene) <= LONGEST_SCENE:
            raise WeChatApiError(40053, "invalid action info")
        return {"ticket": secrets.token_urlsafe(32), "url": f"{SCAN}{scene}"}

    def scans(self, openid: str, url: str) -> Delivered:
        """Somebody scans a QR code of this account: who did not follow it follows it now."""
        scene, follows = url.removeprefix(SCAN), openid in self.followers
        event = (
            {"Event": "SCAN", "EventKey": scene}
            if follows
            else {"Event": "subscribe", "EventKey": f"qrscene_{scene}"}
        )
        return self.deliver(self.message(openid, "event", **event, Ticket="ticket"))

    def _menu(self, given: dict[str, Any]) -> dict[str, Any]:
        columns = given.get("button", [])
        if not 0 < len(columns) <= 3 or any(not 0 < len(one.get("sub_button", [1])) <= 5 for one in columns):
            raise WeChatApiError(40016, "invalid button size")
        if any(len(one["name"].encode()) > 16 for one in columns):
            raise WeChatApiError(40018, "invalid button name size")
        leaves = [leaf for one in columns for leaf in one.get("sub_button", [])]
        if any(len(leaf["name"].encode()) > 60 for leaf in leaves):
            raise WeChatApiError(40025, "invalid sub button name size")
        if any(len(leaf.get("key", "").encode()) > 128 for leaf in leaves):
            raise WeChatApiError(40026, "invalid sub button key size")
        self.menu = given
        return {}

    def _menu_get(self, given: dict[str, Any]) -> dict[str, Any]:
        if self.menu is None:
            raise WeChatApiError(46003, "menu no exist")
        return {"menu": self.menu}

    def _menu_delete(self, given: dict[str, Any]) -> dict[str, Any]:
        self.menu = None
        return {}


def wechat_platform_router(*accounts: WeChatPlatform) -> APIRouter:
    """`/cgi-bin/…`, as api.weixin.qq.com has it for all accounts."""
    router = APIRouter(include_in_schema=False)

    @router.api_route("/cgi-bin/{path:path}", methods=["GET", "POST"])
    async def call(path: str, request: Request) -> Response:
        body, query = await request.body(), dict(request.query_params)
        platform = _account(accounts, query, body)
        fault = await run_in_threadpool(platform.fault, path)  # it may take its time
        if isinstance(fault, int):
            return Response("Bad Gateway", status_code=fault)
        try:
            if fault is not None:
                raise fault
            if path == "media/get":
                return _media(platform, query)
            if path == "media/upload":
                return JSONResponse(await _uploaded(platform, request))
            given = orjson.loads(body) if body else {}
            result = await run_in_threadpool(platform.call, path, query, given)
        except orjson.JSONDecodeError:
            return JSONResponse({"errcode": 47001, "errmsg": "data format error"})
        except WeChatApiError as error:
            return JSONResponse({"errcode": error.code, "errmsg": f"{error.text} rid: 0"})
        return JSONResponse(({} if path.endswith("token") else {"errcode": 0, "errmsg": "ok"}) | result)

    return router


def _account(accounts: Sequence[WeChatPlatform], query: Mapping[str, str], body: bytes) -> WeChatPlatform:
    """Whose call this is: told by the token, or by the app id where a token is asked for."""
    token = query.get("access_token")
    named = (one for one in accounts if one.app_id.encode() in body or one.app_id == query.get("appid"))
    return next((one for one in accounts if token and one._access_token == token), next(named, accounts[0]))


def _media(platform: WeChatPlatform, query: Mapping[str, str]) -> Response:
    platform.calls.append("media/get")
    if query.get("access_token") != platform._access_token:
        raise WeChatApiError(40001, "invalid credential, access_token is invalid or not latest")
    if query.get("media_id") not in platform.media:
        raise WeChatApiError(40007, "invalid media_id")
    data, media_type = platform.media[query["media_id"]]
    return Response(data, media_type=media_type)


async def _uploaded(platform: WeChatPlatform, request: Request) -> dict[str, Any]:
    """What the account uploads to send it."""
    platform.calls.append("media/upload")
    if request.query_params.get("access_token") != platform._access_token:
        raise WeChatApiError(40001, "invalid credential, access_token is invalid or not latest")
    async with request.form() as form:
        file = form.get("media")
        if not isinstance(file, UploadFile):
            raise WeChatApiError(41005, "media data missing")
        data, media_type = await file.read(), file.content_type or ""
    if request.query_params.get("type") != "image" or media_type not in UPLOADED_TYPES:
        raise WeChatApiError(40004, "invalid media type")
    if len(data) > MOST_UPLOADED_BYTES:
        raise WeChatApiError(40006, "invalid media size")
    return {"type": "image", "media_id": platform.upload(data, media_type), "created_at": int(time.time())}


def signature(*parts: str) -> str:
    return hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def _cdata(value: str) -> str:
    return escape(value) if "]]>" in value else f"<![CDATA[{value}]]>"
