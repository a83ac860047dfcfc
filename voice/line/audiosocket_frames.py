"""The frames of Asterisk's AudioSocket protocol: bytes in, objects out.

One byte of kind, two of length (big-endian), the payload. https://docs.asterisk.org, «AudioSocket».
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from voice.audio.tones import KEY_TONES

HEADER = struct.Struct("!BH")


class FrameError(Exception):
    """This is no AudioSocket, or not a kind of it that we take; the text says what is wrong."""


class Kind(IntEnum):
    HANG_UP = 0x00
    UUID = 0x01
    KEY = 0x03
    SOUND_8K = 0x10
    SOUND_16K = 0x12
    ERROR = 0xFF


RATES = {Kind.SOUND_8K: 8000, Kind.SOUND_16K: 16000}
UUID_BYTES = 16


@dataclass(frozen=True, slots=True)
class Frame:
    kind: Kind
    payload: bytes = b""

    def encoded(self) -> bytes:
        return HEADER.pack(self.kind, len(self.payload)) + self.payload


def read_header(header: bytes) -> tuple[Kind, int]:
    """Kind and length of the payload that follows. Raises FrameError."""
    code, length = HEADER.unpack(header)
    try:
        return Kind(code), length
    except ValueError:
        raise FrameError(f"frames of kind 0x{code:02x} are not supported") from None


def read_frame(kind: Kind, payload: bytes) -> Frame:
    """Raises FrameError when the payload does not fit the kind."""
    if kind is Kind.UUID and len(payload) != UUID_BYTES:
        raise FrameError(f"a UUID has {UUID_BYTES} bytes, not {len(payload)}")
    if kind is Kind.KEY and payload.decode("latin-1") not in KEY_TONES:
        raise FrameError("a key is one of 0-9 * # A-D")
    if kind in RATES and len(payload) % 2:
        raise FrameError("sound of 16 bits has an even number of bytes")
    return Frame(kind, payload)


def caller_in(uuid: bytes) -> str:
    """The caller's number, where the dialplan put it: UUID `ca110000-0000-0000-ffff-f13912345678`, `f` before it.

    The protocol has no place for it otherwise (docs/phone-line.md). Empty when the UUID is an ordinary one.
    """
    text = uuid.hex()
    number = text[16:].lstrip("f")
    return number if text.startswith("ca110000") and number.isdigit() else ""
