"""What enterprise WeChat sends us: always signed and encrypted. Bytes in, values out."""

from __future__ import annotations

import binascii
import struct
from collections.abc import Mapping
from dataclasses import dataclass

from wechatpy.enterprise.crypto import WeChatCrypto
from wechatpy.exceptions import WeChatException

from bot.channels.contract import BrokenError, ForgedError
from bot.channels.wechat.envelope import AES_KEY_CHARACTERS, CLOCKS_DIFFER_BY_S, fields, safe_xml


@dataclass(frozen=True, slots=True)
class Press:
    """Somebody pressed a button of a card."""

    user: str
    task: str
    key: str
    response_code: str  # with this the card can be changed, once


class Callback:
    """The secrets of the callback."""

    def __init__(self, token: str, aes_key: str, corp_id: str) -> None:
        """Raises ValueError when the AES key is no EncodingAESKey."""
        if len(aes_key) != AES_KEY_CHARACTERS:
            raise ValueError("the EncodingAESKey of enterprise WeChat has 43 characters")
        try:
            self._crypto = WeChatCrypto(token, aes_key, corp_id)
        except (binascii.Error, AssertionError):
            raise ValueError("the EncodingAESKey is no base64") from None

    def echo(self, query: Mapping[str, str], now_s: float) -> str:
        """The answer to the check of our address. Raises ForgedError or BrokenError."""
        self._check_time(query, now_s)
        return self._open(lambda: self._crypto.check_signature(*_signed(query), query.get("echostr", "")))

    def open(self, query: Mapping[str, str], body: bytes, now_s: float) -> str:
        """The XML of an event. Raises ForgedError or BrokenError."""
        self._check_time(query, now_s)
        encrypted = fields(safe_xml(body)).get("Encrypt", "")
        text = self._open(lambda: self._crypto.decrypt_message({"Encrypt": encrypted}, *_signed(query)))
        return safe_xml(text.encode())

    def _check_time(self, query: Mapping[str, str], now_s: float) -> None:
        timestamp = query.get("timestamp", "")
        if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
            raise ForgedError("the timestamp is no number")
        if abs(now_s - int(timestamp)) > CLOCKS_DIFFER_BY_S:
            raise ForgedError("the timestamp is more than five minutes off")

    @staticmethod
    def _open(read: object) -> str:
        try:
            return str(read())  # type: ignore[operator]
        except WeChatException:
            raise ForgedError("the signature is wrong, or the event is of another enterprise") from None
        except (ValueError, IndexError, struct.error):
            raise BrokenError("the event does not decrypt: is NUANXIAN_WECOM_AES_KEY right?") from None


def _signed(query: Mapping[str, str]) -> tuple[str, str, str]:
    return query.get("msg_signature", ""), query.get("timestamp", ""), query.get("nonce", "")


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture that a member sent to the application."""

    user: str
    media_id: str
    message_id: str


def read_shot(xml: str) -> Shot | None:
    """The picture; None for everything else."""
    values = fields(xml)
    if values.get("MsgType") != "image":
        return None
    return Shot(values.get("FromUserName", ""), values.get("MediaId", ""), values.get("MsgId", ""))


def read_press(xml: str) -> Press | None:
    """The pressed button; None for every other event."""
    values = fields(xml)
    if values.get("Event") != "template_card_event":
        return None
    return Press(
        values.get("FromUserName", ""),
        values.get("TaskId", ""),
        values.get("EventKey", ""),
        values.get("ResponseCode", ""),
    )
