"""`nuanxian models`, as it is typed."""

import subprocess
import sys
from pathlib import Path

import pytest

NUANXIAN = str(Path(sys.executable).with_name("nuanxian"))


def nuanxian(*words: str, models: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [NUANXIAN, "models", *words], capture_output=True, text=True, env={"NUANXIAN_MODELS": str(models)}
    )


def test_list_names_every_model_with_licence_and_hash(tmp_path: Path) -> None:
    listed = nuanxian("list", models=tmp_path).stdout
    assert "whisper-base: in packages" in listed and "MIT" in listed
    assert "pocketsphinx-zh-8k: no: fetch it" in listed
    assert "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9" in listed


def test_check_fails_where_a_model_is_missing_and_says_what_works_without_it(tmp_path: Path) -> None:
    checked = nuanxian("check", "pocketsphinx-zh-8k", models=tmp_path)
    assert checked.returncode == 1 and "Without it: closed questions" in checked.stdout


def test_an_unknown_name_is_told(tmp_path: Path) -> None:
    refused = nuanxian("check", "whisper-large", models=tmp_path)
    assert refused.returncode == 1 and "unknown: whisper-large" in refused.stderr


@pytest.mark.slow
def test_fetch_joins_the_packages_and_check_finds_damage(tmp_path: Path) -> None:
    assert nuanxian("fetch", "whisper-base", models=tmp_path).returncode == 0
    assert nuanxian("check", "whisper-base", models=tmp_path).stdout == "✓ whisper-base\n"
    model = tmp_path / "whisper-base" / "model.bin"
    with model.open("r+b") as file:
        file.seek(1000)
        file.write(b"damage")
    damaged = nuanxian("check", "whisper-base", models=tmp_path)
    assert damaged.returncode == 1 and "damaged: model.bin" in damaged.stdout
