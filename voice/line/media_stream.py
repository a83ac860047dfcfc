"""Telephone providers hand their calls to this line over a WebSocket (media stream)."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any

import structlog
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from voice.line.line import Connection, Hangup, LineError, OnCall, Samples
from voice.line.media_messages import (
    RATE,
    Marked,
    Media,
    Message,
    MessageError,
    Pressed,
    Started,
    Stopped,
    clear_message,
    mark_message,
    media_message,
    read_message,
)
from voice.line.numbers import masked, number_of
from voice.line.stream import StreamConnection, talk

log = structlog.get_logger(__name__)

START_S = 10  # until the `start` message
LONGEST_MESSAGE = 1 << 16
# The provider buffers what it gets and throws it away on `clear`: sound may run ahead of a busy event loop.
AHEAD_MS = 400


@dataclass(frozen=True, slots=True)
class MediaStreamSettings:
    address: str = "127.0.0.1"  # TLS ends in the reverse proxy in front
    port: int = 9093
    secret: str | None = field(default=None, repr=False)  # the path must be /media/SECRET; None: any path
    max_calls: int = 100


class MediaStreamConnection(StreamConnection):
    def __init__(self, socket: ServerConnection, started: Started) -> None:
        super().__init__(
            caller=number_of(started.caller),
            called=number_of(started.called),
            rate=RATE,
            ahead_ms=AHEAD_MS,
            fills=False,
        )
        self._socket, self._stream = socket, started.stream
        self._marks = 0
        self._clear = False

    def flush(self) -> None:
        super().flush()
        self._clear = True

    async def _send_due(self) -> None:
        if self._clear:
            self._clear = False
            await self._say(clear_message(self._stream))
        before = self._sent_until_s
        await super()._send_due()
        if self._sent_until_s > before and not self._playout.pending_ms:
            self._marks += 1
            await self._say(mark_message(self._stream, str(self._marks)))

    async def _send(self, frame: Samples) -> None:
        await self._say(media_message(self._stream, frame))

    async def _close(self) -> None:
        await self._socket.close()

    async def _say(self, message: str) -> None:
        with contextlib.suppress(ConnectionClosed):  # the reader notices and ends the call
            await self._socket.send(message)

    def take(self, message: Message) -> None:
        match message:
            case Media(samples):
                self.heard(samples, RATE)
            case Pressed(key):
                self.pressed(key)
            case Marked(name) if name == str(self._marks) and not self._playout.pending_ms:
                self.played()
            case Stopped():
                self.over(Hangup.CALLER)
            case Started():
                raise MessageError("«start» comes only once")


class MediaStreamLine:
    name = "media-stream"

    def __init__(self, settings: MediaStreamSettings) -> None:
        self._settings = settings
        self._server: Server | None = None
        self._calls = 0
        self._calls_in_all = 0
        self._last_error: str | None = None

    async def open(self, on_call: OnCall) -> None:
        try:
            self._server = await serve(
                partial(self._serve, on_call),
                self._settings.address,
                self._settings.port,
                process_request=self._check,
                max_size=LONGEST_MESSAGE,
            )
        except OSError as error:
            where = f"{self._settings.address}:{self._settings.port}"
            raise LineError(f"the media stream could not listen on {where}: {error}") from error
        log.info("line.open", line=self.name, port=self._settings.port)

    async def dial(self, number: str, *, ring_s: float = 30) -> Connection:
        raise LineError("a media stream takes calls only: the provider has to place them, or the SIP line")

    async def close(self) -> None:
        if self._server:
            self._server.close()
            await self._server.wait_closed()
            self._server = None

    def health(self) -> dict[str, Any]:
        return {
            "open": self._server is not None,
            "calls": self._calls,
            "calls_in_all": self._calls_in_all,
            "last_error": self._last_error,
        }

    def _check(self, socket: ServerConnection, request: Request) -> Response | None:
        secret = self._settings.secret
        wanted = f"/media/{secret}".encode()
        if secret and not hmac.compare_digest(request.path.encode(), wanted):
            log.warning("line.refused", line=self.name, why="wrong path")
            return socket.respond(HTTPStatus.NOT_FOUND, "not found\n")
        if self._calls >= self._settings.max_calls:
            log.warning("line.refused", line=self.name, why="too many calls")
            return socket.respond(HTTPStatus.SERVICE_UNAVAILABLE, "too many calls\n")
        return None

    async def _serve(self, on_call: OnCall, socket: ServerConnection) -> None:
        self._calls += 1
        try:
            connection = MediaStreamConnection(socket, await _start(socket))
            self._calls_in_all += 1
            log.info("line.connected", call=connection.id, caller=masked(connection.caller))
            await talk(connection, self._listen(socket, connection), on_call)
        except (MessageError, TimeoutError) as error:
            self._last_error = str(error) or "no «start» came"
            log.warning("line.malformed", line=self.name, why=self._last_error)
        except ConnectionClosed:
            log.info("line.no_call", line=self.name, why="the connection ended before a call began")
        finally:
            self._calls -= 1

    async def _listen(self, socket: ServerConnection, connection: MediaStreamConnection) -> None:
        try:
            async for text in socket:
                if message := read_message(text):
                    connection.take(message)
            connection.over(Hangup.CALLER)
        except MessageError as error:
            self._last_error = str(error)
            log.warning("line.malformed", line=self.name, call=connection.id, why=str(error))
            connection.over(Hangup.LOST)
        except ConnectionClosed:
            connection.over(Hangup.LOST)


async def _start(socket: ServerConnection) -> Started:
    """What the peer says before `start` needs no answer."""
    async with asyncio.timeout(START_S):
        while True:
            message = read_message(await socket.recv())
            if isinstance(message, Started):
                return message
            if message:
                raise MessageError("«start» must come first")
