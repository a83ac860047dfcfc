"""What a measurement needs around it: the machine in one line, and percentiles of a list of seconds."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path


def describe_machine() -> str:
    """Date, processor, cores and memory, Python."""
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = next(
        (line.split(":", 1)[1].strip() for line in info.splitlines() if line.startswith("model name")),
        platform.processor(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    today = datetime.now(UTC).date().isoformat()
    return f"{today}  {model}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}"


def describe_load() -> str:
    """How busy the machine is besides: processes that wanted a core in the last 1, 5 and 15 minutes."""
    return "load before: " + " ".join(f"{load:.1f}" for load in os.getloadavg())


def tree_cpu_s(process: int) -> float:
    """Processor time that a process and its children, with theirs, have used till now."""
    used_s, children = 0.0, ""
    with suppress(OSError):  # ended meanwhile
        ended = (
            Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[13:15]
        )  # children, those that are gone
        used_s += sum(map(int, ended)) / os.sysconf("SC_CLK_TCK")
    for task in Path(f"/proc/{process}/task").glob("*"):
        try:
            used_s += int((task / "schedstat").read_text().split()[0]) / 1e9
            children += (task / "children").read_text()
        except OSError:  # ended meanwhile
            continue
    return used_s + sum(map(tree_cpu_s, map(int, children.split())))


def percentile(seconds: Sequence[float], share: float) -> float:
    """The value below which `share` (0..1) of the measurements lie, in milliseconds."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000
