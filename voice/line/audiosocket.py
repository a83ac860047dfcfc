"""Asterisk hands its calls to this line over TCP (AudioSocket)."""

from __future__ import annotations

import asyncio
import contextlib
from asyncio import StreamReader, StreamWriter
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address, ip_network
from typing import Any

import numpy as np
import structlog

from voice.line.audiosocket_frames import (
    HEADER,
    RATES,
    Frame,
    FrameError,
    Kind,
    caller_in,
    read_frame,
    read_header,
)
from voice.line.line import Connection, Hangup, LineError, OnCall, Samples
from voice.line.numbers import WITHHELD, masked
from voice.line.stream import StreamConnection, talk

log = structlog.get_logger(__name__)

FIRST_FRAME_S = 5  # until the UUID
FIRST_SOUND_S = 1  # until the first sound, which tells the rate
DEFAULT_RATE = 8000
# Asterisk plays what it gets at once, so little is sent ahead: enough for a late tick.
AHEAD_MS = 40


@dataclass(frozen=True, slots=True)
class AudioSocketSettings:
    address: str = "127.0.0.1"
    port: int = 9092
    called: str = "nuanxian"  # our number: the protocol does not say
    allowed: tuple[str, ...] = ("127.0.0.0/8", "::1/128")  # networks of the exchange: there is no password
    max_calls: int = 100


class AudioSocketConnection(StreamConnection):
    def __init__(self, writer: StreamWriter, *, caller: str, called: str, rate: int) -> None:
        super().__init__(caller=caller, called=called, rate=rate, ahead_ms=AHEAD_MS, fills=True)
        self._writer = writer
        self._kind = next(kind for kind, its_rate in RATES.items() if its_rate == rate)

    async def _send(self, frame: Samples) -> None:
        with contextlib.suppress(ConnectionError):  # the reader notices and ends the call
            self._writer.write(Frame(self._kind, frame.astype("<i2").tobytes()).encoded())
            await self._writer.drain()

    async def _close(self) -> None:
        with contextlib.suppress(ConnectionError):
            self._writer.write(Frame(Kind.HANG_UP).encoded())
            await self._writer.drain()
        self._writer.close()


class AudioSocketLine:
    name = "audiosocket"

    def __init__(self, settings: AudioSocketSettings) -> None:
        self._settings = settings
        self._allowed = [ip_network(network) for network in settings.allowed]
        self._server: asyncio.Server | None = None
        self._calls: set[asyncio.Task[None]] = set()
        self._calls_in_all = 0
        self._last_error: str | None = None

    async def open(self, on_call: OnCall) -> None:
        try:
            self._server = await asyncio.start_server(
                partial(self._accept, on_call), self._settings.address, self._settings.port
            )
        except OSError as error:
            where = f"{self._settings.address}:{self._settings.port}"
            raise LineError(f"AudioSocket could not listen on {where}: {error}") from error
        log.info("line.open", line=self.name, port=self._settings.port)

    async def dial(self, number: str, *, ring_s: float = 30) -> Connection:
        raise LineError("AudioSocket takes calls only: Asterisk has to place them, or the SIP line")

    async def close(self) -> None:
        if self._server:
            self._server.close()
            for call in list(self._calls):
                call.cancel()
            await asyncio.gather(*self._calls, return_exceptions=True)
            await self._server.wait_closed()
            self._server = None

    def health(self) -> dict[str, Any]:
        return {
            "open": self._server is not None,
            "calls": len(self._calls),
            "calls_in_all": self._calls_in_all,
            "last_error": self._last_error,
        }

    def _accept(self, on_call: OnCall, reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.create_task(self._answer(on_call, reader, writer))
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)

    async def _answer(self, on_call: OnCall, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            await self._serve(on_call, reader, writer)
        except FrameError as error:
            self._last_error = str(error)
            log.warning("line.malformed", line=self.name, why=str(error))
        except (EOFError, ConnectionError, TimeoutError):
            log.info("line.no_call", line=self.name, why="the connection ended before a call began")
        finally:
            writer.close()

    async def _serve(self, on_call: OnCall, reader: StreamReader, writer: StreamWriter) -> None:
        source = ip_address(writer.get_extra_info("peername")[0])
        if (
            not any(source in network for network in self._allowed)
            or len(self._calls) > self._settings.max_calls
        ):
            log.warning("line.refused", line=self.name, source=str(source), calls=len(self._calls))
            return
        async with asyncio.timeout(FIRST_FRAME_S):
            opening = await _receive(reader)
        if opening.kind is not Kind.UUID:
            raise FrameError(f"the first frame must be the UUID, not {opening.kind.name}")
        first = await _first_sound(reader)
        connection = AudioSocketConnection(
            writer,
            caller=caller_in(opening.payload) or WITHHELD,
            called=self._settings.called,
            rate=RATES.get(first.kind, DEFAULT_RATE) if first else DEFAULT_RATE,
        )
        self._calls_in_all += 1
        log.info("line.connected", call=connection.id, caller=masked(connection.caller), rate=connection.rate)
        if first:
            _dispatch(connection, first)
        await talk(connection, self._listen(reader, connection), on_call)

    async def _listen(self, reader: StreamReader, connection: AudioSocketConnection) -> None:
        try:
            while True:
                _dispatch(connection, await _receive(reader))
        except FrameError as error:
            self._last_error = str(error)
            log.warning("line.malformed", line=self.name, call=connection.id, why=str(error))
            connection.over(Hangup.LOST)
        except (EOFError, ConnectionError):
            connection.over(Hangup.CALLER)


def _dispatch(connection: AudioSocketConnection, frame: Frame) -> None:
    match frame.kind:
        case Kind.SOUND_8K | Kind.SOUND_16K:
            connection.heard(np.frombuffer(frame.payload, "<i2").astype(np.int16), RATES[frame.kind])
        case Kind.KEY:
            connection.pressed(frame.payload.decode())
        case Kind.HANG_UP:
            connection.over(Hangup.CALLER)
        case Kind.ERROR:
            log.warning("line.peer_error", call=connection.id, code=frame.payload.hex())
        case Kind.UUID:
            raise FrameError("the UUID comes only once")


async def _receive(reader: StreamReader) -> Frame:
    kind, length = read_header(await reader.readexactly(HEADER.size))
    return read_frame(kind, await reader.readexactly(length))


async def _first_sound(reader: StreamReader) -> Frame | None:
    """None when nothing comes: Asterisk then sends 8 kHz, its oldest form."""
    try:
        async with asyncio.timeout(FIRST_SOUND_S):
            return await _receive(reader)
    except TimeoutError:
        return None
