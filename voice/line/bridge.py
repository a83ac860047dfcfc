"""A person is brought into a call: two connections joined, while a tap hears both sides for the transcript."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import StrEnum

import structlog

from voice.audio.resample import Resampler
from voice.line.line import Connection, Ended, Key, Sound

log = structlog.get_logger(__name__)

# Sound that piles up because the two clocks differ is dropped beyond this: people talk over each other with more.
MAX_LAG_MS = 300


class Side(StrEnum):
    CALLER = "caller"
    PERSON = "person"


Tap = Callable[[Side, Sound | Key], None]


async def bridge(caller: Connection, person: Connection, tap: Tap) -> Side:
    """Until one side hangs up, which ends both; returns which. Nobody else may be reading their events.

    Cancelled, it leaves both connections as they are.
    """
    caller.flush()
    person.flush()
    ways = {
        asyncio.create_task(_carry(caller, person, Side.CALLER, tap)): Side.CALLER,
        asyncio.create_task(_carry(person, caller, Side.PERSON, tap)): Side.PERSON,
    }
    log.info("line.bridged", caller=caller.id, person=person.id)
    try:
        finished, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
    for way in finished:
        way.result()  # an error in the tap is the caller's business
    await asyncio.gather(caller.hang_up(), person.hang_up())
    return ways[finished.pop()]


async def _carry(source: Connection, target: Connection, side: Side, tap: Tap) -> None:
    """One way. Ends with the source."""
    resampler = Resampler(source.rate, target.rate)
    async for event in source.events():
        match event:
            case Sound():
                if target.pending_ms < MAX_LAG_MS:
                    target.play(resampler.add(event.samples))
                tap(side, event)
            case Key():
                tap(side, event)
            case Ended():
                return
