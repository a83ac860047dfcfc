"""Faults by the dozen: kill -9, the database restarted, the disk full, the clock an hour off; what must hold is in `tests/faults`.

python -m tests.bench.bench_faults --runs 50
"""

from __future__ import annotations

import argparse
from collections import Counter

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.bench.machine import percentile
from tests.faults.scene import FAULTS, BrokenError, scene_of

BOTH = ("sqlite", "postgresql")
KINDS = {"kill": (*BOTH, "served"), "restart": ("postgresql", "served"), "disk": BOTH, "clock": BOTH}
EACH_SCENE = 5  # faults one pair of processes goes through


def many(fault: str, runs: int, seed: int, progress: Progress) -> str:
    """`runs` faults of one kind, EACH_SCENE on one pair of processes; a line of the table."""
    bar = progress.add_task(fault, total=runs)
    outages: list[float] = []
    broken: list[str] = []
    totals: Counter[str] = Counter()
    done = 0
    while done < runs:
        kind = KINDS[fault][done // EACH_SCENE % len(KINDS[fault])]
        first, last = done, min(done + EACH_SCENE, runs)
        try:
            with scene_of(kind, seed + first) as scene:
                while done < last:
                    done += 1
                    outages.append(scene.run(fault))
                    progress.update(bar, completed=done)
                orders, rows = scene.finish()
                totals.update(orders=orders, rows=rows)
        except BrokenError as problem:
            broken.append(f"{kind}, seed {seed + first}: {problem}")
            progress.update(bar, completed=done)
    for problem in broken:
        progress.console.print(f"  {fault}: {problem}")
    p50 = percentile(outages, 0.5) / 1000 if outages else 0.0
    return (
        f"{fault:10}{runs:>6}{len(broken):>8}{p50:>14.1f}{max(outages, default=0):>11.1f}"
        f"{totals['orders']:>9,}{totals['rows']:>12,}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=4, help="of each fault")
    parser.add_argument("--fault", choices=sorted(FAULTS), nargs="+", default=list(FAULTS))
    parser.add_argument("--seed", type=int, default=1)
    given, _ = parser.parse_known_args()
    columns = (TextColumn("{task.description:10}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        lines = [many(fault, given.runs, given.seed, progress) for fault in given.fault]
    print(
        f"{'fault':10}{'runs':>6}{'broken':>8}{'outage p50 s':>14}{'longest s':>11}{'orders':>9}{'audit rows':>12}"
    )
    print("\n".join(lines))


if __name__ == "__main__":
    main()
