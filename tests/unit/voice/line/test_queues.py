"""What waits to be read, and what waits to be said."""

from __future__ import annotations

import numpy as np

from voice.line.inbox import MAX_BACKLOG_MS, Inbox
from voice.line.line import FRAME_MS, Ended, Hangup, Key, Sound
from voice.line.playout import Playout

SILENCE = np.zeros(160, np.int16)


async def test_sound_beyond_the_backlog_is_dropped_and_nothing_else() -> None:
    inbox = Inbox()
    for number in range(2 * MAX_BACKLOG_MS // FRAME_MS):
        inbox.put(Sound(SILENCE, number * FRAME_MS))
    inbox.put(Key("0", 0))
    inbox.end(Hangup.CALLER, 7)
    inbox.end(Hangup.LINE, 8)
    inbox.put(Key("1", 9))
    events = [event async for event in inbox.events()]
    assert len(events) == MAX_BACKLOG_MS // FRAME_MS + 2
    assert events[-2:] == [Key("0", 0), Ended(Hangup.CALLER, 7)]


async def test_a_second_reader_goes_on_where_the_first_stopped() -> None:
    inbox = Inbox()
    for key in "123":
        inbox.put(Key(key, 0))
    async for event in inbox.events():
        assert event == Key("1", 0)
        break
    inbox.end(Hangup.CALLER, 1)
    assert [event async for event in inbox.events()][:2] == [Key("2", 0), Key("3", 0)]


def test_frames_are_cut_from_pieces_of_any_length() -> None:
    playout = Playout(8000)
    playout.add(np.full(70, 1, np.int16))
    playout.add(np.full(250, 2, np.int16))
    playout.add(np.zeros(0, np.int16))
    assert playout.pending_ms == 40
    first, second = playout.take(), playout.take()
    assert first is not None and list(first) == [1] * 70 + [2] * 90
    assert second is not None and list(second) == [2] * 160
    assert playout.take() is None


def test_the_end_of_what_is_said_is_filled_with_silence() -> None:
    playout = Playout(16000)
    playout.add(np.full(1, 5, np.int16))
    frame = playout.take()
    assert frame is not None and len(frame) == 320 and frame.sum() == 5
    playout.add(np.full(999, 5, np.int16))
    playout.clear()
    assert playout.pending_ms == 0 and playout.take() is None
