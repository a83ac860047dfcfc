"""Trains Rasa and runs its server, each as a process in Rasa's own environment."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from nlu.data_files import DATA_FOLDER, fingerprint
from nlu.rasa.client import RasaClient
from nlu.rasa.environment import Say, process_settings
from nlu.rasa.errors import RasaError, RasaRefusedError, RasaServerError, RasaTrainingError
from nlu.rasa_project import DATA

MODEL = "nuanxian"
START_S = 300  # TensorFlow alone takes 20 seconds to load, on a busy machine far longer
STOP_S = 15
POLL_S = 0.1
LINE = 1000  # bytes; longer than any line of progress
ONE_THREAD = {
    "TF_INTRA_OP_PARALLELISM_THREADS": "1",
    "TF_INTER_OP_PARALLELISM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}
EPOCHS = re.compile(r"(\d+)/(\d+) \[[^\]]*?(?:, (?P<figures>t_loss[^\]]*))?\]")


def model_file(project: Path) -> Path:
    """The trained model of a project, whether it is there or not."""
    return project / "models" / f"{MODEL}.tar.gz"


def train(python: Path, project: Path, *, say: Say = print) -> Path:
    """Train on a project that is written; the model's file. Rasa's own words go to `train.log` beside it."""
    command = [
        str(python), "-m", "rasa", "train", "nlu", "--nlu", "data", "--domain", "domain.yml",
        "--config", "config.yml", "--out", "models", "--fixed-model-name", MODEL,
    ]  # fmt: skip
    target, log = model_file(project), project / "train.log"
    target.unlink(missing_ok=True)
    with (
        log.open("wb") as kept,
        subprocess.Popen(  # noqa: S603 (a fixed command)
            command, cwd=project, env=process_settings(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        ) as process,
    ):
        assert process.stdout is not None  # noqa: S101 (asked for above)
        last, seen = "", b""
        while chunk := process.stdout.read1(65_536):  # type: ignore[attr-defined]
            kept.write(chunk)
            seen = (seen + chunk)[-LINE:]  # a line of progress may come in two pieces
            told = progress(seen.decode("utf-8", "replace"))
            if told and told != last:
                say(told)
                last = told
    if process.returncode or not target.is_file():
        raise RasaTrainingError(f"the training of Rasa ended with {process.returncode}; see {log}")
    return target


def same_data(project: Path, data: Path = DATA_FOLDER) -> None:
    """Raise RasaServerError when the project was written from other data than is there now."""
    if fingerprint(project / DATA) != fingerprint(data):
        raise RasaServerError(
            "Rasa was trained on other data than is there now: run `nuanxian nlu rasa-train` again"
        )


def measure_in_process(python: Path, project: Path, texts: Sequence[str]) -> dict[str, float]:
    """Latency, memory and start-up of the trained model without HTTP, on one thread; see `in_process.py`."""
    script = Path(__file__).with_name("in_process.py")
    done = subprocess.run(  # noqa: S603 (fixed commands)
        [str(python), "-I", str(script), str(model_file(project))],
        input="\n".join(map(json.dumps, texts)), env=process_settings() | ONE_THREAD,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False,
    )  # fmt: skip
    try:
        told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        raise RasaServerError(f"Rasa could not be measured in its own process: {done.returncode}") from None
    return told


def progress(said: str) -> str | None:
    """The last progress that a piece of Rasa's output tells of, as «round 3 of 40, t_loss=…»."""
    found = list(EPOCHS.finditer(said))
    if not found:
        return None
    done, of = found[-1].group(1), found[-1].group(2)
    return f"round {done} of {of}" + (f", {found[-1]['figures']}" if found[-1]["figures"] else "")


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def serve_command(python: Path, project: Path, *, port: int, host: str = "127.0.0.1") -> list[str]:
    """What starts the server; to be run in the project's folder. Raises RasaServerError when nothing was trained."""
    model = model_file(project)
    if not model.is_file():
        raise RasaServerError(f"{model} is not there: run `nuanxian nlu rasa-train` first")
    return [
        str(python), "-m", "rasa", "run", "--enable-api", "--model", str(model.resolve()),
        "--interface", host, "--port", str(port), "--quiet",
    ]  # fmt: skip


class RasaServer:
    """A running server, for as long as its `with` block; ready when the block begins."""

    def __init__(self, python: Path, project: Path, *, port: int | None = None) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.load_s = 0.0
        self._command = serve_command(python, project, port=self.port)
        self._project = project
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        started = time.monotonic()
        with (self._project / "server.log").open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 (a fixed command)
                self._command,
                cwd=self._project,
                env=process_settings() | ONE_THREAD,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            self._wait(started + START_S)
        except BaseException:
            self.stop()
            raise
        self.load_s = time.monotonic() - started
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _wait(self, deadline: float) -> None:
        client = RasaClient(self.url, timeout_s=5)
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                raise RasaServerError(f"the Rasa server ended at once; see {self._project / 'server.log'}")
            try:
                if client.status().get("model_file"):
                    return
            except RasaRefusedError as problem:  # it listens only after it has tried to load the model
                raise RasaServerError(
                    f"the Rasa server could not load its model; see {self._project / 'server.log'}"
                ) from problem
            except RasaError:
                time.sleep(POLL_S)
        raise RasaServerError(f"the Rasa server was not ready within {START_S} s")

    def resident_mb(self) -> float:
        """Memory that the server holds now, in 10^6 bytes."""
        if self._process is None:
            raise RasaServerError("the Rasa server does not run")
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii", errors="replace")
        kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(kilobytes) * 1024 / 1e6

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """Ask it to end, and end it if it does not."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
