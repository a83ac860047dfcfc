"""The hash chain of the audit trail: what a row's digest and hash are made of. Pure.

Each order has a chain of its own: a row's hash covers the row, the digest of its sealed part and the hash before it. Anchors
chain the heads of all orders together (docs/decisions/0010). All hashes are HMAC-SHA-256: without the key of the installation
nobody can make a changed chain fit again.
"""

from __future__ import annotations

import hmac
import ipaddress
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

FIRST = b""  # what stands before the first row


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the trail as the chain sees it."""

    number: str  # of the order
    version: int
    at: datetime
    move: str
    state: str
    origin: str
    digest: bytes


def digest_of(key: bytes, *, actor: str, reason: str, payload: Mapping[str, Any]) -> bytes:
    """The keyed digest of what a row keeps sealed. The same for a value before it is stored and after it was read back."""
    return _mac(key, ["sealed", _stored(actor), _stored(reason), payload])


def hash_of(key: bytes, entry: Entry, previous: bytes) -> bytes:
    """The hash of a row after the one with the hash `previous` (`FIRST`: it is the first of its order)."""
    parts = [
        "row", entry.number, entry.version, entry.at.isoformat(), entry.move, entry.state, entry.origin,
        entry.digest.hex(), previous.hex(),
    ]  # fmt: skip
    return _mac(key, parts)


def digest_of_rows(key: bytes, hashes: Iterable[bytes]) -> tuple[bytes, int]:
    """One digest for many rows in their running order, and how many they are."""
    mac, count = hmac.new(key, b"rows", "sha256"), 0
    for one in hashes:
        mac.update(one)
        count += 1
    return mac.digest(), count


def anchor_hash(
    key: bytes, *, at: datetime, after_seq: int, upto_seq: int, rows: int, digest: bytes, previous: bytes
) -> bytes:
    """The hash of an anchor after the one with the hash `previous`."""
    return _mac(key, ["anchor", at.isoformat(), after_seq, upto_seq, rows, digest.hex(), previous.hex()])


def origin(way: str, address: str | None = None) -> str:
    """Where a change came in: the way (web, api, phone, system) and so much of the address that it names no household.

    The first two groups of an IPv4 address and the first three of an IPv6 address stay; anything else keeps its last four
    characters, as telephone numbers are masked everywhere.
    """
    if not address:
        return way
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return f"{way} ****{address[-4:] if len(address) > 6 else ''}"
    if isinstance(parsed, ipaddress.IPv4Address):
        return f"{way} {'.'.join(address.split('.')[:2])}.*.*"
    return f"{way} {':'.join(parsed.exploded.split(':')[:3])}:*"


def _stored(text: str) -> str:
    """The text as a sealed column gives it back."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _mac(key: bytes, value: Any) -> bytes:
    return hmac.digest(key, _canonical(value), "sha256")


def _canonical(value: Any) -> bytes:
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # half of a surrogate pair, or a very large number, sealed in the looser way too
        return json.dumps(value, sort_keys=True).encode("ascii")
