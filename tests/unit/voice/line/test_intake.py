"""Odd pieces and holes become frames on a 20 ms grid."""

from __future__ import annotations

import numpy as np

from voice.line.intake import LATE_MS, Intake


def samples(count: int, start: int = 1) -> np.ndarray:
    return np.arange(start, start + count, dtype=np.int16)


def test_odd_pieces_become_whole_frames_without_seams() -> None:
    intake = Intake(8000)
    frames = intake.add(samples(100), 10) + intake.add(samples(300, 101), 50)
    assert [frame.at_ms for frame in frames] == [0, 20]
    assert np.array_equal(np.concatenate([frame.samples for frame in frames]), samples(320))
    assert np.array_equal(intake.add(samples(80, 401), 60)[0].samples, samples(160, 321))


def test_what_does_not_come_is_marked_lost_once_it_is_too_late() -> None:
    intake = Intake(8000)
    nothing = samples(0)
    assert intake.add(nothing, LATE_MS) == []
    frames = intake.add(nothing, 400)
    assert all(frame.lost and not frame.samples.any() for frame in frames)
    assert [frame.at_ms for frame in frames] == list(range(0, 340, 20))


def test_a_late_look_is_no_loss_when_the_sound_is_there() -> None:
    frames = Intake(16000).add(samples(16000 * 3 // 10), 300)
    assert len(frames) == 15 and not any(frame.lost for frame in frames)


def test_silence_on_hold_is_no_loss() -> None:
    frames = Intake(8000).add(samples(0), 1000, expected=False)
    assert frames and not any(frame.lost for frame in frames)
