"""Measures engines side by side, each in a process of its own on one core: accuracy, latency, memory, start-up."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from nlu.data_files import read_folder
from nlu.evaluate import VALIDATION_FOLDER, Evaluation, evaluate
from nlu.understanding import Parser

COLUMNS = ("exact", "misheard", "off_topic", "slots_f1", "p50_ms", "p95_ms", "load_s", "resident_mb")


@dataclass(frozen=True, slots=True)
class Measured:
    """One engine's line of the table."""

    name: str
    values: dict[str, float]


def resident_mb() -> float:
    """Memory that this process holds now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def values_of(done: Evaluation, load_s: float, memory_mb: float) -> dict[str, float]:
    misheard = done.misheard.exact if done.misheard else 0.0
    numbers = (
        done.clean.exact, misheard, done.clean.off_topic_acted_on, done.clean.slots_f1,
        done.p50_ms, done.p95_ms, load_s, memory_mb,
    )  # fmt: skip
    return dict(zip(COLUMNS, numbers, strict=True))


def measure_here(engine: str, folder: Path, url: str) -> dict[str, float]:
    """Load an engine in this process and measure it."""
    started = time.perf_counter()
    parser = open_engine(engine, url)
    load_s = time.perf_counter() - started
    done = evaluate(parser, read_folder(folder))
    return values_of(done, load_s, resident_mb())


def open_engine(engine: str, url: str) -> Parser:
    if engine == "rasa":
        from nlu.engines.rasa import RasaParser

        return RasaParser(url, fallback=None)
    from nlu.parse import load_parser

    return load_parser()


def benchmark(*, folder: Path | None, against: str | None, url: str) -> str:
    """The table of our engine, and of the other one if asked for."""
    lines = [f"{'':8}" + "".join(f"{column:>12}" for column in COLUMNS)]
    for engine in ("ours", *([against] if against else ())):
        values = _in_own_process(engine, folder or VALIDATION_FOLDER, url)
        lines.append(f"{engine:8}" + "".join(f"{values[column]:12.3f}" for column in COLUMNS))
    return "\n".join(lines)


def _in_own_process(engine: str, folder: Path, url: str) -> dict[str, float]:
    command = [sys.executable, "-m", "nlu.benchmark", engine, str(folder), url]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)  # noqa: S603
    values: dict[str, float] = json.loads(done.stdout)
    return values


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure_here(sys.argv[1], Path(sys.argv[2]), sys.argv[3])))
