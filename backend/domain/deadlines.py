"""Deadlines of an order: which clocks run in which state, when they warn, and to whom they report. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from backend.domain.order import Move, Order, State
from backend.domain.working_time import WorkingTime
from config.sla import Limit, Sla, Step

WARNING = 0  # the level of a deadline that has not been reached
REPORTS = "escalate"  # what a step does whose end is a matter for people


@dataclass(frozen=True, slots=True)
class Deadline:
    """One clock of one order."""

    step: str  # code in config/sla.yaml
    level: int  # what happens at `next_at`: WARNING, else the level it is reported to (1: the first)
    due_at: datetime
    next_at: datetime | None  # None: the clock stands still, or is spent
    left_s: int | None = (
        None  # what was left when it was stopped, in seconds; of working time where the step counts that
    )
    failures: int = 0  # attempts to act on it that failed

    @property
    def spent(self) -> bool:
        """Whether it has told everybody: it speaks no more, and the step is past its limit till the order moves on."""
        return self.next_at is None and self.left_s is None


@dataclass(frozen=True, slots=True)
class Clocks:
    """The rules and the calendar. `automatic`: departments whose orders are offered to workers without being asked."""

    sla: Sla
    calendar: WorkingTime
    automatic: frozenset[str] = frozenset()

    def after_move(
        self, order: Order, at: datetime, *, before: State | None = None, running: Sequence[Deadline] = ()
    ) -> tuple[Deadline, ...]:
        """The clocks of an order that was moved at `at` from the state `before` (None: it is new), given those that ran."""
        clocks = {deadline.step: deadline for deadline in running}
        found = (
            self._clock(step, order, at, before, clocks.get(step.code)) for step in self.sla.steps.values()
        )
        return tuple(deadline for deadline in found if deadline is not None)

    def after_firing(self, order: Order, deadline: Deadline, now: datetime) -> Deadline | None:
        """The clock after it warned or acted. None: it is over. One that reported to the last level stays, and is `spent`."""
        limit = self._limit(order, deadline.step)
        if deadline.level == WARNING:
            # After an outage the end may have passed, too: then it is reported at once.
            return replace(deadline, level=1, next_at=deadline.due_at, failures=0)
        if self.sla.steps[deadline.step].does != REPORTS:
            return None
        if limit.again is None or deadline.level >= len(self.sla.levels):
            return replace(deadline, next_at=None, left_s=None, failures=0)
        return replace(
            deadline, level=deadline.level + 1, next_at=self._add(limit, now, limit.again), failures=0
        )

    def _clock(
        self, step: Step, order: Order, at: datetime, before: State | None, running: Deadline | None
    ) -> Deadline | None:
        if order.state in step.stops and running is not None:
            return running if running.next_at is None else self._stopped(order, running, at)
        if order.state not in step.states:
            return None
        if running is not None and running.next_at is None and not running.spent:
            return self._resumed(order, running, at)
        if not _begins(step, order, before):
            return running
        if step.does == "dispatch" and order.department not in self.automatic:
            return None
        return self._begun(step, order, at)

    def _begun(self, step: Step, order: Order, at: datetime) -> Deadline | None:
        limit = self._limit(order, step.code)
        start = at
        promised = promised_end(order)
        if step.counts_from == "placed":
            start = max(_begun_at(order), promised or _begun_at(order))
        elif step.counts_from == "wanted":
            if promised is None and not order.wanted.asap:
                return None
            start = max(promised or at, at)
        due = self._add(limit, start, limit.within)
        return self._set(step.code, limit, due, at)

    def _stopped(self, order: Order, running: Deadline, at: datetime) -> Deadline:
        limit = self._limit(order, running.step)
        left = self.calendar.between(at, running.due_at) if limit.working else running.due_at - at
        return replace(running, next_at=None, left_s=max(0, int(left.total_seconds())))

    def _resumed(self, order: Order, stopped: Deadline, at: datetime) -> Deadline:
        limit = self._limit(order, stopped.step)
        due = self._add(limit, at, timedelta(seconds=stopped.left_s or 0))
        begun = self._set(stopped.step, limit, due, at)
        # Whoever was told already is not told again by a pause.
        return begun if stopped.level <= 1 else replace(begun, level=stopped.level, next_at=due)

    def _set(self, step: str, limit: Limit, due: datetime, at: datetime) -> Deadline:
        if limit.warn is None:
            return Deadline(step, 1, due, due)
        warn_at = self.calendar.subtract(due, limit.warn) if limit.working else due - limit.warn
        if warn_at <= at:  # less is left than the time of the warning
            return Deadline(step, 1, due, due)
        return Deadline(step, WARNING, due, warn_at)

    def _add(self, limit: Limit, start: datetime, span: timedelta) -> datetime:
        return self.calendar.add(start, span) if limit.working else start + span

    def _limit(self, order: Order, step: str) -> Limit:
        return self.sla.limit(order.item, step, order.urgency.value)


def promised_end(order: Order) -> datetime | None:
    """The end of the time the order is promised for: of a day its last minute; None without a date."""
    end = order.wanted.ends
    if end is None:
        return None
    moment = datetime.fromisoformat(end)
    return moment if "T" in end else datetime.combine(moment.date(), time(23, 59))


def _begun_at(order: Order) -> datetime:
    """When the work on it was asked for: placed, or reopened."""
    return next((row.at for row in reversed(order.history) if row.move == Move.REOPEN), order.placed_at)


def _begins(step: Step, order: Order, before: State | None) -> bool:
    """Whether the order comes into this step now."""
    if before is None or before not in step.states | step.stops:
        return True
    return order.history[-1].move in _BEGINNINGS.get(step.code, frozenset())


# The moves after which a step begins anew although the order was in one of its states before.
_BEGINNINGS = {
    "answer": frozenset({Move.OFFER}),
    "accept": frozenset({Move.ROUTE, Move.RETURN, Move.RESCHEDULE}),
    "arrive": frozenset({Move.ACCEPT}),
    "finish": frozenset({Move.RESCHEDULE}),
    "dispatch": frozenset({Move.ROUTE, Move.RESCHEDULE}),
}
