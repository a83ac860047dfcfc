"""Measures engines side by side, each in a process of its own on one core: accuracy, latency, memory, start-up."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from nlu.data_files import DATA_FOLDER, fingerprint, read_folder
from nlu.evaluate import VALIDATION_FOLDER, Evaluation, evaluate
from nlu.understanding import Parser

RASA = "rasa"
# The columns of `--against rasa`: our engine, Rasa as it comes, and the engine that uses Rasa behind our rules.
OURS, PLAIN, BEHIND = "ours", "rasa", "rasa behind our rules"
WIDTH = 24
LATENCY_HTTP, LATENCY = "over HTTP", "in process"


@dataclass(frozen=True, slots=True)
class Measured:
    """One engine's column of the table. What can not be measured for it is not in it."""

    name: str
    values: Mapping[str, float]


def resident_mb() -> float:
    """Memory that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def values_of(done: Evaluation) -> dict[str, float]:
    """What is compared, by name, in the order of the table."""
    clean, misheard = done.clean, done.misheard
    values = {
        "exact set of labels": clean.exact,
        "first label": clean.first_right,
        "items right": clean.items_right,
        "macro-F1": clean.macro_f1,
        "emergency recall": clean.emergency_recall,
        "emergency precision": clean.emergency_precision,
        "off-topic acted on": clean.off_topic_acted_on,
        "slots F1": clean.slots_f1,
    }
    if misheard is not None:
        values |= {
            "exact, 12 % homophones": misheard.exact,
            "slots F1, homophones": misheard.slots_f1,
        }
    return values | {f"exact, {style} ({count})": exact for style, (exact, count) in clean.by_style.items()}


def latency_of(p50_ms: float, p95_ms: float, where: str) -> dict[str, float]:
    return {f"p50 ms {where}": p50_ms, f"p95 ms {where}": p95_ms}


def measure_here(engine: str, folder: Path, url: str) -> dict[str, float]:
    """Load an engine in this process and measure it."""
    started = time.perf_counter()
    parser = open_engine(engine, url)
    load_s = time.perf_counter() - started
    done = evaluate(parser, read_folder(folder))
    latency = latency_of(done.p50_ms, done.p95_ms, LATENCY if engine == OURS else LATENCY_HTTP)
    values = values_of(done) | latency
    if engine == OURS:  # Rasa's are those of its server, not of this process that asks it
        values |= {"resident MB": resident_mb(), "load s": load_s}
    return values


def open_engine(engine: str, url: str) -> Parser:
    """The engine of a column. Rasa's have no fall-back: a measurement must not mix engines."""
    if engine == OURS:
        from nlu.parse import load_parser

        return load_parser()
    from nlu.engines.rasa import RasaParser
    from nlu.rasa.client import RasaClient
    from nlu.rasa.plain import PlainRasaParser

    client = RasaClient(url, timeout_s=30)
    return PlainRasaParser(client) if engine == PLAIN else RasaParser(client, fallback=None)


def benchmark(*, folder: Path | None, against: str | None, url: str | None) -> str:
    """The table of our engine, and of Rasa if asked for: the server at `url`, else one that is started here.

    Raises ValueError for another engine, RasaError when Rasa is not trained or does not answer.
    """
    if against not in (None, RASA):
        raise ValueError(f"«{against}» is no engine to compare with; «{RASA}» is")
    folder = folder or VALIDATION_FOLDER
    others: list[Measured] = []
    if against == RASA:  # first, because it may turn out that it is not trained
        others = _rasa_at(url, folder) if url else _own_rasa(folder)
    measured = [Measured(OURS, _in_own_process(OURS, folder, "")), *others]
    heading = f"{describe_machine()}\n{len(read_folder(folder))} sentences of {folder.name}, one thread each"
    return f"{heading}\ntraining data {fingerprint(DATA_FOLDER)[:12]}\n\n{as_table(measured)}"


def as_table(measured: Sequence[Measured]) -> str:
    """One row a figure, one column an engine; «–» where an engine has none."""
    names = list(dict.fromkeys(name for one in measured for name in one.values))
    lines = [" " * 30 + "".join(f"{one.name:>{WIDTH}}" for one in measured)]
    for name in names:
        cells = (f"{one.values[name]:.3f}" if name in one.values else "–" for one in measured)
        lines.append(f"{name:30}" + "".join(f"{cell:>{WIDTH}}" for cell in cells))
    return "\n".join(lines)


def describe_machine() -> str:
    """Date, processor, cores, memory, Python."""
    info = Path("/proc/cpuinfo")
    listed = info.read_text(encoding="utf-8").splitlines() if info.is_file() else []
    model = next((line.split(":", 1)[1].strip() for line in listed if line.startswith("model name")), "?")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    today = datetime.now(UTC).date().isoformat()
    return f"{today}  {model}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"


def _rasa_at(url: str, folder: Path) -> list[Measured]:
    """Rasa's columns from a server that runs already; its memory and its start are not ours to see."""
    return [Measured(engine, _in_own_process(engine, folder, url)) for engine in (PLAIN, BEHIND)]


def _own_rasa(folder: Path) -> list[Measured]:
    """Rasa's columns, of the model that `nuanxian nlu rasa-train` made, over HTTP and in its own process."""
    from nlu.rasa.environment import make_environment, rasa_folder
    from nlu.rasa.server import RasaServer, measure_in_process, same_data

    python, project = make_environment(), rasa_folder() / "project"
    same_data(project)
    with RasaServer(python, project) as server:
        columns = _rasa_at(server.url, folder)
        of_server = {"resident MB": server.resident_mb(), "load s": server.load_s}
    inside = measure_in_process(python, project, [example.text for example in read_folder(folder)])
    latency = latency_of(inside["p50_ms"], inside["p95_ms"], LATENCY)
    return [
        Measured(columns[0].name, {**columns[0].values, **latency, **of_server}),
        Measured(columns[1].name, {**columns[1].values, **of_server}),
    ]


def _in_own_process(engine: str, folder: Path, url: str) -> dict[str, float]:
    command = [sys.executable, "-m", "nlu.benchmark", engine, str(folder), url]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=environment)  # noqa: S603
    values: dict[str, float] = json.loads(done.stdout)
    return values


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure_here(sys.argv[1], Path(sys.argv[2]), sys.argv[3])))
