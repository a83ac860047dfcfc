"""`nuanxian call replay` on real sound files, with the real recogniser and conversations."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from bot.commands.call import app, came
from voice.audio.g711 import encode_ulaw
from voice.audio.resample import resample
from voice.line.line import Samples
from voice.simulate.script import Conditions
from voice.simulate.sound import RATE, CallerVoices
from voice.sound_file import SoundFileError, read_sound, write_wav

VOICES = Path(__file__).parents[3] / "calls" / "voices"
LUNCH = "我想订个午饭"


def said(text: str) -> Samples:
    """A rendered caller; nothing is rendered here."""

    def no_voice(speaker: str) -> None:
        raise AssertionError(f"{text} is not among the rendered sentences of {VOICES}")

    return CallerVoices(VOICES, no_voice).say(text, Conditions())  # type: ignore[arg-type]


@pytest.fixture
def own_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("NUANXIAN_KEYS", str(tmp_path / "keys"))
    return f"sqlite:///{tmp_path / 'line.sqlite'}"


def replay(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["replay", *arguments])


@pytest.mark.slow
def test_a_recorded_wish_is_heard_and_answered(tmp_path: Path, own_database: str) -> None:
    file = tmp_path / "caller.wav"
    stereo = np.repeat(resample(said(LUNCH), RATE, 44_100)[:, None], 2, axis=1)
    write_wav(file, stereo, 44_100)
    result = replay(
        str(file), "--json", "--db", own_database, "--now", "2026-11-23T09:10", "--expect", "午饭", "--caller", "13909510001",
    )  # fmt: skip
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0, result.output
    assert [event["event"] for event in events if event["event"] in ("heard", "asks", "ended")] == [
        "heard", "asks", "ended",
    ]  # fmt: skip
    assert all(event["at_ms"] >= 0 for event in events)
    orders = replay(str(file), "--expect", "order", "--db", own_database, "--at-once")
    assert orders.exit_code == 1 and "order" in orders.stderr


@pytest.mark.parametrize(
    "content", [b"", b"RIFF", b"\x00" * 5_000, None], ids=["empty", "cut", "zeros", "absent"]
)
def test_a_file_that_is_no_sound_is_refused_in_plain_words(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "broken.wav"
    if content is not None:
        file.write_bytes(content)
    result = replay(str(file))
    assert result.exit_code == 2
    assert str(file) in result.stderr and "Traceback" not in result.stderr


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
def test_any_rate_is_read_at_the_rate_of_the_line(tmp_path: Path, rate: int) -> None:
    write_wav(tmp_path / "a.wav", resample(said(LUNCH), RATE, rate), rate)
    samples, line_rate = read_sound(tmp_path / "a.wav", to_rate=lambda hz: min(hz, 16_000))
    assert abs(len(samples) / line_rate - len(said(LUNCH)) / RATE) < 0.05


def test_u_law_and_float_files_are_read(tmp_path: Path) -> None:
    sound = said(LUNCH)
    for name, code, bits, body in (
        ("ulaw", 7, 8, encode_ulaw(sound)),
        ("float", 3, 32, (sound / 32768).astype("<f4").tobytes()),
    ):
        (tmp_path / name).write_bytes(_wav(code, bits, body))
        samples, _ = read_sound(tmp_path / name, to_rate=lambda hz: hz)
        assert np.corrcoef(samples[: len(sound)], sound[: len(samples)])[0, 1] > 0.99


def test_a_file_without_samples_is_refused(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", np.zeros(0, np.int16), RATE)
    with pytest.raises(SoundFileError, match="no samples"):
        read_sound(tmp_path / "a.wav", to_rate=lambda hz: hz)


def test_expectations_are_events_items_or_words() -> None:
    events = [
        {"event": "heard", "at_ms": 1, "text": "我想，订午饭。"},
        {"event": "order", "at_ms": 2, "item": "meal"},
        {"event": "ended", "at_ms": 3, "reason": "done"},
    ]
    for wish, met in {
        "想订午饭": True, "晚饭": False, "order": True, "order:meal": True, "order:bath": False, "emergency": False,
        "ended:done": True,
    }.items():  # fmt: skip
        assert came(wish, events) is met, wish


def _wav(code: int, bits: int, body: bytes) -> bytes:
    """A WAV file by hand: `wave` of the standard library writes PCM only."""
    size = bits // 8
    head = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 36 + len(body), b"WAVE", b"fmt ", 16, code, 1, RATE, RATE * size, size, bits)  # fmt: skip
    return head + struct.pack("<4sI", b"data", len(body)) + body
