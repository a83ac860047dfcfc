"""Faults by the dozen: kill -9, the database restarted, the disk full, the clock an hour off; what must hold is in `tests/faults`.

python -m tests.bench.bench_faults --runs 50                 # of each; Ctrl-C ends it, tells what was seen and how to go on
python -m tests.bench.bench_faults --fault served --seed 41  # the same faults again as in the scene that began with this seed
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.bench.machine import percentile
from tests.faults.scene import AuditBrokenError, BrokenError, Scene, scene_of

BOTH = ("sqlite", "postgresql")
# What is broken, and in which scenes; those of kind `served` use a real server over HTTP.
KINDS = {
    "kill": ("kill", BOTH), "restart": ("restart", ("postgresql",)), "disk": ("disk", BOTH), "clock": ("clock", BOTH),
    "served": ("kill", ("served",)),
}  # fmt: skip
EACH_SCENE = 5  # faults one pair of processes goes through
ENOUGH = 3  # broken scenes of one kind: more would tell nothing new


@dataclass
class Seen:
    """What was seen of one kind."""

    kind: str
    outages_s: list[float] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    latest_s: float = 0.0  # a clock, beyond the outage
    orders: int = 0
    rows: int = 0
    chain: str = "whole"

    def line(self) -> str:
        p50 = percentile(self.outages_s, 0.5) / 1000 if self.outages_s else 0.0
        return (
            f"{self.kind:10}{len(self.outages_s) + len(self.broken):>6}{len(self.broken):>8}{p50:>14.1f}"
            f"{max(self.outages_s, default=0):>11.1f}{self.latest_s:>14.1f}{self.orders:>9,}{self.rows:>12,}"
            f"{self.chain:>13}"
        )


HEAD = (
    f"{'fault':10}{'runs':>6}{'broken':>8}{'outage p50 s':>14}{'longest s':>11}{'clock late s':>14}"
    f"{'orders':>9}{'audit rows':>12}{'audit chain':>13}"
)


def many(seen: Seen, runs: int, seed: int, progress: Progress) -> None:
    """`runs` faults of one kind, EACH_SCENE on one pair of processes; what was seen goes into `seen`."""
    bar = progress.add_task(seen.kind, total=runs)
    fault, kinds = KINDS[seen.kind]
    for first in range(0, runs, EACH_SCENE):
        kind, of_scene = kinds[(seed + first) // EACH_SCENE % len(kinds)], seed + first
        try:
            with scene_of(kind, of_scene) as scene, _kept_log(scene):
                for _ in range(min(EACH_SCENE, runs - first)):
                    seen.outages_s.append(scene.run(fault))
                    progress.advance(bar)
                orders, rows = scene.finish()
        except BrokenError as problem:
            if isinstance(problem, AuditBrokenError):
                seen.chain = "BROKEN"
            again = f"python -m tests.bench.bench_faults --fault {seen.kind} --seed {of_scene} --runs {EACH_SCENE}"
            seen.broken.append(f"{seen.kind}, {kind}: {problem}\n    again: {again}")
            progress.console.print(f"  {seen.broken[-1]}", markup=False)
        else:
            seen.latest_s = max(seen.latest_s, scene.latest_s)
            seen.orders, seen.rows = seen.orders + orders, seen.rows + rows
        if len(seen.broken) >= ENOUGH:
            progress.console.print(f"  {seen.kind}: given up after {ENOUGH} broken scenes")
            return


@contextmanager
def _kept_log(scene: Scene) -> Iterator[None]:
    """What the server wrote is kept when something broke."""
    try:
        yield
    except BrokenError as problem:
        if scene.log.exists():
            kept = Path(tempfile.mkdtemp(prefix="nxbroken")) / "server.log"
            shutil.copy(scene.log, kept)
            problem.args = (f"{problem} (log of the server: {kept})",)
        raise


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="of each fault")
    parser.add_argument("--fault", choices=sorted(KINDS), nargs="+", default=list(KINDS))
    parser.add_argument("--seed", type=int, default=1, help="of the first scene; the next has 5 more")
    given, _ = parser.parse_known_args()
    columns = (TextColumn("{task.description:10}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    seen = [Seen(kind) for kind in given.fault]
    ended_by = 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: nothing is left behind
    with Progress(*columns) as progress:
        try:
            for one in seen:
                many(one, given.runs, given.seed, progress)
        except KeyboardInterrupt:
            begun = len(one.outages_s) // EACH_SCENE * EACH_SCENE
            rest = [later.kind for later in seen[seen.index(one) + 1 :]]
            print(
                f"Stopped. To go on: --fault {one.kind} --seed {given.seed + begun} --runs {given.runs - begun}"
            )
            print(
                f"and after that: --fault {' '.join(rest)} --runs {given.runs}"
                if rest
                else "Nothing else is left."
            )
            ended_by = 130
    print(f"load {os.getloadavg()[0]:.1f}")
    print("\n".join([HEAD, *(one.line() for one in seen)]))
    broken = [problem for one in seen for problem in one.broken]
    print("\n".join(["", "Broken:", *broken]) if broken else "Nothing broke.")
    return ended_by or bool(broken)


if __name__ == "__main__":
    sys.exit(main())
