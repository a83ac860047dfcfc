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


def test_the_wording_that_does_not_come_with_the_project_is_listed() -> None:
    all_of_it = run(app, ["warm", "--missing", "--speaker", "zf_xiaoni"])
    assert "您好，这里是暖线。\n" in all_of_it.output
    ours = run(app, ["warm", "--missing"])
    assert ours.exit_code == 0
    assert "您好，这里是暖线。\n" not in ours.output
    assert ours.output.endswith("texts do not come with the project\n")


def test_only_prompts_of_the_neural_voice_come_with_the_project() -> None:
    result = run(app, ["warm", "--ship", "--voice", "pyttsx"])
    assert result.exit_code == 1
    assert "only prompts of the voice kokoro" in result.output
