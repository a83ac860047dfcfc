"""Encryption of personal data in single columns, and keyed indexes to look such data up without reading it.

A sealed value is `version (1 byte) | nonce (12) | AES-256-GCM ciphertext and tag`; the column's name is authenticated with it,
so a value copied into another column does not open. Both keys are derived (HKDF-SHA256) from the one data key.
"""

from __future__ import annotations

import hmac
import json
import os
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Dialect, LargeBinary, TypeDecorator

VERSION = b"\x01"
NONCE_BYTES = 12
INDEX_BYTES = 16


class SealError(Exception):
    """A sealed value does not open: the database was written with another data key, or the value was tampered with."""


class Cipher:
    """Seals, opens and indexes values with the keys of one installation."""

    def __init__(self, data_key: bytes) -> None:
        self._aead = AESGCM(_derive(data_key, b"nuanxian seal"))
        self._index_key = _derive(data_key, b"nuanxian index")

    def seal(self, plain: bytes, context: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return VERSION + nonce + self._aead.encrypt(nonce, plain, context)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        if sealed[:1] != VERSION:
            raise SealError(f"{context.decode()}: unknown version of a sealed value")
        nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            return self._aead.decrypt(nonce, body, context)
        except (InvalidTag, ValueError):  # ValueError: cut off within the nonce
            raise SealError(
                f"{context.decode()}: sealed with another data key (NUANXIAN_DATA_KEY), or damaged"
            ) from None

    def index(self, kind: str, text: str) -> bytes:
        """A keyed hash to find `text` by. Equal texts of different kinds give different indexes."""
        return hmac.digest(self._index_key, f"{kind}\0{text}".encode("utf-8", "surrogatepass"), "sha256")[
            :INDEX_BYTES
        ]


def _json(value: Any) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError:  # half of a surrogate pair, or a very large number: strict JSON has a way to write both
        return json.dumps(value).encode("utf-8")


def _from_json(text: bytes) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose).derive(key)


class SealedText(TypeDecorator[str]):
    """A text column that is encrypted in the database. NULL stays NULL."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, cipher: Cipher, context: str) -> None:
        super().__init__()
        self.cipher, self.context = cipher, context.encode()

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else self.cipher.seal(value.encode("utf-8", "replace"), self.context)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> str | None:
        return None if value is None else self.cipher.open(bytes(value), self.context).decode("utf-8")


class SealedJson(TypeDecorator[Any]):
    """A JSON column that is encrypted in the database. None stays NULL."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, cipher: Cipher, context: str) -> None:
        super().__init__()
        self.cipher, self.context = cipher, context.encode()

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> bytes | None:
        return None if value is None else self.cipher.seal(_json(value), self.context)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Any | None:
        return None if value is None else _from_json(self.cipher.open(bytes(value), self.context))
