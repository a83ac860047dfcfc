"""Measures Rasa without HTTP. Runs in Rasa's own environment (Python 3.10), so it imports nothing of ours.

python in_process.py MODEL.tar.gz < one sentence a JSON line > {"load_s", "p50_ms", "p95_ms", "resident_mb"}
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any


async def time_all(agent: Any, texts: list[str]) -> list[float]:
    """Milliseconds of every sentence, sorted."""
    await agent.parse_message(texts[0])  # the first one pays for what is loaded late
    took = []
    for text in texts:
        started = time.perf_counter()
        await agent.parse_message(text)
        took.append((time.perf_counter() - started) * 1000)
    return sorted(took)


def main() -> None:
    """Load, parse everything, tell."""
    started = time.perf_counter()
    agent = importlib.import_module("rasa.core.agent").Agent.load(sys.argv[1])
    load_s = time.perf_counter() - started
    took = asyncio.run(time_all(agent, [json.loads(line) for line in sys.stdin]))
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
    resident = next(int(line.split()[1]) * 1024 / 1e6 for line in status if line.startswith("VmRSS:"))
    told = {
        "load_s": load_s,
        "p50_ms": took[len(took) // 2],
        "p95_ms": took[int(len(took) * 0.95)],
        "resident_mb": resident,
    }
    sys.stdout.write("\n" + json.dumps(told) + "\n")  # what Rasa prints itself ends before this line


if __name__ == "__main__":
    main()
