"""`make bench`: run every benchmark and print what was measured on which machine. `-k WORD` runs some of them."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys

import tests.bench
from tests.bench.machine import describe_machine


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("-k", default="", help="only benchmarks whose name has this word")
    word = arguments.parse_args().k
    print(describe_machine())
    for module in sorted(pkgutil.iter_modules(tests.bench.__path__), key=lambda module: module.name):
        wanted = module.name.startswith("bench_") and word in module.name
        if wanted and module.name != "bench_voice":  # it runs several of the others
            print(f"\n== {module.name.removeprefix('bench_')}", flush=True)
            sys.argv = sys.argv[:1]  # the benchmarks read their own arguments when they are run alone
            importlib.import_module(f"tests.bench.{module.name}").main()


if __name__ == "__main__":
    main()
