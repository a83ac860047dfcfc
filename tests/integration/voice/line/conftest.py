"""A SIP line on free ports, and somebody who takes its calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest

from voice.line.line import Connection, Ended, LineEvent, Sound
from voice.line.sip import SipLine
from voice.line.sip_settings import PORTS_A_CALL, SipSettings
from voice.simulate.ports import free_ports

CALLS = 24
# The tests call from one number, quicker than any person would.
SETTINGS = SipSettings(
    address="127.0.0.1",
    max_calls=CALLS,
    calls_per_second=1000,
    call_burst=1000,
    caller_per_minute=60_000,
    caller_burst=1000,
)
Taker = Callable[[Connection], Awaitable[None]]


def settings() -> SipSettings:
    rtp = PORTS_A_CALL * CALLS
    first = free_ports(2 + 2 * rtp)  # the stack picks at random and needs spare ones
    return replace(SETTINGS, port=first, rtp_ports=(first + 2, first + 2 + 2 * rtp))


class Answered:
    """Takes calls and keeps everything that arrives."""

    def __init__(self) -> None:
        self.connections: list[Connection] = []
        self.events: dict[str, list[LineEvent]] = {}
        self.fails = False
        self.then: Taker | None = None  # what to do in a call beside listening

    async def take(self, connection: Connection) -> None:
        if self.fails:
            raise RuntimeError("the conversation broke")
        events = self.events.setdefault(connection.id, [])
        self.connections.append(connection)
        talking = asyncio.ensure_future(self.then(connection)) if self.then else None
        async for event in connection.events():
            events.append(event)
        if talking:
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)

    async def first(self) -> tuple[Connection, list[LineEvent]]:
        await until(lambda: bool(self.connections))
        return self.connections[0], self.events[self.connections[0].id]


async def until(true: Callable[[], bool], seconds: float = 8) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 (what is awaited is mostly in another process)
            await asyncio.sleep(0.01)


def sounds(events: list[LineEvent]) -> list[Sound]:
    return [event for event in events if isinstance(event, Sound)]


def end_of(events: list[LineEvent]) -> Ended | None:
    return events[-1] if events and isinstance(events[-1], Ended) else None


@pytest.fixture
def answered() -> Answered:
    return Answered()


@pytest.fixture
async def line(answered: Answered) -> AsyncIterator[SipLine]:
    sip = SipLine(settings())
    await sip.open(answered.take)
    yield sip
    await sip.close()
