"""Files that are encrypted piece by piece, so that they may be larger than memory.

`NXBK` | version (1 byte) | id of the data key (4) | salt (32) | pieces. A piece is its length (4 bytes, big endian) and its
AES-256-GCM ciphertext; its nonce counts the pieces and marks the last one, so that none can be swapped, left out or cut off.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from backend.store.sealing import KEY_ID_BYTES, Cipher, SealError, derive

MAGIC = b"NXBK\x01"
SALT_BYTES = 32
PIECE_BYTES = 1024 * 1024
PURPOSE = b"nuanxian backup"
_TAG_BYTES = 16


class SealedFileError(Exception):
    """The file is none of ours, is damaged, or belongs to another data key."""


class SealedWriter:
    """Writes to `file` what only this installation can read. Nothing of it is readable before `close`."""

    def __init__(self, file: IO[bytes], cipher: Cipher) -> None:
        salt = os.urandom(SALT_BYTES)
        self._file, self._aead = file, AESGCM(derive(cipher.subkey(PURPOSE, cipher.key_id), salt))
        self._buffer, self._count = bytearray(), 0
        file.write(MAGIC + cipher.key_id + salt)

    def write(self, data: bytes) -> int:
        self._buffer += data
        while len(self._buffer) > PIECE_BYTES:
            self._piece(bytes(self._buffer[:PIECE_BYTES]), last=False)
            del self._buffer[:PIECE_BYTES]
        return len(data)

    def close(self) -> None:
        self._piece(bytes(self._buffer), last=True)

    def _piece(self, plain: bytes, *, last: bool) -> None:
        sealed = self._aead.encrypt(_nonce(self._count, last=last), plain, MAGIC)
        self._file.write(struct.pack(">I", len(sealed)) + sealed)
        self._count += 1


def read_sealed(file: IO[bytes], cipher: Cipher) -> Iterator[bytes]:
    """The pieces in clear. Raises SealedFileError, at the latest at the end when something was cut off."""
    head = file.read(len(MAGIC) + KEY_ID_BYTES + SALT_BYTES)
    if head[: len(MAGIC)] != MAGIC or len(head) < len(MAGIC) + KEY_ID_BYTES + SALT_BYTES:
        raise SealedFileError("this is no backup of Nuanxian")
    try:
        key = cipher.subkey(PURPOSE, head[len(MAGIC) : len(MAGIC) + KEY_ID_BYTES])
    except SealError:
        raise SealedFileError(
            "this backup was made with another data key: give that one in NUANXIAN_DATA_KEY"
        ) from None
    aead, count, last = AESGCM(derive(key, head[-SALT_BYTES:])), 0, False
    while not last:
        sealed = _next(file)
        plain, last = _opened(aead, sealed, count)
        yield plain
        count += 1
    if file.read(1):
        raise SealedFileError("the backup is damaged: something follows its end")


def _next(file: IO[bytes]) -> bytes:
    length = file.read(4)
    size = struct.unpack(">I", length)[0] if len(length) == 4 else 0
    sealed = file.read(min(size, PIECE_BYTES + _TAG_BYTES))
    if size < _TAG_BYTES or len(sealed) != size:
        raise SealedFileError("the backup is damaged or cut off")
    return sealed


def _opened(aead: AESGCM, sealed: bytes, count: int) -> tuple[bytes, bool]:
    for last in (False, True):
        try:
            return aead.decrypt(_nonce(count, last=last), sealed, MAGIC), last
        except InvalidTag:
            continue
    raise SealedFileError("the backup is damaged")


def _nonce(count: int, *, last: bool) -> bytes:
    return count.to_bytes(11, "big") + bytes([last])
