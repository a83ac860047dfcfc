"""Who calls, read from a SIP address; and how a number is shown in a log."""

from __future__ import annotations

import re
from urllib.parse import unquote

WITHHELD = "anonymous"
# What networks put in place of a number that its owner hides (RFC 3323, and what exchanges really send).
_HIDDEN = frozenset({"", "anonymous", "unknown", "unavailable", "restricted", "private"})
_ADDRESS = re.compile(r"<?(?:(?:sips?|tel):)?(?P<user>[^@;>?]*)", re.IGNORECASE)
_SENT_BY = re.compile(r"SIP\s*/\s*2\.0\s*/\s*\w+\s+(?P<host>\[[^\]]*\]|[^\s:;,]+)", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s().\-]")
_SHOWN_DIGITS = 3


def number_of(address: str) -> str:
    """The number or user name in a SIP or tel address (`"Li" <sip:+8613900000001@host;x=y>`)."""
    bare = address[address.find("<") + 1 :] if "<" in address else address
    match = _ADDRESS.match(bare.strip())
    user = unquote(match["user"]) if match else ""
    plain = _SEPARATORS.sub("", user)
    if plain.lstrip("+").isdigit():
        return plain
    return WITHHELD if user.strip().lower() in _HIDDEN else user.strip()


def sender_of(via: str) -> str:
    """The host that sent a message, by its own word: `SIP/2.0/UDP 192.0.2.7:5060;branch=x`. Empty when it says none."""
    match = _SENT_BY.match(via.strip())
    return match["host"].lower() if match else ""


def masked(number: str) -> str:
    """For logs: `139*****001`. A name is masked like a number."""
    if number == WITHHELD or len(number) <= 2 * _SHOWN_DIGITS:
        return number if number == WITHHELD else "*" * len(number)
    return number[:_SHOWN_DIGITS] + "*" * (len(number) - 2 * _SHOWN_DIGITS) + number[-_SHOWN_DIGITS:]
