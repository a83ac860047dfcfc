"""Two calls joined: each hears the other, the tap hears both, one hanging up ends both."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from tests.tones import loudest_hz, tone
from voice.line.bridge import Side, bridge
from voice.line.line import Ended, Key, LineEvent, Sound
from voice.line.loopback import LoopbackConnection, pair


async def read(phone: LoopbackConnection) -> list[LineEvent]:
    return [event async for event in phone.events()]


def sound(events: list[LineEvent]) -> np.ndarray:
    return np.concatenate([event.samples for event in events if isinstance(event, Sound)])


@pytest.mark.parametrize("first", Side)
async def test_each_hears_the_other_and_one_ends_both(first: Side) -> None:
    ours_elder, elder = pair(8000, "13900000001", "12345")
    ours_person, person = pair(16000, "13900000002", "12345")
    tapped: list[tuple[Side, Sound | Key]] = []
    joined = asyncio.create_task(
        bridge(ours_elder, ours_person, lambda side, event: tapped.append((side, event)))
    )
    heard = [asyncio.create_task(read(phone)) for phone in (elder, person)]
    elder.play(tone(500, 1))
    person.play(tone(900, 1, 16000))
    await elder.send_keys("1")
    await asyncio.sleep(0.8)
    await (elder if first is Side.CALLER else person).hang_up()
    assert await joined is first
    elder_heard, person_heard = await asyncio.gather(*heard)
    assert loudest_hz(sound(elder_heard)[1600:5600]) == pytest.approx(900, abs=10)
    assert loudest_hz(sound(person_heard)[3200:11200], 16000) == pytest.approx(500, abs=10)
    assert isinstance(elder_heard[-1], Ended) and isinstance(person_heard[-1], Ended)
    for side, hz, rate in ((Side.CALLER, 500, 8000), (Side.PERSON, 900, 16000)):
        side_heard = sound([event for at, event in tapped if at is side])
        assert loudest_hz(side_heard[rate // 5 : rate * 7 // 10], rate) == pytest.approx(hz, abs=10)
    assert any(side is Side.CALLER and isinstance(event, Key) for side, event in tapped)


async def test_what_was_still_being_said_stops_when_the_person_comes() -> None:
    ours_elder, elder = pair(8000, "13900000001", "12345")
    ours_person, _ = pair(8000, "13900000002", "12345")
    ours_elder.play(tone(440, 5))
    joined = asyncio.create_task(bridge(ours_elder, ours_person, lambda side, event: None))
    await asyncio.sleep(0.1)
    assert ours_elder.pending_ms < 300
    await elder.hang_up()
    await joined


async def test_an_error_in_the_tap_is_not_swallowed() -> None:
    def broken(side: Side, event: Sound | Key) -> None:
        raise RuntimeError("no transcript")

    ours_elder, _ = pair(8000, "13900000001", "12345")
    ours_person, _ = pair(8000, "13900000002", "12345")
    with pytest.raises(RuntimeError, match="no transcript"):
        await bridge(ours_elder, ours_person, broken)
    await ours_elder.hang_up()
    await ours_person.hang_up()
