"""The sound half of a telephone: RTP on a thread of its own, so that its clock does not depend on the line under test."""

from __future__ import annotations

import random
import socket
import struct
import threading
import time
from collections import deque
from dataclasses import dataclass
from typing import Self

import numpy as np

from voice.audio.g711 import decode_alaw, encode_alaw
from voice.line.line import Samples

PCMA, TELEPHONE_EVENT = 8, 101
FRAME, FRAME_S = 160, 0.02  # at 8 kHz
SO_TIMESTAMPNS = 35  # Linux; the socket module has no name for it
# The goal is 60 ms, which `make bench` measures; a busy machine must not fail a test that is about something else.
LONGEST_GAP_MS = 150
KEY_PACKETS, KEY_PAUSE = 7, 5  # 100 ms pressed, as long released
KEY_CODES = {key: code for code, key in enumerate("0123456789*#ABCD")}


@dataclass(frozen=True)
class Packet:
    at_s: float  # when the kernel got it, `time.time()`: this thread may be late
    payload_type: int
    sequence: int
    payload: bytes


class RtpPhone:
    """Sends a frame every 20 ms (silence unless told otherwise) to wherever the line's sound comes from.

    `loss`: the share of packets that are never sent. `remote`: where to send when nothing was received (a stranger).
    """

    def __init__(self, *, loss: float = 0.0, remote: tuple[str, int] | None = None) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.001)
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.port: int = self._socket.getsockname()[1]
        self.remote = remote
        self.received: list[Packet] = []
        self._frames: deque[Samples] = deque()
        self._key_packets: deque[tuple[str, int]] = deque()
        self._random = random.Random(7)
        self._loss = loss
        self._ssrc = self._random.randrange(1 << 32) ^ self.port
        self._sequence, self._timestamp = 0, 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()

    def say(self, samples: Samples) -> None:
        for start in range(0, len(samples) - FRAME + 1, FRAME):
            self._frames.append(samples[start : start + FRAME])

    def press(self, keys: str) -> None:
        self._key_packets.extend(
            (key, step) for key in keys for step in range(1, KEY_PACKETS + KEY_PAUSE + 1)
        )

    def storm(self, count: int) -> None:
        """So many keys at once, none of them ever released."""
        for number in range(count):
            payload = struct.pack("!BBH", number % len(KEY_CODES), 10, FRAME)
            self._packet(TELEPHONE_EVENT, payload, marker=True)
            self._sequence += 1
            self._timestamp += FRAME

    def send_raw(self, data: bytes) -> None:
        if self.remote:
            self._socket.sendto(data, self.remote)

    def heard(self) -> Samples:
        """All sound so far, in the order it came."""
        sound = [decode_alaw(packet.payload) for packet in list(self.received) if packet.payload_type == PCMA]
        return np.concatenate(sound) if sound else np.zeros(0, np.int16)

    def longest_gap_ms(self) -> float:
        """Between packets of sound."""
        times = [packet.at_s for packet in list(self.received) if packet.payload_type == PCMA]
        return float(np.diff(times).max() * 1000)

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stop.is_set():
            self._receive()
            if time.monotonic() >= due:
                due += FRAME_S
                self._send()

    def _receive(self) -> None:
        try:
            data, [(_, _, stamp)], _, source = self._socket.recvmsg(2048, 64)
        except (TimeoutError, ConnectionRefusedError):
            return
        if self.remote is None:
            self.remote = source
        kind, sequence = struct.unpack_from("!BH", data, 1)
        seconds, nanoseconds = struct.unpack("qq", stamp)
        at_s = seconds + nanoseconds / 1e9
        self.received.append(Packet(at_s, kind & 0x7F, sequence, data[12:]))

    def _send(self) -> None:
        if self.remote is None:
            return
        if self._key_packets:
            self._send_key(*self._key_packets.popleft())
            return
        frame = self._frames.popleft() if self._frames else np.zeros(FRAME, np.int16)
        if self._random.random() >= self._loss:
            self._packet(PCMA, encode_alaw(frame))
        self._sequence += 1
        self._timestamp += FRAME

    def _send_key(self, key: str, step: int) -> None:
        """RFC 4733: the same timestamp throughout, growing duration, the end three times; then a pause."""
        if step > KEY_PACKETS:
            self._timestamp += FRAME if step > KEY_PACKETS + 1 else KEY_PACKETS * FRAME
            return
        end = 0x80 if step > KEY_PACKETS - 3 else 0
        duration = min(step, KEY_PACKETS - 2) * FRAME
        if self._random.random() >= self._loss:
            payload = struct.pack("!BBH", KEY_CODES[key], end | 10, duration)
            self._packet(TELEPHONE_EVENT, payload, marker=step == 1)
        self._sequence += 1

    def _packet(self, payload_type: int, payload: bytes, *, marker: bool = False) -> None:
        header = struct.pack(
            "!BBHII",
            0x80,
            payload_type | (0x80 if marker else 0),
            self._sequence & 0xFFFF,
            self._timestamp & 0xFFFFFFFF,
            self._ssrc,
        )
        self.send_raw(header + payload)
