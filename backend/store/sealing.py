"""Encryption of personal data in single columns, and keyed indexes to look such data up without reading it.

A sealed value is `version (1 byte) | key id (4) | nonce (12) | AES-256-GCM ciphertext and tag`; the column's name is
authenticated with it, so a value copied into another column does not open. Values of version 1 have no key id.
All keys are derived (HKDF-SHA256) from the data keys: the newest seals, older ones are kept for reading, and the first one
makes the indexes, so that a change of the key leaves every index as it is (docs/decisions/0012-key-rotation.md).
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

VERSION = b"\x02"
VERSION_WITHOUT_KEY_ID = b"\x01"
KEY_BYTES = 32
KEY_ID_BYTES = 4
NONCE_BYTES = 12
INDEX_BYTES = 16


class SealError(Exception):
    """A sealed value does not open: the database was written with another data key, or the value was tampered with."""


class Cipher:
    """Seals, opens and indexes values with the keys of one installation."""

    def __init__(self, data_keys: bytes) -> None:
        """`data_keys`: 32 bytes each, one behind the other, the oldest first."""
        keys = [data_keys[start : start + KEY_BYTES] for start in range(0, len(data_keys), KEY_BYTES)]
        self._keys = {derive(key, b"nuanxian key id")[:KEY_ID_BYTES]: key for key in keys}
        self._aeads = {key_id: AESGCM(derive(key, b"nuanxian seal")) for key_id, key in self._keys.items()}
        self.key_id = list(self._keys)[-1]  # of the newest, which seals
        self._index_key = derive(keys[0], b"nuanxian index")

    @property
    def newest(self) -> bytes:
        """What every value begins with that the newest key has sealed."""
        return VERSION + self.key_id

    def seal(self, plain: bytes, context: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return self.newest + nonce + self._aeads[self.key_id].encrypt(nonce, plain, context)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """Raises SealError."""
        for aead, rest in self._candidates(sealed):
            try:
                return aead.decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], context)
            except (InvalidTag, ValueError):  # ValueError: cut off within the nonce
                continue
        raise SealError(f"{context.decode()}: sealed with another data key (NUANXIAN_DATA_KEY), or damaged")

    def _candidates(self, sealed: bytes) -> list[tuple[AESGCM, bytes]]:
        if sealed[:1] == VERSION_WITHOUT_KEY_ID:
            return [(aead, sealed[1:]) for aead in self._aeads.values()]
        key_id, rest = sealed[1 : 1 + KEY_ID_BYTES], sealed[1 + KEY_ID_BYTES :]
        if sealed[:1] != VERSION or key_id not in self._aeads:
            return []
        return [(self._aeads[key_id], rest)]

    def subkey(self, purpose: bytes, key_id: bytes) -> bytes:
        """A key of 32 bytes for another purpose than columns. Raises SealError when there is no such data key."""
        if key_id not in self._keys:
            raise SealError("this belongs to another data key (NUANXIAN_DATA_KEY)")
        return derive(self._keys[key_id], purpose)

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


def derive(key: bytes, purpose: bytes) -> bytes:
    """A key of 32 bytes for one purpose."""
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
