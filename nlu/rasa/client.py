"""Speaks to a Rasa server's HTTP interface: `/status` and `/model/parse`, within a time limit."""

from __future__ import annotations

import http.client
import json
import socket
import time
from typing import Any
from urllib.parse import quote, urlsplit

from nlu.rasa.errors import RasaAnswerError, RasaRefusedError, RasaUnreachableError

LARGEST_ANSWER = 1_000_000  # bytes; a parse has a few thousand
CHUNK = 65_536


class RasaClient:
    """One Rasa server. Every call opens a connection of its own, so that threads may share a client."""

    def __init__(self, url: str, *, timeout_s: float, token: str | None = None) -> None:
        """`token` is what the server was started with as `--auth-token`. Raises ValueError for no http(s) address."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is no address of a Rasa server; it looks like http://host:5005")
        self._secure = parts.scheme == "https"
        self._host, self._port = parts.hostname, parts.port
        self._path = parts.path.rstrip("/")
        self._query = f"?token={quote(token, safe='')}" if token else ""
        self._timeout_s = timeout_s

    def status(self) -> dict[str, Any]:
        """What the server says of its model. A server without a model refuses (409)."""
        return self._ask("GET", "/status")

    def parse(self, text: str) -> dict[str, Any]:
        """What Rasa makes of the text, unread. Raises RasaError."""
        return self._ask("POST", "/model/parse", json.dumps({"text": text}).encode("ascii"))

    def _ask(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=self._timeout_s)
        deadline = time.monotonic() + self._timeout_s
        try:
            connection.connect()
            content = self._exchange(connection, deadline, method, path, body)
        except (OSError, http.client.HTTPException) as problem:
            raise RasaUnreachableError(f"{path}: {type(problem).__name__}") from problem
        finally:
            connection.close()
        try:
            answer = json.loads(content)
        except (ValueError, RecursionError) as problem:
            raise RasaAnswerError(f"{path} answered no JSON") from problem
        if not isinstance(answer, dict):
            raise RasaAnswerError(f"{path} answered no object")
        return answer

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        deadline: float,
        method: str,
        path: str,
        body: bytes | None,
    ) -> bytes:
        """The content of the answer. The limit holds for all of it: a server that drips is too late as well."""
        wire: socket.socket = connection.sock  # http.client forgets it when the server says it will close
        headers = {"Content-Type": "application/json", "Connection": "close"}
        connection.request(method, self._path + path + self._query, body, headers)
        with connection.getresponse() as response:
            if response.status != 200:
                raise RasaRefusedError(f"{path} answered {response.status}")
            content = b""
            while chunk := response.read1(CHUNK):
                content += chunk
                left_s = deadline - time.monotonic()
                if left_s <= 0:
                    raise RasaUnreachableError(f"{path}: the answer came too slowly")
                if len(content) > LARGEST_ANSWER:
                    raise RasaAnswerError(f"{path} answered more than {LARGEST_ANSWER} bytes")
                wire.settimeout(left_s)
        return content
