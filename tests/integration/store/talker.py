"""A process that commits events: `talker.py URL KEY_FOLDER NAME COUNT`. Prints each event's key and when its commit began."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from backend.services.ports import Event
from backend.store.open import open_store
from config.settings import load_settings


def main() -> None:
    url, keys, name, count = sys.argv[1:]
    store = open_store(load_settings(db=url, keys=Path(keys)))
    store.tail.follow()
    for step in range(int(count)):
        with store.unit_of_work() as uow:
            uow.publish(Event("Said", f"{name}-{step}", {}))
            print(f"{name}-{step}", time.time())  # noqa: T201
            uow.commit()
        time.sleep(0.01)
    store.close()


if __name__ == "__main__":
    main()
