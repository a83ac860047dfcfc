"""What we ask of WeChat: media, messages outside of the reply, the menu. One access token for all processes.

The token stands in the database. It is fetched by the «stable» interface, which gives the same token to everybody until
it is forced to make a new one; only the process whose token was refused, and only once for that token, forces it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import requests
import structlog
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException
from wechatpy.session import SessionStorage

from backend.store.pictures import picture_type
from bot.channels.contract import MediaError
from bot.channels.keeper import MOST_PICTURE_BYTES, Keeper

log = structlog.get_logger()

API = "https://api.weixin.qq.com"
TIMEOUT_S = 8.0
EARLY_S = 300  # a token is renewed this long before it ends
TOKEN_REFUSED = frozenset({40001, 40014, 42001})
WINDOW_CLOSED = frozenset({45015, 45047})  # nothing was said for 48 hours, or too many messages since
MOST_OF_A_THING = 20  # characters of a value of that kind in a subscription message
SUBSCRIBED_END = "。"  # no value may be empty
OVER_QUOTA = 45009  # calls of the day are used up


class WeChatError(Exception):
    """WeChat refused or could not be reached; `code` is its error code (None: not reached). Never holds a token.

    WeChatError
    ├── WindowClosedError    the person must write first (or a template message must be used)
    └── QuotaError           no more calls today
    """

    def __init__(self, code: int | None) -> None:
        super().__init__(f"WeChat error {code}" if code is not None else "WeChat can not be reached")
        self.code = code


class WindowClosedError(WeChatError):
    pass


class QuotaError(WeChatError):
    pass


class StoredToken(SessionStorage):  # type: ignore[misc]
    """wechatpy's place for tokens, in our database."""

    def __init__(self, keeper: Keeper, clock: Callable[[], float] = time.time) -> None:
        self._keeper, self._clock = keeper, clock

    def get(self, key: str, default: Any = None) -> Any:
        stored = self._keeper.fact("wechat-token", key)
        if stored is None or stored["ends"] - EARLY_S < self._clock():
            return default
        return stored["token"]

    def set(self, key: str, value: Any, ttl: int | None = None) -> None:
        # Tokens that live shorter than twice the margin are kept for half their life.
        ends = self._clock() + max(ttl or 0, 0)
        if ttl and ttl < 2 * EARLY_S:
            ends += EARLY_S - ttl / 2
        self._keeper.set_fact("wechat-token", key, {"token": value, "ends": ends})

    def delete(self, key: str) -> None:
        self._keeper.take_fact("wechat-token", key)


class _Client(WeChatClient):  # type: ignore[misc]
    """wechatpy's client with the stable token interface and a time limit on every call."""

    def __init__(self, app_id: str, secret: str, api: str, session: SessionStorage) -> None:
        self.API_BASE_URL = f"{api}/cgi-bin/"
        # Without auto_retry: wechatpy would try a refused token for ever.
        super().__init__(app_id, secret, session=session, timeout=TIMEOUT_S, auto_retry=False)

    def fetch_access_token(self, *, force: bool = False) -> Any:
        asked = {
            "grant_type": "client_credential",
            "appid": self.appid,
            "secret": self.secret,
            "force_refresh": force,
        }
        answer = self._http.post(f"{self.API_BASE_URL}stable_token", json=asked, timeout=TIMEOUT_S)
        answer.raise_for_status()
        result = answer.json()
        if result.get("errcode"):
            raise WeChatClientException(int(result["errcode"]), str(result.get("errmsg", "")), client=self)
        self.session.set(self.access_token_key, result["access_token"], int(result["expires_in"]))
        return result

    @property
    def access_token(self) -> Any:
        # Read anew each time: another process may have renewed it.
        token = self.session.get(self.access_token_key)
        return token or self.fetch_access_token()["access_token"]


