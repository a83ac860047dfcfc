"""Makes Rasa's own Python environment: Rasa 3.6.21, its last open release, runs on Python 3.10 and nothing newer."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from config.settings import project_folder
from nlu.rasa.errors import RasaInstallError

PYTHON = "3.10"
SIZE = "2.6 GB"
NO_PYTHON = (
    f"Rasa needs Python {PYTHON}, and none was found on PATH, under pyenv or by uv, nor could uv fetch one. "
    f"Install one of: «uv python install {PYTHON}», «pyenv install {PYTHON}», or your system's package "
    f"python{PYTHON} with python{PYTHON}-venv. Then try again; or run Rasa on another machine."
)
# What every process of Rasa is started with: it reports to nobody, and does not warn of its own old packages.
RASA_SETTINGS = {
    "RASA_TELEMETRY_ENABLED": "false",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    "TF_CPP_MIN_LOG_LEVEL": "2",
    "PYTHONWARNINGS": "ignore",
    "PYTHONUNBUFFERED": "1",
}

Say = Callable[[str], None]


def rasa_folder() -> Path:
    """Where everything of Rasa's lives: environment, project, models, logs."""
    return project_folder() / "var" / "rasa"


def lock_file() -> Path:
    """The exact packages with their hashes; for Linux on x86-64."""
    return project_folder() / "requirements" / "rasa.lock"


def process_settings() -> dict[str, str]:
    """The environment variables that Rasa's processes run under; nothing of our own Python's."""
    ours = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    return {name: value for name, value in os.environ.items() if name not in ours} | RASA_SETTINGS


def find_python() -> Path:
    """A Python 3.10: on PATH, of pyenv, known to uv, or fetched by uv. Raises RasaInstallError when there is none."""
    for candidate in _candidates():
        if _is_right(candidate):
            return candidate
    raise RasaInstallError(NO_PYTHON)


def _candidates() -> Iterator[Path]:
    if on_path := shutil.which(f"python{PYTHON}"):
        yield Path(on_path)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from sorted(pyenv.glob(f"versions/{PYTHON}.*/bin/python{PYTHON}"), reverse=True)
    uv = find_uv()
    if uv is None:
        return
    for command in (["python", "find", PYTHON], ["python", "install", PYTHON], ["python", "find", PYTHON]):
        done = subprocess.run([uv, *command], capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode == 0 and command[1] == "find":
            yield Path(done.stdout.strip())


def _is_right(python: Path) -> bool:
    """A name alone proves nothing: pyenv puts a `python3.10` on PATH that refuses to run."""
    command = [str(python), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and done.stdout.strip() == PYTHON


def find_uv() -> str | None:
    """uv on PATH or beside our own Python; installs several times faster than pip."""
    return shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))


def make_environment(folder: Path | None = None, *, lock: Path | None = None, say: Say = print) -> Path:
    """The interpreter of Rasa's environment; installs it (minutes) when it is not there or the lock has changed."""
    folder = (folder or rasa_folder() / "env").resolve()
    lock = lock or lock_file()
    if not lock.is_file():
        raise RasaInstallError(f"{lock} is missing: Rasa is installed from a checkout of the source")
    python, done = folder / "bin" / "python", folder / "installed.sha256"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    with _alone(folder):
        if done.is_file() and done.read_text(encoding="ascii").strip() == digest and python.exists():
            return python
        shutil.rmtree(folder, ignore_errors=True)
        say(f"installing Rasa into {folder}: {SIZE}, some minutes …")
        _install(find_python(), folder, python, lock)
        done.write_text(digest + "\n", encoding="ascii")
    return python


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two processes that need the environment at once: the second waits, and finds it made."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(folder.name + ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _install(base: Path, folder: Path, python: Path, lock: Path) -> None:
    uv = find_uv()
    make = (
        [uv, "venv", "--quiet", "--python", str(base), str(folder)]
        if uv
        else [str(base), "-m", "venv", str(folder)]
    )
    _run(make, "Rasa's environment could not be made")
    exact = ["--require-hashes", "-r", str(lock)]
    if uv:
        install = [uv, "pip", "install", "--quiet", "--python", str(python), *exact]
    else:
        install = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", *exact]
    _run(install, "Rasa could not be installed")


def _run(command: list[str], problem: str) -> None:
    done = subprocess.run(  # noqa: S603 (fixed commands)
        command, env=process_settings(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-5:]
        raise RasaInstallError("\n".join([f"{problem}:", *said]))
