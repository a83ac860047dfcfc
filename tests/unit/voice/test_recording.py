"""A call as a record: written as it goes on, sealed, read back, refused, forgotten."""

from __future__ import annotations

import os
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pytest

from backend.store.sealing import Cipher, SealError
from tests.unit.voice.fakes import RATE, ScriptedAnswers, ScriptedHearing, speech
from tests.unit.voice.test_call import GOODBYE, GREETING, play
from voice.recording import (
    RecordingError,
    forget_recording,
    forget_recordings,
    has_recording,
    read_events,
    read_recording,
    start_recording,
)

BEGAN = datetime(2026, 11, 23, 9, 10)
DAY = BEGAN.date()
CIPHER = Cipher(b"k" * 32)


def seal(plain: bytes) -> bytes:
    return CIPHER.seal(plain, b"recording")


def unseal(sealed: bytes) -> bytes:
    return CIPHER.open(sealed, b"recording")


async def test_a_call_is_kept_with_both_sides_its_words_and_its_end(tmp_path: Path) -> None:
    recorder = start_recording(tmp_path, "c1", RATE, BEGAN, seal)
    script = [(9_000, speech(1_500))]
    answers = ScriptedAnswers([GREETING, GOODBYE])
    played = await play(script, ScriptedHearing({1_000: "我要订个午饭。"}), answers, recorder=recorder)
    kept = read_recording(tmp_path, "c1", DAY, unseal)
    caller, line = kept.sound[:, 0], kept.sound[:, 1]
    assert abs(len(caller) / RATE - 13.5) < 3
    assert np.abs(caller[9_200 * 8 : 10_200 * 8]).mean() > 1_000 > np.abs(line).max()
    assert [said["text"] for said in kept.transcript()][1] == "我要订个午饭。"
    assert kept.transcript()[1]["confidence"] == 0.9
    assert kept.reason == "done" and kept.events == played.events and kept.began == BEGAN


async def test_whoever_does_not_want_to_be_recorded_is_not(tmp_path: Path) -> None:
    for number, refusal in enumerate(["9", speech(1_500)]):
        recorder = start_recording(tmp_path, f"c{number}", RATE, BEGAN, seal)
        hearing = ScriptedHearing({1_000: "不要录音"})
        played = await play([(12_000, refusal)], hearing, ScriptedAnswers([GREETING, GOODBYE]), recorder=recorder, until_ms=20_000)  # fmt: skip
        assert "录音" in played.all("reply")[0]["text"]
        assert "不录了" in played.all("reply")[1]["text"]
    assert not os.listdir(tmp_path / "2026-11-23")


def test_nothing_can_be_read_without_the_key(tmp_path: Path) -> None:
    recorder = start_recording(tmp_path, "c1", RATE, BEGAN, seal)
    recorder.event({"event": "heard", "at_ms": 1, "text": "我是马秀英"})
    recorder.add(speech(20), speech(20))
    recorder.close()
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("c1.*"))
    assert "马秀英".encode() not in written
    with pytest.raises(SealError):
        read_recording(tmp_path, "c1", DAY, lambda sealed: Cipher(b"x" * 32).open(sealed, b"recording"))


def test_a_long_call_is_written_as_it_goes_on(tmp_path: Path) -> None:
    recorder = start_recording(tmp_path, "c1", RATE, BEGAN, seal)
    for _ in range(25 * 50):
        recorder.add(speech(20), speech(20))
    assert (tmp_path / "2026-11-23" / "c1.sound").stat().st_size > 2 * 20 * RATE
    cut_off = read_recording(tmp_path, "c1", DAY, unseal)
    assert len(cut_off.sound) == 20 * RATE and cut_off.reason is None
    recorder.close()
    assert len(read_recording(tmp_path, "c1", DAY, unseal).sound) == 25 * RATE


def test_one_call_is_asked_for_and_forgotten_by_itself(tmp_path: Path) -> None:
    for call in ("c1", "c2"):
        recorder = start_recording(tmp_path, call, RATE, BEGAN, seal)
        recorder.event({"event": "key", "at_ms": 1, "key": "1"})
        recorder.add(speech(20), speech(20))
        recorder.close()
    assert read_events(tmp_path, "c1", DAY, unseal) == [{"event": "key", "at_ms": 1, "key": "1"}]
    forget_recording(tmp_path, "c1", DAY)
    forget_recording(tmp_path, "c1", DAY)
    assert not has_recording(tmp_path, "c1", DAY) and has_recording(tmp_path, "c2", DAY)
    assert sorted(os.listdir(tmp_path / "2026-11-23")) == ["c2.json", "c2.sound"]


def test_a_missing_or_cut_off_recording_is_told(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="no recording"):
        read_recording(tmp_path, "c1", DAY, unseal)
    recorder = start_recording(tmp_path, "c1", RATE, BEGAN, seal)
    recorder.add(speech(20), speech(20))
    recorder.close()
    path = tmp_path / "2026-11-23" / "c1.sound"
    for damaged in (path.read_bytes()[:-5], b"\xff\xff\xff\xff" + path.read_bytes()):
        path.write_bytes(damaged)
        with pytest.raises(RecordingError, match="damaged"):
            read_recording(tmp_path, "c1", DAY, unseal)


def test_old_recordings_are_forgotten_and_nothing_else(tmp_path: Path) -> None:
    for day in ("2026-10-01", "2026-11-20", "notes"):
        (tmp_path / day).mkdir()
        (tmp_path / day / "c.json").write_bytes(os.urandom(3))
    assert forget_recordings(tmp_path, date(2026, 11, 23), keep_days=30) == 1
    assert sorted(folder.name for folder in tmp_path.iterdir()) == ["2026-11-20", "notes"]
    assert forget_recordings(tmp_path / "absent", date(2026, 11, 23), keep_days=30) == 0
