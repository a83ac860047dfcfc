"""A real TCP client that speaks as Asterisk does."""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from tests.integration.voice.line.conftest import Answered, end_of, sounds, until
from tests.tones import loudest_hz, tone
from voice.line.audiosocket import AudioSocketLine, AudioSocketSettings
from voice.line.line import Connection, GoneError, Hangup, Key, LineError, Samples
from voice.simulate.ports import free_ports

CALLER = bytes.fromhex("ca11000000000000fffff13912345678"[:16] + "fffff13912345678")
MALFORMED = sorted((Path(__file__).parents[3] / "data/fuzz/audiosocket").glob("*.hex"))


class Asterisk:
    """Sends and receives frames; keeps what it hears with the time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer
        self.heard: list[tuple[float, bytes]] = []
        self.hung_up = False
        self._task = asyncio.create_task(self._listen())

    @classmethod
    async def call(cls, port: int, uuid: bytes = CALLER) -> Asterisk:
        asterisk = cls(*await asyncio.open_connection("127.0.0.1", port))
        asterisk.send(1, uuid)
        return asterisk

    def send(self, kind: int, payload: bytes = b"") -> None:
        self.writer.write(struct.pack("!BH", kind, len(payload)) + payload)

    async def say(self, samples: Samples, kind: int = 0x10) -> None:
        frame = 160 if kind == 0x10 else 320
        for start in range(0, len(samples), frame):
            self.send(kind, samples[start : start + frame].astype("<i2").tobytes())
            await asyncio.sleep(0.02)

    def sound(self) -> Samples:
        return np.frombuffer(b"".join(payload for _, payload in self.heard), "<i2")

    async def close(self) -> None:
        self.writer.close()
        await self._task

    async def _listen(self) -> None:
        try:
            while True:
                kind, length = struct.unpack("!BH", await self._reader.readexactly(3))
                payload = await self._reader.readexactly(length)
                if kind == 0:
                    self.hung_up = True
                else:
                    self.heard.append((time.monotonic(), payload))
        except (EOFError, ConnectionError):
            return


@pytest.fixture
async def port(answered: Answered) -> AsyncIterator[int]:
    line = AudioSocketLine(AudioSocketSettings(port=free_ports(1)))
    await line.open(answered.take)
    yield line._settings.port
    await line.close()


async def test_sound_and_keys_flow_and_the_caller_is_known(port: int, answered: Answered) -> None:
    async def speak(connection: Connection) -> None:
        connection.play(tone(440, 1))

    answered.then = speak
    asterisk = await Asterisk.call(port)
    await asterisk.say(tone(1000, 0.6))
    asterisk.send(3, b"#")
    await asterisk.say(tone(1000, 0.2))
    connection, events = await answered.first()
    assert (connection.caller, connection.rate) == ("13912345678", 8000)
    asterisk.send(0)
    await until(lambda: end_of(events) is not None)
    assert [event.key for event in events if isinstance(event, Key)] == ["#"]
    heard = np.concatenate([sound.samples for sound in sounds(events)])
    assert loudest_hz(heard[800:4800]) == pytest.approx(1000, abs=5)
    assert loudest_hz(asterisk.sound()[800:4800]) == pytest.approx(440, abs=5)
    ended = end_of(events)
    assert ended and ended.reason is Hangup.CALLER
    await asterisk.close()


async def test_sixteen_kilohertz_are_taken_as_they_are(port: int, answered: Answered) -> None:
    asterisk = await Asterisk.call(port)
    await asterisk.say(tone(3000, 0.3, 16000), kind=0x12)
    connection, events = await answered.first()
    assert connection.rate == 16000
    heard = np.concatenate([sound.samples for sound in sounds(events)])
    assert loudest_hz(heard[1600:4000], 16000) == pytest.approx(3000, abs=10)
    await asterisk.close()


async def test_sound_is_sent_at_its_own_pace_with_small_gaps(port: int, answered: Answered) -> None:
    async def speak(connection: Connection) -> None:
        connection.play(tone(440, 3))
        await asyncio.sleep(0.5)
        connection.flush()
        assert connection.pending_ms == 0

    answered.then = speak
    asterisk = await Asterisk.call(port)
    await asterisk.say(tone(1000, 1.2))
    times = [at for at, _ in asterisk.heard]
    # The longest gap is measured on a quiet machine (`bench_many_calls`); here a busy one may be late now and then.
    assert len(times) == pytest.approx((times[-1] - times[0]) / 0.02, rel=0.15)
    assert float(np.quantile(np.diff(times), 0.9)) < 0.06
    assert not asterisk.sound()[-160 * 20 :].any()
    await asterisk.close()


async def test_we_hang_up_and_keys_are_sent_as_sound(port: int, answered: Answered) -> None:
    async def keys_and_goodbye(connection: Connection) -> None:
        await connection.send_keys("5")
        with pytest.raises(LineError, match="transfer"):
            await connection.transfer("110")
        await asyncio.sleep(0.4)
        await connection.hang_up()
        with pytest.raises(GoneError):
            await connection.send_keys("5")

    answered.then = keys_and_goodbye
    asterisk = await Asterisk.call(port)
    await asterisk.say(tone(1000, 0.1))
    await until(lambda: asterisk.hung_up)
    spectrum = np.abs(np.fft.rfft(asterisk.sound()[:800], 8000))
    assert {
        int(770 - 10 + np.argmax(spectrum[760:780])),
        int(1336 - 10 + np.argmax(spectrum[1326:1346])),
    } == {770, 1336}
    await asterisk.close()


async def test_a_line_cut_without_goodbye_ends_the_call(port: int, answered: Answered) -> None:
    asterisk = await Asterisk.call(port)
    await asterisk.say(tone(1000, 0.1))
    _, events = await answered.first()
    await asterisk.close()
    await until(lambda: end_of(events) is not None)


async def test_calling_out_is_refused_with_advice() -> None:
    with pytest.raises(LineError, match="SIP line"):
        await AudioSocketLine(AudioSocketSettings()).dial("110")


async def test_strangers_and_a_taken_port_are_refused(port: int, answered: Answered) -> None:
    with pytest.raises(LineError, match="could not listen"):
        await AudioSocketLine(AudioSocketSettings(port=port)).open(answered.take)
    strict = AudioSocketLine(AudioSocketSettings(port=free_ports(1), allowed=("10.0.0.0/8",)))
    await strict.open(answered.take)
    asterisk = await Asterisk.call(strict._settings.port)
    await asterisk._task
    assert not answered.connections
    await asterisk.close()
    await strict.close()


@pytest.mark.parametrize(
    ("name", "frames"), [(file.stem, bytes.fromhex(file.read_text())) for file in MALFORMED]
)
async def test_malformed_frames_close_the_connection_and_harm_no_other(
    name: str, frames: bytes, port: int, answered: Answered, capsys: pytest.CaptureFixture[str]
) -> None:
    good = await Asterisk.call(port)
    await good.say(tone(1000, 0.05))
    _, events = await answered.first()
    bad = Asterisk(*await asyncio.open_connection("127.0.0.1", port))
    bad.writer.write(frames)
    bad.writer.write_eof()
    await bad._task
    await good.say(tone(1000, 0.05))
    assert end_of(events) is None
    assert "line.malformed" in capsys.readouterr().out or name.startswith("cut_off")
    await bad.close()
    await good.close()
