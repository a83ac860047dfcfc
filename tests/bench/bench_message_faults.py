"""Messages of WeChat under faults, at full length: three deliveries of everything, kill -9, no database for 20 s, WeChat failing for 60 s.

python -m tests.bench.bench_message_faults [--fault NAME ...]. Every message that was taken must be answered exactly once.
"""

from __future__ import annotations

import argparse
import os
import time

from tests.faults.messages import FAULTS, FULL_S, count_under

PAUSE_S = 5.0  # as WeChat waits


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--fault", choices=FAULTS, nargs="+", default=list(FAULTS))
    parser.add_argument("--rate", type=float, default=50.0, help="messages a second")
    given, _ = parser.parse_known_args()
    for fault in given.fault:
        load, began = os.getloadavg()[0], time.monotonic()
        counted, besides = count_under(fault, FULL_S[fault], rate=given.rate, pause_s=PAUSE_S)
        mark = "reached" if counted.each_once else "BROKEN "
        print(
            f"{mark} {fault}, {FULL_S[fault]:.0f} s: {counted}; load before {load:.1f}, {time.monotonic() - began:.0f} s in all"
        )
        print(f"        people were also shown: {sorted(besides) or 'nothing'}")


if __name__ == "__main__":
    main()
