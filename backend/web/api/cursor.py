"""Cursors of pages: opaque to clients, checked when they come back."""

from __future__ import annotations

import base64
import binascii

from backend.web.api.problem import ProblemError


def write_cursor(kind: str, position: object) -> str:
    """`kind` names the list, so that a cursor of one list is not taken by another; a position is a number."""
    return base64.urlsafe_b64encode(f"{kind}:{position}".encode()).rstrip(b"=").decode("ascii")


def read_cursor(kind: str, text: str | None) -> str | None:
    """The position as digits; None for the first page. Raises ProblemError 422 for what this list did not give out."""
    if text is None:
        return None
    try:
        padded = text.encode("ascii") + b"=" * (-len(text) % 4)
        name, _, position = base64.b64decode(padded, b"-_", validate=True).decode("ascii").partition(":")
    except (ValueError, binascii.Error):
        name, position = "", ""
    if name != kind or not position.isdigit() or len(position) > 18:
        raise ProblemError(
            422, "invalid-cursor", "This is no cursor of this list. Begin with the first page."
        )
    return position
