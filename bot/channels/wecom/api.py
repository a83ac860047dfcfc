"""What we ask of enterprise WeChat: messages with buttons, and what becomes of the buttons.

After https://developer.work.weixin.qq.com/document/path/90236 (message/send) and /path/94888 (update_template_card). wechatpy
lacks template cards: they go through its client's `post`. The access token stands in the database, for all processes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import requests
from wechatpy.enterprise import WeChatClient
from wechatpy.exceptions import WeChatClientException

from bot.channels.contract import MediaError
from bot.channels.keeper import MOST_PICTURE_BYTES, Keeper
from bot.channels.wechat.api import TIMEOUT_S, TOKEN_REFUSED, StoredToken

API = "https://qyapi.weixin.qq.com"
UNKNOWN_USER = 81013  # none of the receivers is a member who may see the application
TOO_OFTEN = frozenset({45009, 45033})


class WeComError(Exception):
    """Enterprise WeChat refused, or could not be reached (`code` None). Never holds a token."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"WeCom error {code}" if code is not None else "WeCom can not be reached")
        self.code = code

    @property
    def passing(self) -> bool:
        """Whether the same may work later."""
        return self.code is None or self.code == -1 or self.code in TOO_OFTEN


@dataclass(frozen=True, slots=True)
class Card:
    """A message with lines and buttons. `task` is ours and comes back when a button is pressed."""

    task: str
    title: str
    text: str
    lines: Sequence[tuple[str, str]]  # name and value
    buttons: Sequence[tuple[str, str]]  # label and key

    def json(self) -> dict[str, Any]:
        return {
            "card_type": "button_interaction",
            "main_title": {"title": self.title, "desc": self.text},
            "horizontal_content_list": [{"keyname": name, "value": value} for name, value in self.lines],
            "task_id": self.task,
            "button_list": [
                {"text": label, "style": 1 if place == 0 else 2, "key": key}
                for place, (label, key) in enumerate(self.buttons)
            ],
        }


class _Client(WeChatClient):  # type: ignore[misc]
    """wechatpy's client with our address and a time limit on every call."""

    def __init__(self, corp_id: str, secret: str, api: str, session: StoredToken) -> None:
        self.API_BASE_URL = f"{api}/cgi-bin/"
        super().__init__(corp_id, secret, session=session, timeout=TIMEOUT_S, auto_retry=False)

    def fetch_access_token(self) -> Any:
        asked = {"corpid": self.corp_id, "corpsecret": self.secret}
        answer = self._http.get(f"{self.API_BASE_URL}gettoken", params=asked, timeout=TIMEOUT_S)
        answer.raise_for_status()
        result = answer.json()
        if result.get("errcode"):
            raise WeChatClientException(int(result["errcode"]), "", client=self)
        self.session.set(self.access_token_key, result["access_token"], int(result["expires_in"]))
        return result

    @property
    def access_token_key(self) -> str:
        # wechatpy puts the beginning of the secret into this name, and names are not sealed.
        return f"wecom:{self.corp_id}"

    @property
    def access_token(self) -> Any:
        token = self.session.get(self.access_token_key)
        return token or self.fetch_access_token()["access_token"]


class WeComApi:
    """One application of one enterprise. Safe to share between threads; calls block."""

    def __init__(self, corp_id: str, secret: str, agent_id: int, keeper: Keeper, *, api: str = API) -> None:
        self.corp_id, self.agent_id = corp_id, agent_id
        self._client = _Client(corp_id, secret, api, StoredToken(keeper))

    def close(self) -> None:
        self._client._http.close()

    def send_card(self, users: Sequence[str], card: Card) -> None:
        """To these members, once within ten minutes for the same task. Raises WeComError."""
        self._send(users, {"msgtype": "template_card", "template_card": card.json()})

    def send_text(self, users: Sequence[str], text: str) -> None:
        """Raises WeComError."""
        self._send(users, {"msgtype": "text", "text": {"content": text}})

    def media(self, media_id: str) -> bytes:
        """A picture that a member sent. Raises WeComError, MediaError when it is none."""
        # wechatpy's own `download` asks another address than ours, without a time limit.
        answer = self._call(lambda: self._client.get("media/get", params={"media_id": media_id}))
        if not isinstance(answer, requests.Response) or len(answer.content) > MOST_PICTURE_BYTES:
            raise MediaError("no picture, or one that is too large")
        return bytes(answer.content)

    def close_card(self, response_code: str, label: str) -> None:
        """The buttons of a pressed card are replaced by one word, for everybody who got it. Raises WeComError."""
        body = {
            "atall": 1,
            "agentid": self.agent_id,
            "response_code": response_code,
            "button": {"replace_name": label},
        }
        self._call(lambda: self._client.post("message/update_template_card", data=body))

    def _send(self, users: Sequence[str], message: dict[str, Any]) -> None:
        repeated = {"enable_duplicate_check": 1, "duplicate_check_interval": 600}
        self._call(lambda: self._client.message.send(self.agent_id, list(users), msg=message | repeated))

    def _call(self, ask: Callable[[], Any]) -> Any:
        """Ask; when the token is refused, fetch it anew and ask once more."""
        try:
            try:
                return ask()
            except WeChatClientException as refused:
                if refused.errcode not in TOKEN_REFUSED:
                    raise
            self._client.fetch_access_token()
            return ask()
        except WeChatClientException as refused:
            raise WeComError(refused.errcode) from None
        except (requests.RequestException, ValueError, KeyError):
            # Its text holds the address, and that the token or the secret.
            raise WeComError(None) from None
