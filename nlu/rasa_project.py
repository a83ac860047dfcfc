"""Makes a Rasa project from the same data files, and trains it in an environment of its own (Python 3.10)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from nlu.data_files import DATA_FOLDER, data_files, read_folder
from nlu.understanding import SLOTS

CONFIG = Path(__file__).parent / "rasa" / "config.yml"
PROJECT = Path("var/rasa")
ENVIRONMENT = Path(".rasa")
PYTHON = "3.10"
PACKAGES = ("rasa==3.6.21", "jieba==0.42.1", "setuptools<81")


class RasaProjectError(RuntimeError):
    """Rasa's environment can not be made, or its training failed; the message says what to do."""


def domain(data: Path = DATA_FOLDER) -> str:
    """Rasa's domain: every set of labels that the data files have is an intent, every slot an entity."""
    intents = sorted({"+".join(example.labels) for example in read_folder(data)})
    lines = ['version: "3.1"', "intents:", *(f"  - {intent}" for intent in intents), "entities:"]
    return "\n".join([*lines, *(f"  - {slot}" for slot in SLOTS)]) + "\n"


def write_project(folder: Path = PROJECT, data: Path = DATA_FOLDER) -> Path:
    """The project folder: configuration, domain, and the data files as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(CONFIG, folder / "config.yml")
    (folder / "domain.yml").write_text(domain(data), encoding="utf-8")
    target = folder / "data"
    if target.is_dir():
        shutil.rmtree(target)
    for path in data_files(data):
        copy = target / path.relative_to(data)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    return folder


def make_environment(folder: Path = ENVIRONMENT, *, say: Callable[[str], None] = print) -> Path:
    """Rasa's own Python environment; the path of its interpreter."""
    python = folder.resolve() / "bin" / "python"
    if (folder / "bin" / "rasa").is_file():
        return python
    uv = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if uv is None:
        raise RasaProjectError("uv is not installed: pip install uv")
    say(f"making {folder} with Python {PYTHON}: about 3 GB")
    _run(
        [uv, "venv", "--python", PYTHON, str(folder)],
        "no Python 3.10 is at hand: install it (pyenv, uv python install)",
    )
    _run([uv, "pip", "install", "--python", str(python), *PACKAGES], "Rasa could not be installed")
    return python


def rasa_train(
    project: Path = PROJECT, environment: Path = ENVIRONMENT, *, say: Callable[[str], None] = print
) -> Path:
    """Train Rasa on our data; the folder with its models."""
    python = make_environment(environment, say=say)
    folder = write_project(project)
    say("training Rasa: minutes")
    _run([str(python), "-m", "rasa", "train", "nlu"], "the training of Rasa failed", folder)
    say(f"start it with: cd {folder} && {python} -m rasa run --enable-api --port 5005")
    return folder / "models"


def _run(command: list[str], problem: str, folder: Path | None = None) -> None:
    environment = os.environ | {"RASA_TELEMETRY_ENABLED": "false", "SQLALCHEMY_SILENCE_UBER_WARNING": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, check=False)  # noqa: S603 (fixed commands)
    if done.returncode:
        raise RasaProjectError(f"{problem} ({' '.join(command[:4])} … ended with {done.returncode})")
