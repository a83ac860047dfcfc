"""Orders past their limits, in the database."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from sqlalchemy import ColumnElement, bindparam, or_, select

from backend.domain.deadlines import Deadline
from backend.services.late_ports import LateFilter
from backend.services.order_filter import OrderFilter
from backend.store.order_lists import Columns, Condition, SqlOrderLists


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
        if isinstance(wanted, LateFilter):
            yield Condition("late", {"late_at": wanted.at, "late_steps": list(wanted.steps)}, self._is_late)

    def _is_late(self, orders: Columns) -> ColumnElement[bool]:
        clocks = self._t.work.deadlines.c
        late = select(clocks.number).where(
            clocks.due_at <= bindparam("late_at"),
            clocks.next_at.is_not(None),
            clocks.step.in_(bindparam("late_steps", expanding=True)),
        )
        return or_(orders.escalation > 0, orders.number.in_(late))
