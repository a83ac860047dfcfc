"""The in-memory call: sound, keys, hold, loss, hanging up, as fast as possible."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from voice.line.line import Ended, GoneError, Hangup, Held, Key, LineError, LineEvent, Sound
from voice.line.loopback import LoopbackConnection, pair

RATE = 8000
FRAME = 160


def ramp(samples: int) -> np.ndarray:
    return np.arange(1, samples + 1, dtype=np.int16)


async def read(side: LoopbackConnection) -> list[LineEvent]:
    return [event async for event in side.events()]


def heard(events: list[LineEvent]) -> np.ndarray:
    return np.concatenate([event.samples for event in events if isinstance(event, Sound)])


async def talk(
    ours: LoopbackConnection, theirs: LoopbackConnection, frames: int
) -> tuple[list[LineEvent], ...]:
    """Both sides read; ours hangs up after so many frames."""

    async def read_and_hang_up() -> list[LineEvent]:
        events = []
        async for event in ours.events():
            events.append(event)
            if isinstance(event, Sound) and event.at_ms >= frames * 20:
                await ours.hang_up()
        return events

    return tuple(await asyncio.gather(read_and_hang_up(), read(theirs)))


async def test_what_one_side_plays_the_other_hears_in_frames_and_then_silence() -> None:
    ours, theirs = pair(RATE, "13900000001", "12345", realtime=False)
    ours.play(ramp(100))
    ours.play(ramp(300))
    _, events = await talk(ours, theirs, 5)
    sounds = [event for event in events if isinstance(event, Sound)]
    assert [sound.at_ms for sound in sounds] == [20 * number for number in range(len(sounds))]
    assert {len(sound.samples) for sound in sounds} == {FRAME}
    assert np.array_equal(heard(events)[:400], np.concatenate([ramp(100), ramp(300)]))
    assert not heard(events)[400:].any()


async def test_both_sides_know_who_is_who_and_who_hung_up() -> None:
    ours, theirs = pair(RATE, "13900000001", "12345", realtime=False)
    assert (ours.caller, ours.called, theirs.caller) == ("13900000001", "12345", "12345")
    assert ours.id != theirs.id
    our_events, their_events = await talk(ours, theirs, 1)
    assert isinstance(our_events[-1], Ended) and our_events[-1].reason is Hangup.LINE
    assert isinstance(their_events[-1], Ended) and their_events[-1].reason is Hangup.CALLER


async def test_keys_and_hold_arrive_in_order_and_hold_is_silent() -> None:
    ours, theirs = pair(RATE, "1", "2", realtime=False)
    theirs.play(ramp(800))
    await theirs.send_keys("1#")
    theirs.hold(True)
    events, _ = await talk(ours, theirs, 3)
    assert events[:3] == [Key("1", 0), Key("#", 0), Held(True, 0)]
    assert not heard(events).any()


async def test_flush_forgets_what_is_queued() -> None:
    ours, theirs = pair(RATE, "1", "2", realtime=False)
    ours.play(ramp(1600))
    assert ours.pending_ms == 200
    ours.flush()
    assert ours.pending_ms == 0
    _, events = await talk(ours, theirs, 2)
    assert not heard(events).any()


async def test_lost_frames_are_marked_silent_and_the_same_each_time() -> None:
    async def lost(seed: int) -> list[int]:
        ours, theirs = pair(RATE, "1", "2", realtime=False, loss=0.3, seed=seed)
        ours.play(np.full(FRAME * 200, 1000, np.int16))
        _, events = await talk(ours, theirs, 199)
        sounds = [event for event in events if isinstance(event, Sound)]
        assert all(sound.lost != sound.samples.any() for sound in sounds[:199])
        return [sound.at_ms for sound in sounds if sound.lost]

    assert await lost(1) == await lost(1) != await lost(2)
    assert 30 <= len(await lost(1)) <= 90


async def test_in_real_time_a_frame_comes_every_20_ms() -> None:
    ours, theirs = pair(RATE, "1", "2")
    began = asyncio.get_running_loop().time()
    await talk(ours, theirs, 10)
    assert 0.2 <= asyncio.get_running_loop().time() - began < 0.6


async def test_transfer_ends_the_call_or_is_refused_and_it_goes_on() -> None:
    ours, theirs = pair(RATE, "1", "2", realtime=False)
    theirs.refuses_transfers = True
    with pytest.raises(LineError, match="refused"):
        await ours.transfer("110")
    assert ours.inbox.ended is None
    theirs.refuses_transfers = False
    await ours.transfer("110")
    assert (await read(ours))[-1] == Ended(Hangup.TRANSFERRED, 0)
    assert theirs.transferred_to == "110"


async def test_after_the_end_nothing_is_queued_and_keys_are_refused() -> None:
    ours, theirs = pair(RATE, "1", "2", realtime=False)
    await theirs.hang_up()
    await theirs.hang_up()
    ours.play(ramp(FRAME))
    assert ours.pending_ms == 0
    with pytest.raises(GoneError):
        await ours.send_keys("1")
    with pytest.raises(GoneError):
        await ours.transfer("110")
    assert await read(ours) == [Ended(Hangup.CALLER, 0)]
