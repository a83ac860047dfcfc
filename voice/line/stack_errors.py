"""What the stack's C code prints to the error output, past its log: packets that it could not read, and requests that it
does not know, with their addresses. Both are counted instead; everything else goes where it was going.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections import Counter
from functools import cache

import structlog

log = structlog.get_logger(__name__)

ERROR_OUTPUT = 2
_KINDS = {b"sip: msg decode err": "unreadable", b"unhandled request from": "unknown request"}
_UNBUFFERED = 2  # _IONBF


class StackErrors:
    """`feed` it what was printed. The log is told at the 1st, 2nd, 4th, 8th … of a kind: a flood must not flood the log."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._rest = b""

    def feed(self, printed: bytes) -> bytes:
        """What of it is none of ours, in whole lines."""
        *lines, self._rest = (self._rest + printed).split(b"\n")
        return b"".join(line + b"\n" for line in lines if not self._counted(line))

    def _counted(self, line: bytes) -> bool:
        kind = next((kind for begins, kind in _KINDS.items() if line.startswith(begins)), None)
        if kind is None:
            return False
        self.counts[kind] += 1
        if self.counts[kind].bit_count() == 1:
            log.warning("line.malformed", line="sip", why=kind, packets=self.counts[kind])
        return True


@cache
def listen_to_stack() -> StackErrors:
    """Once in a process: gives C code another `stderr`, which a thread reads. Python's own error output stays as it is.

    C code never waits for the reader: what does not fit into the pipe is lost. Only where the C library is GNU's.
    """
    errors = StackErrors()
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "gnu_get_libc_version"):
        return errors
    libc.fdopen.restype = ctypes.c_void_p
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    file = libc.fdopen(writing, b"w")
    libc.setvbuf(ctypes.c_void_p(file), None, _UNBUFFERED, ctypes.c_size_t(0))
    ctypes.c_void_p.in_dll(libc, "stderr").value = file
    threading.Thread(target=_read, args=(reading, errors), name="stack-errors", daemon=True).start()
    return errors


def _read(reading: int, errors: StackErrors) -> None:
    while printed := os.read(reading, 4096):
        if others := errors.feed(printed):
            os.write(ERROR_OUTPUT, others)
