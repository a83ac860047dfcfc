"""Another system that uses the HTTP API, as the fault tests see it:
`python -m tests.faults.caller DATABASE KEY_FOLDER ADDRESS TOKEN NAME FIRST CLOCK_FILE`.

It does what `worker` does, over HTTP and with idempotency keys, and asks again whenever it got no answer. What the API can not do,
to bring a clock near, it does in the database itself.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from datetime import timedelta
from typing import Any

import httpx

from backend.domain.local_time import local_now
from backend.store.open import Store
from tests.faults.worker import (
    AGAIN_S,
    MOVES,
    REST_S,
    WATCHED_EVERY,
    brought_near,
    due_in_s,
    opened,
    say,
)

ANSWERED_WITHIN_S = 10.0


class HttpCaller:
    """One system that asks, one request at a time."""

    def __init__(self, store: Store, address: str, token: str, name: str) -> None:
        self._store, self._name = store, name
        self._api = httpx.Client(
            base_url=f"{address}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=ANSWERED_WITHIN_S
        )  # fmt: skip

    def live(self, turn: int) -> None:
        """One order from its first step to its last."""
        watched = turn % WATCHED_EVERY == 0
        key = f"{self._name}:{turn}"
        # The same key must come with the same content: what the first try said counts.
        order = {
            "item": "meal",
            "beneficiary": "self",
            "caller": "13909510001",
            "wanted": {"asap": True},
            "details": [key],
        }
        number = self._ask(turn, "place", "/orders", order, key)
        if watched:
            self._watch(number, due_in_s(turn))
        for move, payload in () if watched else MOVES:
            self._ask(
                turn, move.value, f"/orders/{number}/moves", {"move": move.value, "payload": payload}, key
            )

    def _ask(self, turn: int, step: str, path: str, body: dict[str, Any], key: str) -> str:
        while True:
            try:
                answer = self._api.post(path, json=body, headers={"Idempotency-Key": f"{key}:{step}"})
                answer.raise_for_status()
            except httpx.HTTPError as problem:  # whatever it was: no answer means ask again
                told = answer.text if isinstance(problem, httpx.HTTPStatusError) else ""
                say("error", f"{type(problem).__name__}: {problem} {told}"[:300])
                time.sleep(AGAIN_S)
            else:
                number = str(answer.json()["number"])
                say(turn, step, number)
                time.sleep(REST_S)
                return number

    def _watch(self, number: str, wait_s: float) -> None:
        """Bring the clock of acceptance near, unless that was done before a fault."""
        while True:
            try:
                due = local_now() + timedelta(seconds=wait_s)
                with self._store.unit_of_work() as uow:
                    order, clocks = uow.orders.get(number), uow.deadlines.of(number)
                    if not order.escalation and all(one.level == 0 for one in clocks if one.step == "accept"):
                        uow.deadlines.put(number, clocks, brought_near(clocks, due))
                        uow.commit()
                        say("due", number, due.isoformat())
            except Exception as problem:  # the database may be away
                say("error", f"{type(problem).__name__}: {problem}"[:200])
                time.sleep(AGAIN_S)
            else:
                return


def main() -> None:
    url, keys, address, token, name, first, _clock = sys.argv[1:]
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    store = opened(url, keys)
    caller, turn = HttpCaller(store, address, token, name), int(first)
    while not ended.is_set():
        caller.live(turn)
        turn += 1
    store.close()


if __name__ == "__main__":
    main()
