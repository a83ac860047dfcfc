"""Opens what WeChat sends and seals what it is answered: signature, time, encryption. Bytes in, values out, no clock.

Plain mode signs only token, timestamp and nonce; encrypted mode signs the message too. An installation that has an AES key
takes encrypted messages only, so that nobody can go back to the weaker mode.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import struct
from collections.abc import Mapping

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import WeChatException

from bot.channels.contract import BrokenError, ForgedError

CLOCKS_DIFFER_BY_S = 300
MOST_BYTES = 256 * 1024  # WeChat's own messages have a few kilobytes
AES_KEY_CHARACTERS = 43


class Envelope:
    """The secrets of one official account."""

    def __init__(self, token: str, app_id: str, aes_key: str | None = None) -> None:
        """Raises ValueError when the AES key is no EncodingAESKey."""
        self._token = token
        self._crypto: WeChatCrypto | None = None
        if aes_key is not None:
            if len(aes_key) != AES_KEY_CHARACTERS:
                raise ValueError("the EncodingAESKey of WeChat has 43 characters")
            try:
                self._crypto = WeChatCrypto(token, aes_key, app_id)
            except (binascii.Error, AssertionError):
                raise ValueError("the EncodingAESKey is no base64") from None

    def check(self, query: Mapping[str, str], now_s: float) -> None:
        """Raise ForgedError unless WeChat signed this a moment ago."""
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        _compare(query.get("signature", ""), self._token, timestamp, nonce)
        if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
            raise ForgedError("the timestamp is no number")
        if abs(now_s - int(timestamp)) > CLOCKS_DIFFER_BY_S:
            raise ForgedError("the timestamp is more than five minutes off")

    def open(self, query: Mapping[str, str], body: bytes, now_s: float) -> str:
        """The XML of the message. Raises ForgedError or BrokenError."""
        self.check(query, now_s)
        text = safe_xml(body)
        if self._crypto is None:
            if (
                query.get("encrypt_type") == "aes"
                and "Encrypt" in (found := fields(text))
                and "MsgType" not in found
            ):
                raise BrokenError("the message is encrypted, but NUANXIAN_WECHAT_AES_KEY is not set")
            return text
        encrypted = fields(text).get("Encrypt")
        if not encrypted:
            raise ForgedError("the message is not encrypted, but this account has an AES key")
        timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
        _compare(query.get("msg_signature", ""), self._token, timestamp, nonce, encrypted)
        return safe_xml(self._decrypt(query, encrypted).encode())

    def _decrypt(self, query: Mapping[str, str], encrypted: str) -> str:
        if self._crypto is None:
            raise BrokenError("there is no key")
        try:
            text: str = self._crypto.decrypt_message(
                {"Encrypt": encrypted}, query.get("msg_signature", ""), query.get("timestamp", ""), query.get("nonce", "")
            )  # fmt: skip
        except WeChatException:
            raise ForgedError("the message is of another account") from None
        except (ValueError, IndexError, struct.error):
            # A wrong key gives noise, and noise fails in any of these ways.
            raise BrokenError("the message does not decrypt: is NUANXIAN_WECHAT_AES_KEY right?") from None
        return text

    def seal(self, xml: str, now_s: float) -> str:
        """The answer as WeChat wants it: encrypted when its message was."""
        if self._crypto is None or not xml:
            return xml
        sealed: str = self._crypto.encrypt_message(xml, secrets.token_hex(8), str(int(now_s)))
        return sealed


def _compare(given: str, *parts: str) -> None:
    """SHA-1 over the sorted parts, as WeChat defines it; compared in constant time."""
    signed = hashlib.sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()
    if not hmac.compare_digest(signed.encode(), given.lower().encode()):
        raise ForgedError("the signature is wrong")


def safe_xml(body: bytes) -> str:
    """The text of an XML message without entities or external parts. Raises BrokenError."""
    if len(body) > MOST_BYTES:
        raise BrokenError("the message is too large")
    try:
        root = fromstring(body, forbid_dtd=True)
        text = body.decode("utf-8")
    except (ParseError, DefusedXmlException, ValueError, LookupError) as problem:
        raise BrokenError(f"no XML that we read: {type(problem).__name__}") from None
    if root.tag != "xml":
        raise BrokenError("no message: the root is not <xml>")
    return text


def fields(xml: str) -> dict[str, str]:
    """The plain fields of a message that `safe_xml` has passed."""
    return {child.tag: child.text or "" for child in fromstring(xml, forbid_dtd=True) if not len(child)}


def aes_key() -> str:
    """A new EncodingAESKey: what the WeChat console makes."""
    return base64.b64encode(secrets.token_bytes(32)).decode()[:AES_KEY_CHARACTERS]
