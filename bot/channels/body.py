"""Reads the body of a request no further than it may be long."""

from __future__ import annotations

from starlette.requests import Request


class TooLargeError(Exception):
    """The body is longer than allowed; the rest of it was not read."""


async def read_body(request: Request, most_bytes: int) -> bytes:
    """Raises TooLargeError."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > most_bytes:
            raise TooLargeError
    return bytes(body)