class WeChatApi:
    """The interfaces of one official account. Safe to share between threads; calls block."""

    def __init__(self, app_id: str, secret: str, keeper: Keeper, *, api: str = API) -> None:
        self.app_id = app_id
        self._client = _Client(app_id, secret, api, StoredToken(keeper))
        self._refreshing = threading.Lock()

    def close(self) -> None:
        self._client._http.close()

    def send_text(self, openid: str, text: str) -> None:
        """A customer-service message. Raises WeChatError."""
        self._call(lambda: self._client.message.send_text(openid, text))

    def send_picture(self, openid: str, data: bytes) -> None:
        """A customer-service message with a JPEG, PNG or GIF of at most 10 MiB. Raises WeChatError."""
        file = ("picture", data, f"image/{picture_type(data)}")
        uploaded = self._call(lambda: self._client.media.upload("image", file))
        self._call(lambda: self._client.message.send_image(openid, uploaded["media_id"]))

    def send_template(self, openid: str, template: str, text: str, *, key: str | None = None) -> None:
        """A template message with the text as its one value `content`. Raises WeChatError.

        WeChat shows a message of the same `key` once, should it be sent again within ten minutes.
        """
        message: dict[str, Any] = {
            "touser": openid,
            "template_id": template,
            "data": {"content": {"value": text}},
        }
        if key is not None:
            message["client_msg_id"] = key
        # wechatpy's own method does not know `client_msg_id`.
        self._call(lambda: self._client.post("message/template/send", data=message))

    def send_subscription(self, openid: str, template: str, text: str) -> None:
        """A subscription message with the text in its values `thing1` and `thing2`, twenty characters each, as WeChat allows.

        Raises WeChatError; 43101: the person has not subscribed, or has had what they subscribed to.
        """
        first, rest = text[:MOST_OF_A_THING], text[MOST_OF_A_THING:]
        second = rest if len(rest) <= MOST_OF_A_THING else rest[: MOST_OF_A_THING - 1] + "…"
        values = {"thing1": {"value": first}, "thing2": {"value": second or SUBSCRIBED_END}}
        message = {"touser": openid, "template_id": template, "data": values}
        # wechatpy has no method for it.
        self._call(lambda: self._client.post("message/subscribe/bizsend", data=message))

    def qr_code(self, scene: str) -> str:
        """The address that a permanent QR code with this scene holds. Raises WeChatError."""
        asked = {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": scene}}}
        return str(self._call(lambda: self._client.qrcode.create(asked))["url"])

    def create_menu(self, menu: dict[str, Any]) -> None:
        """Raises WeChatError."""
        self._call(lambda: self._client.menu.create(menu))

    def media(self, media_id: str) -> bytes:
        """A picture or voice message that somebody sent. Raises MediaError."""
        try:
            answer = self._call(lambda: self._client.media.download(media_id))
        except WeChatError as problem:
            raise MediaError(str(problem)) from None
        if not isinstance(answer, requests.Response):
            raise MediaError("WeChat sent no file")
        if len(answer.content) > MOST_PICTURE_BYTES:
            raise MediaError("the file is too large")
        return bytes(answer.content)

    def _call(self, ask: Callable[[], Any]) -> Any:
        """Ask; when the token is refused, renew it and ask once more."""
        try:
            before = self._client.access_token
            try:
                return ask()
            except WeChatClientException as refused:
                if refused.errcode not in TOKEN_REFUSED:
                    raise
            self._renew(before)
            return ask()
        except WeChatClientException as refused:
            raise _error(refused.errcode) from None
        except (requests.RequestException, ValueError, KeyError):
            # Its text holds the address, and that the token or the secret.
            raise WeChatError(None) from None

    def _renew(self, refused: str) -> None:
        with self._refreshing:
            if self._client.session.get(self._client.access_token_key) == refused:
                log.info("wechat_token_renewed")
                self._client.fetch_access_token(force=True)


def _error(code: int | None) -> WeChatError:
    if code in WINDOW_CLOSED:
        return WindowClosedError(code)
    return QuotaError(code) if code == OVER_QUOTA else WeChatError(code)
