"""A local enterprise WeChat: the interfaces of one application with their error codes, and members who press buttons.

After https://developer.work.weixin.qq.com/document: gettoken (path 91039), message/send (90236), update_template_card (94888),
callbacks (90238), template_card_event (90240), global error codes (90313).
"""

from __future__ import annotations

import hashlib
import itertools
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
from defusedxml.ElementTree import fromstring
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from wechatpy.enterprise.crypto import WeChatCrypto

from bot.sandbox.wechat import NO_TLS, WeChatApiError

MOST_BUTTONS = 6
MOST_LINES = 6
LONGEST_TASK = 128
CARD_LIVES_S = 72 * 3600  # a response code can be used this long, and once
TOKEN_LIVES_S = 7200
LONGEST_TEXT = 2048  # bytes


@dataclass
class ShownCard:
    """A card as a member sees it. `pressed`: what stands where the buttons were."""

    card: dict[str, Any]
    pressed: str | None = None


@dataclass
class WeComPlatform:
    """One application, and the members who may see it. `cards` and `texts`: what each of them got, oldest first."""

    corp_id: str
    secret: str
    agent_id: int
    token: str
    aes_key: str
    url: str = ""  # the callback of the application
    members: set[str] = field(default_factory=set)
    cards: dict[str, list[ShownCard]] = field(default_factory=dict)
    texts: dict[str, list[str]] = field(default_factory=dict)
    log: list[tuple[str, ShownCard | str]] = field(
        default_factory=list
    )  # the same of all members, oldest first
    media: dict[str, bytes] = field(default_factory=dict)
    faults: list[tuple[str, WeChatApiError | int]] = field(default_factory=list)  # path; error or HTTP status
    calls: list[str] = field(default_factory=list)
    _access_token: str | None = None
    _responses: dict[str, str] = field(default_factory=dict)  # response code → task
    _sent: set[str] = field(default_factory=set)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    # The members.

    def press(self, member: str, shown: ShownCard, key: str) -> int:
        """A member presses a button; the HTTP status of the callback."""
        code = secrets.token_urlsafe(16)
        self._responses[code] = shown.card["task_id"]
        return self.bring(
            self.event(member, "template_card_event", EventKey=key, TaskId=shown.card["task_id"],
                CardType="button_interaction", ResponseCode=code, AgentID=str(self.agent_id))
        )  # fmt: skip

    def sends_picture(self, member: str, data: bytes) -> int:
        """A member sends a picture to the application; the HTTP status of the callback."""
        number = str(next(self._numbers))
        self.media[f"media-{number}"] = data
        fields = {"MsgType": "image", "PicUrl": "", "MediaId": f"media-{number}", "MsgId": number}
        return self.bring(self._xml(member, fields | {"AgentID": str(self.agent_id)}))

    def event(self, member: str, name: str, **fields: str) -> str:
        return self._xml(member, {"MsgType": "event", "Event": name} | fields)

    def _xml(self, member: str, fields: Mapping[str, str]) -> str:
        body = "".join(f"<{field}><![CDATA[{value}]]></{field}>" for field, value in fields.items())
        return (
            f"<xml><ToUserName><![CDATA[{self.corp_id}]]></ToUserName><FromUserName><![CDATA[{member}]]></FromUserName>"
            f"<CreateTime>{int(time.time())}</CreateTime>{body}</xml>"
        )

    def bring(self, xml: str, **query: str) -> int:
        """One callback, sealed as enterprise WeChat does it. `query` overrides what is signed."""
        params, body = self.sealed(xml)
        return httpx.post(self.url, params=params | query, content=body, timeout=5, verify=NO_TLS).status_code

    def sealed(self, xml: str) -> tuple[dict[str, str], bytes]:
        nonce, timestamp = secrets.token_hex(5), str(int(time.time()))
        sealed = fromstring(self._crypto().encrypt_message(xml, nonce, timestamp))
        values = {child.tag: child.text or "" for child in sealed}
        params = {"msg_signature": values["MsgSignature"], "timestamp": timestamp, "nonce": nonce}
        body = f"<xml><ToUserName>{self.corp_id}</ToUserName><Encrypt>{values['Encrypt']}</Encrypt></xml>"
        return params, body.encode()

    def check_address(self) -> tuple[int, str]:
        """What the console does when the callback is entered: status, and what came back."""
        nonce, timestamp = secrets.token_hex(5), str(int(time.time()))
        sealed = (
            fromstring(self._crypto().encrypt_message("5927349568", nonce, timestamp)).findtext("Encrypt")
            or ""
        )
        parts = sorted((self.token, timestamp, nonce, sealed))
        signature = hashlib.sha1("".join(parts).encode(), usedforsecurity=False).hexdigest()
        params = {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce, "echostr": sealed}
        answer = httpx.get(self.url, params=params, verify=NO_TLS)
        return answer.status_code, answer.text

    def _crypto(self) -> WeChatCrypto:
        return WeChatCrypto(self.token, self.aes_key, self.corp_id)

    # The interfaces.

    def expire_token(self) -> None:
        self._access_token = secrets.token_urlsafe(16)

    def call(self, path: str, query: Mapping[str, str], given: dict[str, Any]) -> dict[str, Any]:
        """The answer of one interface. Raises WeChatApiError."""
        self.calls.append(path)
        if path == "gettoken":
            return self._gettoken(query)
        self._check_token(query)
        known = {"message/send": self._send, "message/update_template_card": self._update}.get(path)
        if known is None:
            raise WeChatApiError(-1, "unknown path")
        return known(given)

    def download(self, query: Mapping[str, str]) -> bytes:
        """Something that a member sent, for `media/get`. Raises WeChatApiError."""
        self.calls.append("media/get")
        self._check_token(query)
        if query.get("media_id") not in self.media:
            raise WeChatApiError(40007, "invalid media_id")
        return self.media[query["media_id"]]

    def _check_token(self, query: Mapping[str, str]) -> None:
        if not query.get("access_token"):
            raise WeChatApiError(41001, "access_token missing")
        if query["access_token"] != self._access_token:
            raise WeChatApiError(40014, "invalid access_token")

    def _gettoken(self, query: Mapping[str, str]) -> dict[str, Any]:
        if query.get("corpid") != self.corp_id:
            raise WeChatApiError(40013, "invalid corpid")
        if query.get("corpsecret") != self.secret:
            raise WeChatApiError(40001, "invalid credential")
        self._access_token = self._access_token or secrets.token_urlsafe(32)
        return {"access_token": self._access_token, "expires_in": TOKEN_LIVES_S}

    def _send(self, given: dict[str, Any]) -> dict[str, Any]:
        if given.get("agentid") != self.agent_id:
            raise WeChatApiError(40056, "invalid agentid")
        users = [user for user in str(given.get("touser", "")).split("|") if user]
        known = [user for user in users if user in self.members]
        if not known:
            raise WeChatApiError(81013, "user & party & tag all invalid")
        if given.get("msgtype") == "text":
            self._send_text(known, given["text"]["content"])
        elif given.get("msgtype") == "template_card":
            self._send_card(known, given)
        else:
            raise WeChatApiError(40008, "invalid message type")
        unknown = "|".join(user for user in users if user not in self.members)
        return {"msgid": f"m{next(self._numbers)}"} | ({"invaliduser": unknown} if unknown else {})

    def _send_text(self, users: list[str], text: str) -> None:
        if not 0 < len(text.encode()) <= LONGEST_TEXT:
            raise WeChatApiError(45002, "content size out of limit")
        for user in users:
            self.texts.setdefault(user, []).append(text)
            self.log.append((user, text))

    def _send_card(self, users: list[str], given: dict[str, Any]) -> None:
        card = given["template_card"]
        buttons = card.get("button_list", [])
        if card.get("card_type") != "button_interaction" or not card.get("main_title", {}).get("title"):
            raise WeChatApiError(42045, "invalid template card")
        if not 0 < len(buttons) <= MOST_BUTTONS or len(card.get("horizontal_content_list", [])) > MOST_LINES:
            raise WeChatApiError(42045, "invalid template card")
        if not 0 < len(str(card.get("task_id", "")).encode()) <= LONGEST_TASK:
            raise WeChatApiError(40095, "invalid task_id")
        repeated = f"{given.get('touser')}:{orjson.dumps(card).decode()}"
        if given.get("enable_duplicate_check") and repeated in self._sent:
            return  # taken, and shown once
        self._sent.add(repeated)
        for user in users:
            shown = ShownCard(card)
            self.cards.setdefault(user, []).append(shown)
            self.log.append((user, shown))

    def _update(self, given: dict[str, Any]) -> dict[str, Any]:
        task = self._responses.pop(given.get("response_code", ""), None)
        if task is None:
            raise WeChatApiError(42047, "invalid response_code")
        for shown in itertools.chain.from_iterable(self.cards.values()):
            if shown.card["task_id"] == task:
                shown.pressed = given["button"]["replace_name"]
        return {}


def wecom_platform_router(platform: WeComPlatform) -> APIRouter:
    """`/cgi-bin/…`, as qyapi.weixin.qq.com has it."""
    router = APIRouter(include_in_schema=False)

    @router.api_route("/cgi-bin/{path:path}", methods=["GET", "POST"])
    async def call(path: str, request: Request) -> Response:
        body, query = await request.body(), dict(request.query_params)
        fault = next((fault for fault in platform.faults if fault[0] == path), None)
        try:
            if fault is not None:
                platform.faults.remove(fault)
                if isinstance(fault[1], int):
                    return Response("Bad Gateway", status_code=fault[1])
                raise fault[1]
            if path == "media/get":
                return Response(platform.download(query), media_type="image/jpeg")
            result = await run_in_threadpool(platform.call, path, query, orjson.loads(body) if body else {})
        except WeChatApiError as error:
            return JSONResponse({"errcode": error.code, "errmsg": error.text})
        return JSONResponse({"errcode": 0, "errmsg": "ok"} | result)

    return router
