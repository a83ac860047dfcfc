"""Free ports, so that several processes with callers and lines of their own run side by side."""

from __future__ import annotations

import atexit
import random
import socket

_BLOCK = 50
_RANGE = range(20_000, 32_000)  # below those that Linux gives to outgoing connections
_KEPT_BLOCKS = 60
_kept: list[socket.socket] = []


def free_ports(count: int) -> int:
    """The first of so many consecutive ports, free for UDP and TCP. Starts even, as RTP wants it.

    Whoever asks may bind them much later: they come from blocks that no other process is given
    meanwhile. This process gives its oldest blocks back when it has kept 60 of them.
    """
    length = -(-count // _BLOCK) * _BLOCK
    for _ in range(200):
        first = random.SystemRandom().randrange(_RANGE.start, _RANGE.stop - length + 1, _BLOCK)
        blocks = _claimed(range(first, first + length, _BLOCK))
        if blocks and all(is_free(first + step) for step in range(count)):
            _kept.extend(blocks)
            _give_back(len(_kept) - _KEPT_BLOCKS)
            return first
        for block in blocks:
            block.close()
    raise RuntimeError(f"no {count} free ports in a row")


def is_free(port: int) -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def _give_back(blocks: int) -> None:
    """The oldest ones."""
    for _ in range(blocks):
        _kept.pop(0).close()


@atexit.register
def _give_all_back() -> None:
    _give_back(len(_kept))


def _claimed(firsts: range) -> list[socket.socket]:
    """A name of Linux's abstract namespace for each block; it goes with its process. Empty: one is another's."""
    claims: list[socket.socket] = []
    for first in firsts:
        claims.append(claim := socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        try:
            claim.bind(f"\0nuanxian-ports-{first}")
        except OSError:
            for each in claims:
                each.close()
            return []
    return claims
