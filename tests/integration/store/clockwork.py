"""A process that acts on clocks until it is killed: `clockwork.py URL KEY_FOLDER`. Says "working" after the first."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

from backend.services.fire_deadlines import fire_due
from backend.store.open import open_store
from config.settings import load_settings

NOW = datetime(2026, 11, 23, 15, 10)


def main() -> None:
    url, keys = sys.argv[1:]
    store = open_store(load_settings(db=url, keys=Path(keys)))
    fire_due(store, NOW)
    print("working", flush=True)  # noqa: T201
    while True:
        fire_due(store, NOW)


if __name__ == "__main__":
    main()
