"""Orders past their limits, in the database."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from sqlalchemy import bindparam, or_, select

from backend.domain.deadlines import Deadline
from backend.services.late_ports import LateFilter
from backend.services.order_filter import OrderFilter
from backend.store.order_lists import REPORTED, Condition, SqlOrderLists

MOST_OVERDUE = 5_000  # that a list takes along


class SqlLateOrders(SqlOrderLists):
    """`late_orders.LateOrders` on SQL."""

    def clocks(self, numbers: Collection[str]) -> Mapping[str, Sequence[Deadline]]:
        table = self._t.work.deadlines
        found: dict[str, list[Deadline]] = {}
        if numbers:
            wanted = select(table).where(table.c.number.in_(sorted(numbers)))
            for row in self._db.execute(wanted):
                clock = Deadline(row.step, row.level, row.due_at, row.next_at, row.left_s, row.failures)
                found.setdefault(row.number, []).append(clock)
        return found

    def _asked(self, wanted: OrderFilter) -> Iterator[Condition]:
        yield from super()._asked(wanted)
        if not isinstance(wanted, LateFilter):
            return
        if overdue := self._overdue(wanted):
            yield Condition(
                "late", {"overdue": overdue},
                lambda t: or_(t.escalation > 0, t.id.in_(bindparam("overdue", expanding=True))),
            )  # fmt: skip
        else:
            yield Condition(REPORTED, {}, lambda t: t.escalation > 0)

    def _overdue(self, wanted: LateFilter) -> Sequence[int]:
        """Orders past a limit that nobody was told of yet. Within seconds each is reported and marked by that, so they are few: of
        clocks that speak this moment, or failed to. After an outage those that have waited longest."""
        clocks, orders = self._t.work.deadlines.c, self._t.orders.c
        overdue = (
            select(orders.id)
            .where(
                orders.number == clocks.number,
                clocks.due_at <= wanted.at,
                or_(clocks.next_at <= wanted.at, clocks.failures > 0),
                clocks.next_at.is_not(None),
                clocks.step.in_(wanted.steps),
                orders.escalation == 0,
            )
            .order_by(clocks.due_at)
            .limit(MOST_OVERDUE)
        )
        return self._db.execute(overdue).scalars().all()
