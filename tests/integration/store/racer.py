"""One of two processes that do the same at the same time: `racer.py URL KEY_FOLDER NAME place|accept|task|turn COUNT`.

Says "ready", waits for a line on standard input, works, and prints what became of every step as JSON.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from backend.domain.order import IllegalMoveError, Wanted
from backend.domain.queue import TaskKind
from backend.services.accept_order import accept_order
from backend.services.commands import AcceptOrder, OpenTask, PlaceOrder
from backend.services.open_task import open_task
from backend.services.place_order import place_order
from backend.services.ports import ContactRecord, Line, StaleError, UnitOfWork
from backend.store.open import open_store
from config.settings import load_settings

NOW = datetime(2026, 11, 23, 9, 10)


def place(uow: UnitOfWork, name: str, step: int) -> str:
    command = PlaceOrder(
        f"key-{step}", "meal", "self", "13909510001", f"{name}-{step}", NOW, Wanted("2026-11-24")
    )
    return place_order(command, uow).number


def accept(uow: UnitOfWork, name: str, step: int) -> str:
    return str(accept_order(AcceptOrder(f"1123{step + 1:04d}", NOW, name), uow).assignee)


def task(uow: UnitOfWork, name: str, step: int) -> str:
    command = OpenTask(f"fall-{step}", TaskKind.EMERGENCY, "s", "x", NOW, f"said by {name}", "fall")
    return str(open_task(command, uow).id)


def turn(uow: UnitOfWork, name: str, step: int) -> str:
    record = uow.contacts.get("s")
    version = record.version + 1 if record else 1
    uow.contacts.save(
        ContactRecord("s", "x", "text", {"by": name}, NOW, version), [Line(NOW, name, str(step))]
    )
    return "saved"


STEPS: dict[str, Callable[[UnitOfWork, str, int], str]] = {
    "place": place,
    "accept": accept,
    "task": task,
    "turn": turn,
}


def main() -> None:
    url, keys, name, what, count = sys.argv[1:]
    store = open_store(load_settings(db=url, keys=Path(keys)))
    print("ready", flush=True)  # noqa: T201
    sys.stdin.readline()
    done = []
    for step in range(int(count)):
        try:
            with store.unit_of_work() as uow:
                result = STEPS[what](uow, name, step)
                uow.commit()
        except (IllegalMoveError, StaleError) as error:
            result = type(error).__name__
        done.append(result)
    print(json.dumps(done))  # noqa: T201
    store.close()


if __name__ == "__main__":
    main()
