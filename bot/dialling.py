"""Calling out over whichever open line can."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from voice.line.line import Connection, Line, LineError, NotAnsweredError


class NoWayOutError(LineError):
    """No open line can call this number; it says why."""


class Dialler:
    """`lines`: those that are open now. `address`: what is dialled for a number, with {number} in it; None: the number as it
    is, which needs a trunk."""

    def __init__(self, lines: Callable[[], Sequence[Line]], *, address: str | None = None) -> None:
        self._lines, self._address = lines, address or "{number}"

    async def dial(self, number: str, *, ring_s: float) -> Connection:
        """Raises NotAnsweredError, NoWayOutError."""
        problems = []
        for line in self._lines():
            try:
                return await line.dial(self._address.replace("{number}", number), ring_s=ring_s)
            except NotAnsweredError:
                raise
            except LineError as problem:
                problems.append(str(problem))
        raise NoWayOutError("; ".join(problems) or "no line is open")
