"""Free ports, so that several processes with callers and lines of their own run side by side."""

from __future__ import annotations

import random
import socket


def free_ports(count: int) -> int:
    """The first of so many consecutive ports, free for UDP and TCP. Starts even, as RTP wants it."""
    for _ in range(100):
        first = random.SystemRandom().randrange(20_000, 32_000, 2)
        if all(is_free(first + step) for step in range(count)):
            return first
    raise RuntimeError(f"no {count} free ports in a row")


def is_free(port: int) -> bool:
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True
