"""A caller on a media-stream WebSocket, measured from the caller's end: what is heard when, at the pace of a telephone."""

from __future__ import annotations

import asyncio
import base64
import json
from collections import deque
from types import TracebackType
from typing import Self

import numpy as np
from websockets.asyncio.client import ClientConnection, connect

from voice.audio.g711 import decode_ulaw, encode_ulaw
from voice.line.line import Samples

FRAME, FRAME_S = 160, 0.02
LOUD = 500  # of 32768: somebody speaks
TURN_S = 0.8  # of silence before it is the caller's turn
ANSWERED_WITHIN_S = 15.0


class StreamCaller:
    """Speaks and listens in frames of 20 ms. Times are seconds since the call began."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.now_s = 0.0
        self.heard_s = -1.0  # when the line was last heard
        self._to_say: deque[Samples] = deque()
        self._to_hear = bytearray()
        self._socket: ClientConnection
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._socket = await connect(self._url)
        await self._send({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        start = {
            "streamSid": "bench", "callSid": "bench", "accountSid": "bench", "tracks": ["inbound"],
            "customParameters": {"From": "13909510001", "To": "12345"},
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        }  # fmt: skip
        await self._send({"event": "start", "streamSid": "bench", "sequenceNumber": "1", "start": start})
        self._tasks = [asyncio.create_task(work()) for work in (self._receive, self._tick)]
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._socket.close()

    async def my_turn(self) -> None:
        """Until the line has been silent for a while."""
        began = self.now_s
        while self.now_s - max(self.heard_s, began) < TURN_S:  # noqa: ASYNC110 (frames decide)
            await asyncio.sleep(FRAME_S)

    async def say(self, sound: Samples) -> float:
        """Until it is said. When its last frame left."""
        self._to_say.extend(np.array_split(sound, max(1, len(sound) // FRAME)))
        while self._to_say:  # noqa: ASYNC110 (frames decide)
            await asyncio.sleep(FRAME_S / 4)
        return self.now_s

    async def answer_after(self, moment_s: float) -> float | None:
        """Seconds from this moment until the line is heard; None: it said nothing."""
        while self.now_s - moment_s < ANSWERED_WITHIN_S:
            if self.heard_s > moment_s:
                return self.heard_s - moment_s
            await asyncio.sleep(FRAME_S / 4)
        return None

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        silence = np.zeros(FRAME, np.int16)
        while True:
            said = self._to_say.popleft() if self._to_say else silence
            payload = base64.b64encode(encode_ulaw(said)).decode()
            await self._send({"event": "media", "streamSid": "bench", "media": {"payload": payload}})
            heard, self._to_hear = self._to_hear[:FRAME], self._to_hear[FRAME:]
            self.now_s += FRAME_S
            if heard and np.abs(decode_ulaw(bytes(heard))).max() > LOUD:
                self.heard_s = self.now_s
            await asyncio.sleep(max(0.0, began + self.now_s - loop.time()))

    async def _receive(self) -> None:
        async for text in self._socket:
            message = json.loads(text)
            if message["event"] == "media":
                self._to_hear += base64.b64decode(message["media"]["payload"])
            elif message["event"] == "clear":
                self._to_hear.clear()

    async def _send(self, message: object) -> None:
        await self._socket.send(json.dumps(message))
