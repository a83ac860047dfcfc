"""A server process as the fault tests see it: `python -m tests.faults.worker URL KEY_FOLDER NAME FIRST CLOCK_FILE`.

It places orders one after the other and moves them on, asks again with the same key whenever it got no answer (as a telephone line
or another system would), and lets the jobs of a server run beside. Each step that was acknowledged is a line on standard output:
`[turn, step, order number]`; a failure is `["error", what]`. SIGTERM ends it after the order it is at.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from backend.domain.deadlines import Deadline
from backend.domain.local_time import local_now
from backend.domain.order import Move, Wanted
from backend.jobs.runner import Job, Runner
from backend.services.commands import MoveOrder, PlaceOrder
from backend.services.fire_deadlines import fire_due
from backend.services.move_order import move_order
from backend.services.place_order import place_order
from backend.services.ports import UnitOfWork
from backend.store.anchors import add_anchor
from backend.store.engine import AWAY
from backend.store.open import Store, open_store
from config.settings import load_settings

MOVES = ((Move.ACCEPT, {}), (Move.START, {"place": "x"}), (Move.FINISH, {"photos": ["a.jpg"]}))
WATCHED_EVERY = 3  # these orders nobody accepts: their clock has to speak
DUE_IN_S = (0.2, 2.2)
AGAIN_S = 0.05
REST_S = 0.01


def due_in_s(turn: int) -> float:
    """When the clock of this turn's order is to speak; spread over DUE_IN_S."""
    return DUE_IN_S[0] + (turn * 0.618) % 1 * (DUE_IN_S[1] - DUE_IN_S[0])


def brought_near(clocks: Sequence[Deadline], due: datetime) -> list[Deadline]:
    """The clocks of an order, with that of its acceptance about to report it."""
    return [replace(one, level=1, next_at=due, due_at=due) if one.step == "accept" else one for one in clocks]


def say(*told: object) -> None:
    print(json.dumps(told), flush=True)  # noqa: T201


class Worker:
    """One process at work."""

    def __init__(self, store: Store, name: str, clock: Callable[[], datetime]) -> None:
        self._store, self._name, self._clock = store, name, clock

    def live(self, turn: int) -> None:
        """One order from its first step to its last."""
        number = self._ask(turn, "place", lambda uow: self._place(turn, uow))
        for move, payload in () if turn % WATCHED_EVERY == 0 else MOVES:
            self._ask(turn, move.value, lambda uow: self._move(number, move, payload, uow))  # noqa: B023 (at once)

    def _ask(self, turn: int, step: str, work: Callable[[UnitOfWork], str]) -> str:
        while True:
            try:
                with self._store.unit_of_work() as uow:
                    number = work(uow)
                    uow.commit()
            except Exception as problem:  # whatever it was: no answer means ask again
                say("error", f"{type(problem).__name__}: {problem}"[:200])
                time.sleep(AGAIN_S)
            else:
                say(turn, step, number)
                time.sleep(REST_S)
                return number

    def _place(self, turn: int, uow: UnitOfWork) -> str:
        key = f"{self._name}:{turn}"
        if (known := uow.orders.by_key(key)) is not None:
            return known.number
        now = self._clock()
        due = now + timedelta(seconds=due_in_s(turn))
        order = place_order(PlaceOrder(key, "meal", "self", "13909510001", key, now, Wanted(None, True)), uow)
        if turn % WATCHED_EVERY == 0:
            clocks = uow.deadlines.of(order.number)
            uow.deadlines.put(order.number, clocks, brought_near(clocks, due))
            # Should the commit fail, another order gets the number and says so.
            say("due", order.number, due.isoformat())
        return order.number

    def _move(self, number: str, move: Move, payload: dict[str, object], uow: UnitOfWork) -> str:
        command = MoveOrder(number, move, self._clock(), self._name, payload=payload, key=f"{number}:{move}")
        return move_order(command, uow).number


def opened(url: str, keys: str) -> Store:
    while True:
        try:
            return open_store(load_settings(db=url, keys=Path(keys)))
        except Exception as problem:  # the database may be away
            say("error", f"{type(problem).__name__}: {problem}"[:200])
            time.sleep(AGAIN_S)


def main() -> None:
    url, keys, name, first, clock_file = sys.argv[1:]

    def clock() -> datetime:
        return local_now() + timedelta(seconds=float(Path(clock_file).read_text()))

    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    store = opened(url, keys)
    store.tail.follow()
    jobs = (
        Job("deadlines", 0.5, lambda now: fire_due(store, now, away=AWAY)),
        Job("anchors", 0.7, lambda now: add_anchor(store, now)),
    )
    runner = Runner(jobs, clock)
    runner.start()
    worker, turn = Worker(store, name, clock), int(first)
    while not ended.is_set():
        worker.live(turn)
        turn += 1
    runner.stop()
    store.close()


if __name__ == "__main__":
    main()
