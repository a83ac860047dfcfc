"""Finding Python 3.10, and what a person is told when there is none; nothing is installed here."""

import hashlib
from pathlib import Path

import pytest

from nlu.rasa import environment
from nlu.rasa.environment import find_python, lock_file, make_environment, process_settings
from nlu.rasa.errors import RasaInstallError, RasaServerError
from nlu.rasa.server import progress, serve_command


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing on PATH, no pyenv and no uv."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setattr(environment, "find_uv", lambda: None)
    return tmp_path


def test_a_python_on_path_is_found(bare: Path) -> None:
    python = script(bare / "bin" / "python3.10", "echo 3.10")
    assert find_python() == python


def test_a_name_on_path_that_does_not_run_is_passed_over_for_pyenvs(bare: Path) -> None:
    script(bare / "bin" / "python3.10", "echo 'pyenv: python3.10: command not found' >&2; exit 127")
    script(bare / "pyenv" / "versions" / "3.10.9" / "bin" / "python3.10", "echo 3.9")
    right = script(bare / "pyenv" / "versions" / "3.10.13" / "bin" / "python3.10", "echo 3.10")
    assert find_python() == right


def test_uv_is_asked_to_fetch_one_and_then_where_it_is(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = script(bare / "fetched" / "python", "echo 3.10")
    uv = script(
        bare / "uv",
        f'[ "$2" = install ] && {{ : > {bare}/has; exit; }}; [ -f {bare}/has ] && echo {python} && exit; exit 2',
    )
    monkeypatch.setattr(environment, "find_uv", lambda: str(uv))
    assert find_python() == python


def test_without_any_a_person_is_told_how_to_get_one(bare: Path) -> None:
    with pytest.raises(RasaInstallError, match=r"uv python install 3\.10.*pyenv install 3\.10"):
        make_environment(bare / "env", lock=script(bare / "rasa.lock", ""), say=lambda _: None)


def test_an_environment_of_this_very_lock_is_used_as_it_is(bare: Path) -> None:
    lock = script(bare / "rasa.lock", "")
    python = script(bare / "env" / "bin" / "python", "echo 3.10")
    (bare / "env" / "installed.sha256").write_text(hashlib.sha256(lock.read_bytes()).hexdigest())
    assert make_environment(bare / "env", lock=lock, say=lambda _: None) == python


def test_an_environment_of_another_lock_is_made_anew(bare: Path) -> None:
    lock = script(bare / "rasa.lock", "")
    script(bare / "env" / "bin" / "python", "echo 3.10")
    (bare / "env" / "installed.sha256").write_text("of another lock")
    with pytest.raises(RasaInstallError):  # there is no Python to make it with
        make_environment(bare / "env", lock=lock, say=lambda _: None)
    assert not (bare / "env" / "bin").exists()


def test_an_installation_that_fails_tells_the_last_words_and_leaves_no_mark(bare: Path) -> None:
    script(bare / "bin" / "python3.10", '[ "$1" = -c ] && echo 3.10 || { echo "No space left" >&2; exit 1; }')
    with pytest.raises(RasaInstallError, match="No space left"):
        make_environment(bare / "env", lock=script(bare / "rasa.lock", ""), say=lambda _: None)
    assert not (bare / "env" / "installed.sha256").exists()


def test_every_package_of_the_lock_has_a_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NUANXIAN_HOME", raising=False)  # the lock comes with the project
    lines = lock_file().read_text(encoding="utf-8").splitlines()
    packages = [number for number, line in enumerate(lines) if line[:1].isalnum()]
    assert any(lines[number].startswith("rasa==3.6.21") for number in packages)
    assert all("--hash=sha256:" in lines[number + 1] for number in packages)


def test_rasa_reports_to_nobody_and_gets_nothing_of_our_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/ours")
    monkeypatch.setenv("VIRTUAL_ENV", "/ours/.venv")
    settings = process_settings()
    assert settings["RASA_TELEMETRY_ENABLED"] == "false"
    assert "PYTHONPATH" not in settings and "VIRTUAL_ENV" not in settings


def test_the_progress_of_the_training_is_read_from_what_rasa_prints() -> None:
    said = (
        "Epochs:  10%|#         | 1/10 [01:24<12:44, 84.94s/it, t_loss=21.7, i_acc=0.0869, e_f1=0.00318]"
        "\rEpochs:  20%|##        | 2/10 [01:36<05:34, 41.78s/it, t_loss=13.4, i_acc=0.237, e_f1=0]\r"
    )
    assert progress(said) == "round 2 of 10, t_loss=13.4, i_acc=0.237, e_f1=0"
    assert progress("Epochs:   0%|          | 0/10 [00:00<?, ?it/s]") == "round 0 of 10"
    assert progress("Finished training component") is None


def test_a_server_without_a_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(RasaServerError, match="rasa-train"):
        serve_command(Path("python"), tmp_path, port=5005)
