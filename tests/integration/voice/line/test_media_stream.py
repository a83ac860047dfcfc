"""A real WebSocket client that speaks as a telephone provider does."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.integration.voice.line.conftest import Answered, end_of, sounds, until
from tests.tones import loudest_hz, tone
from voice.audio.g711 import decode_ulaw, encode_ulaw
from voice.line.line import Connection, Hangup, Key, LineError, Samples
from voice.line.media_stream import MediaStreamLine, MediaStreamSettings
from voice.simulate.ports import free_ports

START = {
    "event": "start",
    "streamSid": "MZ1",
    "start": {
        "streamSid": "MZ1",
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
        "customParameters": {"From": "+8613912345678", "To": "12345"},
    },
}
SECRET = "a-long-secret"


class Provider:
    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.messages: list[dict[str, Any]] = []
        self.task = asyncio.create_task(self._listen())

    @classmethod
    async def call(cls, port: int) -> Provider:
        provider = cls(await connect(f"ws://127.0.0.1:{port}/media/{SECRET}"))
        await provider.send({"event": "connected", "protocol": "Call", "version": "1.0.0"})
        await provider.send(START)
        return provider

    async def send(self, message: object) -> None:
        await self.socket.send(json.dumps(message))

    async def say(self, samples: Samples) -> None:
        for start in range(0, len(samples), 160):
            payload = base64.b64encode(encode_ulaw(samples[start : start + 160])).decode()
            await self.send({"event": "media", "media": {"track": "inbound", "payload": payload}})
            await asyncio.sleep(0.02)

    def events(self) -> list[str]:
        return [message["event"] for message in self.messages]

    def sound(self) -> Samples:
        media = [m["media"]["payload"] for m in self.messages if m["event"] == "media"]
        return decode_ulaw(b"".join(base64.b64decode(payload) for payload in media))

    async def close(self) -> None:
        await self.socket.close()
        await self.task

    async def _listen(self) -> None:
        try:
            async for text in self.socket:
                self.messages.append(json.loads(text))
        except ConnectionClosed:
            return


@pytest.fixture
async def port(answered: Answered) -> AsyncIterator[int]:
    line = MediaStreamLine(MediaStreamSettings(port=free_ports(1), secret=SECRET, max_calls=2))
    await line.open(answered.take)
    yield line._settings.port
    await line.close()


async def test_sound_keys_and_the_end(port: int, answered: Answered) -> None:
    async def speak(connection: Connection) -> None:
        connection.play(tone(440, 0.5))

    answered.then = speak
    provider = await Provider.call(port)
    await provider.say(tone(1000, 0.6))
    await provider.send({"event": "dtmf", "dtmf": {"digit": "5"}})
    await provider.say(tone(1000, 0.1))
    connection, events = await answered.first()
    assert (connection.caller, connection.called) == ("+8613912345678", "12345")
    assert {message["streamSid"] for message in provider.messages} == {"MZ1"}
    assert provider.events()[-1] == "mark"
    await provider.send({"event": "stop"})
    await until(lambda: end_of(events) is not None)
    ended = end_of(events)
    assert ended and ended.reason is Hangup.CALLER
    assert [event.key for event in events if isinstance(event, Key)] == ["5"]
    heard = np.concatenate([sound.samples for sound in sounds(events)])
    assert loudest_hz(heard[800:4000]) == pytest.approx(1000, abs=5)
    assert loudest_hz(provider.sound()[:4000]) == pytest.approx(440, abs=5)
    await provider.close()


async def test_flush_clears_what_the_provider_has_buffered(port: int, answered: Answered) -> None:
    async def interrupted(connection: Connection) -> None:
        connection.play(tone(440, 5))
        await asyncio.sleep(0.4)
        connection.flush()
        assert connection.pending_ms == 0

    answered.then = interrupted
    provider = await Provider.call(port)
    await provider.say(tone(1000, 0.8))
    assert provider.events().count("clear") == 1
    assert "media" not in provider.events()[provider.events().index("clear") :]
    assert len(provider.sound()) < 8000 * 1.0  # 0.4 s that passed and as much ahead
    await provider.close()


async def test_a_mark_that_comes_back_tells_that_all_was_played(port: int, answered: Answered) -> None:
    pending: list[int] = []

    async def speak(connection: Connection) -> None:
        connection.play(tone(440, 0.3))
        await until(lambda: "mark" in provider.events())
        pending.append(connection.pending_ms)
        await provider.send(provider.messages[-1])
        await asyncio.sleep(0.06)
        pending.append(connection.pending_ms)

    answered.then = speak
    provider = await Provider.call(port)
    await provider.say(tone(1000, 0.4))
    assert pending[0] > 100 and pending[1] == 0
    await provider.close()


async def test_we_hang_up(port: int, answered: Answered) -> None:
    async def goodbye(connection: Connection) -> None:
        await connection.hang_up()

    answered.then = goodbye
    provider = await Provider.call(port)
    await provider.task
    _, events = await answered.first()
    ended = end_of(events)
    assert ended and ended.reason is Hangup.LINE


async def test_a_wrong_path_and_too_many_calls_are_refused(port: int, answered: Answered) -> None:
    with pytest.raises(InvalidStatus, match="404"):
        await connect(f"ws://127.0.0.1:{port}/media/guess")
    providers = [await Provider.call(port), await Provider.call(port)]
    with pytest.raises(InvalidStatus, match="503"):
        await connect(f"ws://127.0.0.1:{port}/media/{SECRET}")
    for provider in providers:
        await provider.close()
    with pytest.raises(LineError, match="SIP line"):
        await MediaStreamLine(MediaStreamSettings()).dial("110")
    with pytest.raises(LineError, match="could not listen"):
        await MediaStreamLine(MediaStreamSettings(port=port)).open(answered.take)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"event": 5}', '{"event": "media"}', '{"event": "media", "media": {"payload": "§"}}',
     '{"event": "dtmf", "dtmf": {"digit": "x"}}', '{"event": "mark"}', json.dumps(START), "[" * 60_000, "x" * 70_000],
)  # fmt: skip
async def test_a_message_that_is_none_ends_the_call_and_harms_no_other(
    text: str, port: int, answered: Answered
) -> None:
    good, bad = await Provider.call(port), await Provider.call(port)
    await until(lambda: len(answered.connections) == 2)
    await bad.socket.send(text)
    await bad.task
    events = answered.events[answered.connections[1].id]
    await until(lambda: end_of(events) is not None)
    ended = end_of(events)
    assert ended and ended.reason is Hangup.LOST
    assert end_of(answered.events[answered.connections[0].id]) is None
    await good.close()
