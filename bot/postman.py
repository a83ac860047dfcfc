"""Carries letters: takes those that are due out of their boxes, and tries again later what does not work now.

Everything that matters stands in the database: a letter that was posted is carried, whatever process dies. Several processes
may carry from the same boxes; each letter is taken by one of them, and taken anew a minute later should that one die.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from queue import SimpleQueue
from typing import Any

import structlog

from backend.domain.local_time import local_now
from backend.domain.mail import Letter, LetterState, Posting, pause_after
from backend.services.ports import Stores

log = structlog.get_logger()

LOOK_EVERY_S = 1.0  # for letters of other processes; those of this one are announced
CLOSES_WITHIN_S = 5.0
MOST_TOGETHER = 200  # letters of one transaction
GATHER_S = 0.02  # that a letter waits for others: a transaction of its own costs more than the letter


class NotNowError(Exception):
    """The letter can not be carried now. `after`: how long to wait; else longer each time. `body`: go on from there."""

    def __init__(
        self, why: str, *, after: timedelta | None = None, body: dict[str, Any] | None = None
    ) -> None:
        super().__init__(why)
        self.after, self.body = after, body


class NeverError(Exception):
    """The letter can never be carried; nothing is left to try."""


Carry = Callable[[Letter], None]  # raises NotNowError, NeverError


@dataclass(frozen=True, slots=True)
class Round:
    """A box, what is done with its letters, and how many at once. `beside`: boxes with the same lanes."""

    box: str
    carry: Carry
    at_once: int = 4
    beside: tuple[str, ...] = ()


class Postman:
    """Posts letters, and carries them in threads of its own, one round a box. `clock` gives naive local time."""

    def __init__(
        self, store: Stores, clock: Callable[[], datetime] = local_now, *, look_every_s: float = LOOK_EVERY_S
    ) -> None:
        self._store, self._clock, self._look_every_s = store, clock, look_every_s
        self._rounds: list[Round] = []
        self._threads: list[threading.Thread] = []
        self._bells: dict[str, threading.Event] = {}
        self._stopping = threading.Event()
        self._desk: SimpleQueue[tuple[Posting, Future[None]] | None] = SimpleQueue()

    def serve(self, box: str, carry: Carry, *, at_once: int = 4, beside: tuple[str, ...] = ()) -> None:
        """Add a round; before `start`. A letter waits for those that were put before it into the same lane `beside`, too."""
        self._rounds.append(Round(box, carry, at_once, beside))
        self._bells[box] = threading.Event()

    def start(self) -> None:
        walks = [
            threading.Thread(target=self._walk, args=(one,), name=f"post {one.box}", daemon=True)
            for one in self._rounds
        ]
        self._threads = [threading.Thread(target=self._post_together, name="post desk", daemon=True), *walks]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let what is being carried be carried; the rest lies safe."""
        self._stopping.set()
        self._desk.put(None)
        for bell in self._bells.values():
            bell.set()
        for thread in self._threads:
            thread.join(CLOSES_WITHIN_S)
        self._threads.clear()

    def post(self, box: str, lane: str, body: dict[str, Any], *, key: str) -> bool:
        """Post a letter that is due now. False when one with this key was posted before. Raises what the database raises."""
        with self._store.unit_of_work() as uow:
            fresh = uow.mail.post(box, lane, body, key=key, at=self._clock())
            uow.commit()
        self.ring(box)
        return fresh

    def post_soon(self, posting: Posting) -> Future[None]:
        """Post together with what others post at this moment: one transaction for all of them, and no queue for its lock."""
        done: Future[None] = Future()
        self._desk.put((posting, done))
        return done

    def _post_together(self) -> None:
        while True:
            waiting = [self._desk.get()]
            self._stopping.wait(GATHER_S)
            while len(waiting) < MOST_TOGETHER and not self._desk.empty():
                waiting.append(self._desk.get())
            wanted = [one for one in waiting if one is not None]
            if wanted:
                self._post_all(wanted)
            if len(wanted) < len(waiting):
                return  # `stop` was called; what was put before it has been posted

    def _post_all(self, wanted: list[tuple[Posting, Future[None]]]) -> None:
        try:
            with self._store.unit_of_work() as uow:
                uow.mail.post_all([posting for posting, _ in wanted], self._clock())
                uow.commit()
        except Exception as problem:
            for _, done in wanted:
                done.set_exception(problem)
            return
        for _, done in wanted:
            done.set_result(None)
        for box in {posting.box for posting, _ in wanted}:
            self.ring(box)

    def posted(self, box: str, key: str) -> bool:
        with self._store.reading() as uow:
            return uow.mail.has(box, key)

    def waits(self, boxes: Sequence[str], lane: str) -> bool:
        """Whether a letter of this lane waits in one of these boxes, or is being carried."""
        with self._store.reading() as uow:
            return uow.mail.waits(boxes, lane)

    def ring(self, box: str) -> None:
        """A letter was posted into this box: look at once."""
        if bell := self._bells.get(box):
            bell.set()

    def ring_all(self) -> None:
        for bell in self._bells.values():
            bell.set()

    def _walk(self, one: Round) -> None:
        bell = self._bells[one.box]
        free = threading.Semaphore(one.at_once)
        with ThreadPoolExecutor(one.at_once, f"post {one.box}") as carriers:
            while not self._stopping.is_set():
                bell.clear()
                for letter in self._due(one, free):
                    carriers.submit(self._carry, one, letter, free)
                bell.wait(self._look_every_s)

    def _due(self, one: Round, free: threading.Semaphore) -> list[Letter]:
        """As many due letters as can be carried now. Looking first without a lock: mostly there is nothing."""
        most = 0
        while most < one.at_once and free.acquire(blocking=False):
            most += 1
        letters: list[Letter] = []
        try:
            if most and self._may_be_due(one):
                with self._store.unit_of_work() as uow:
                    letters = list(uow.mail.take(one.box, self._clock(), most=most, beside=one.beside))
                    uow.commit()
        except Exception as problem:
            log.warning("post_not_read", box=one.box.split(":")[0], problem=type(problem).__name__)
        for _ in range(most - len(letters)):
            free.release()
        return letters

    def _may_be_due(self, one: Round) -> bool:
        with self._store.reading() as uow:
            due = uow.mail.next_due(one.box)
        return due is not None and due <= self._clock()

    def _carry(self, one: Round, letter: Letter, free: threading.Semaphore) -> None:
        try:
            self.carry(one.carry, letter)
        except Exception as problem:
            # The outcome could not be stored: the letter is taken again when its minute is over.
            log.warning("post_not_noted", box=one.box.split(":")[0], problem=type(problem).__name__)
        finally:
            free.release()
            for box in (one.box, *one.beside):  # the next letter of the lane may go
                self.ring(box)

    def carry(self, carry: Carry, letter: Letter) -> None:
        """Carry one letter and note what became of it."""
        state: LetterState | None = LetterState.DONE
        rest, body = pause_after(letter.attempts + 1), None
        try:
            carry(letter)
        except NotNowError as later:
            state, rest, body = None, later.after or rest, later.body
        except NeverError as never:
            log.warning("post_given_up", box=letter.box.split(":")[0], problem=str(never))
            state = LetterState.GIVEN_UP
        except Exception:
            log.exception("post_failed", box=letter.box.split(":")[0])
            state = None
        with self._store.unit_of_work() as uow:
            if state is None:
                uow.mail.rest(letter, self._clock() + rest, body)
            else:
                uow.mail.settle(letter, state)
            uow.commit()
