import wave
from pathlib import Path

from typer.testing import CliRunner

from bot.commands.voice import app

run = CliRunner().invoke


def test_a_text_is_spoken_into_a_file_at_the_rate_of_the_line(tmp_path: Path) -> None:
    out = tmp_path / "said.wav"
    result = run(app, ["say", "您好。请打12345。", "--out", str(out), "--voice", "pyttsx", "--pace", "1"])
    assert result.exit_code == 0, result.output
    with wave.open(str(out), "rb") as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (8000, 1, 2)
        assert 1.0 < sound.getnframes() / 8000 < 6.0


def test_a_file_that_can_not_be_written_is_told_in_words(tmp_path: Path) -> None:
    out = tmp_path / "nowhere" / "said.wav"
    result = run(app, ["say", "您好。", "--out", str(out), "--voice", "pyttsx"])
    assert result.exit_code == 1
    assert "can not be written" in result.output
