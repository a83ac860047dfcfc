"""A line without a telephone: two connections in memory, each hearing what the other plays. For tests and simulation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from uuid import uuid4

import numpy as np

from voice.line.inbox import Inbox
from voice.line.line import (
    FRAME_MS,
    GoneError,
    Hangup,
    Held,
    Key,
    LineError,
    LineEvent,
    Samples,
    Sound,
)
from voice.line.losses import Losses
from voice.line.playout import Playout


def pair(
    rate: int,
    caller: str,
    called: str,
    *,
    realtime: bool = True,
    loss: float = 0.0,
    burst: float = 0.0,
    seed: int = 0,
) -> tuple[LoopbackConnection, LoopbackConnection]:
    """One answered call seen from both ends: ours, and the caller's. Needs a running loop.

    `realtime`: a frame every 20 ms of the loop's own clock (so a loop with a virtual clock sets the pace); else as
    fast as both sides read, each frame only after both have dealt with the one before: **both must be read**.
    `loss`, `burst`, `seed`: which frames arrive as lost ones, as in `Losses`.
    """
    ours = LoopbackConnection(rate, caller, called)
    theirs = LoopbackConnection(rate, caller=called, called=caller)
    ours.peer, theirs.peer = theirs, ours
    ours.call = theirs.call = _Call(
        ours, theirs, realtime=realtime, lost=Losses(loss, burst=burst, seed=seed)
    )
    return ours, theirs


async def until_hung_up(caller: Awaitable[None], connection: LoopbackConnection) -> None:
    """Await what the caller does at their end of a call, and hang up there however it ends: the line would listen for ever
    to a caller whose voice has failed."""
    try:
        await caller
    finally:
        await connection.hang_up()


class LoopbackConnection:
    """One end. Beyond `Connection` it can do what a caller's telephone does: `hold`, refuse a transfer, and be out of reach."""

    peer: LoopbackConnection
    call: _Call

    def __init__(self, rate: int, caller: str, called: str) -> None:
        self.id = uuid4().hex
        self.rate, self.caller, self.called = rate, caller, called
        self.inbox = Inbox()
        self.playout = Playout(rate)
        self.transferred_to: str | None = None  # where the other side sent us
        self.refuses_transfers = False
        self.out_of_reach = False  # nothing that it says arrives

    def events(self) -> AsyncIterator[LineEvent]:
        return self.inbox.events()

    def play(self, samples: Samples) -> None:
        if not self.inbox.ended:
            self.playout.add(samples)

    def flush(self) -> None:
        self.playout.clear()

    @property
    def pending_ms(self) -> int:
        return self.playout.pending_ms

    async def send_keys(self, keys: str) -> None:
        self._check_alive()
        for key in keys:
            self.peer.inbox.put(Key(key, self.call.at_ms))

    def hold(self, on: bool) -> None:
        """Put the other side on hold, or take it back; nobody hears anything meanwhile."""
        self._check_alive()
        self.call.held = on
        self.peer.inbox.put(Held(on, self.call.at_ms))

    async def transfer(self, to: str) -> None:
        self._check_alive()
        if self.peer.refuses_transfers:
            raise LineError("the other side refused the transfer")
        self.peer.transferred_to = to
        self.call.end(self, Hangup.TRANSFERRED)

    async def hang_up(self) -> None:
        self.call.end(self, Hangup.LINE)

    def _check_alive(self) -> None:
        if self.inbox.ended:
            raise GoneError(f"call {self.id} is over")


class _Call:
    """Carries a frame each way every 20 ms until one side hangs up."""

    def __init__(
        self, first: LoopbackConnection, second: LoopbackConnection, *, realtime: bool, lost: Losses
    ) -> None:
        self.at_ms = 0
        self.held = False
        self._sides = (first, second)
        self._realtime = realtime
        self._lost = lost
        self._silence = np.zeros(first.playout.frame, np.int16)
        self._task = asyncio.get_running_loop().create_task(self._run())

    def end(self, by: LoopbackConnection, reason: Hangup) -> None:
        self._task.cancel()
        by.inbox.end(reason, self.at_ms)
        by.peer.inbox.end(Hangup.CALLER, self.at_ms)
        for side in self._sides:
            side.playout.clear()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        while True:
            if self._realtime:
                await asyncio.sleep(start + self.at_ms / 1000 + FRAME_MS / 1000 - loop.time())
            else:
                await asyncio.sleep(0)
                for side in self._sides:
                    await side.inbox.all_read()
            self._carry()
            self.at_ms += FRAME_MS

    def _carry(self) -> None:
        for side in self._sides:
            said = None if self.held else side.playout.take()
            frame = self._silence if said is None else said
            lost = self._lost() or side.out_of_reach
            side.peer.inbox.put(Sound(self._silence if lost else frame, self.at_ms, lost))
