"""Lists of orders by many conditions at once, in the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, and_, false, or_, select

from backend.domain.order import Order
from backend.domain.phone import normal_phone
from backend.services.order_filter import OrderFilter
from backend.store.orders import SqlOrders

AFTER_EVERY_NAME = "\U0010ffff"


class SqlOrderLists(SqlOrders):
    """`order_filter.OrderLists` on SQL."""

    def page(self, wanted: OrderFilter, *, before: str | None, limit: int) -> Sequence[Order]:
        orders = self._t.orders
        conditions = [*self._asked(wanted), *self._reached(wanted)]
        if before is not None:
            last = select(orders.c.id).where(orders.c.number == before).scalar_subquery()
            conditions.append(orders.c.id < last)
        return self._load(and_(True, *conditions), orders.c.id.desc(), limit=limit)

    def _asked(self, wanted: OrderFilter) -> Iterator[ColumnElement[bool]]:
        table = self._t.orders.c
        if wanted.states:
            yield table.state.in_([state.value for state in wanted.states])
        if wanted.regions is not None:
            yield table.region.in_(sorted(wanted.regions))
        if wanted.worker is not None:
            yield or_(table.assignee == wanted.worker, table.offered_to == wanted.worker)
        for column, value in (
            (table.item, wanted.item), (table.department, wanted.department), (table.elder_id, wanted.person),
        ):  # fmt: skip
            if value is not None:
                yield column == value
        if wanted.placed_from is not None:
            yield table.placed_at >= wanted.placed_from
        if wanted.placed_before is not None:
            yield table.placed_at < wanted.placed_before
        if wanted.text is not None:
            yield self._found_by(wanted.text.strip())

    def _reached(self, wanted: OrderFilter) -> Iterator[ColumnElement[bool]]:
        table, reach = self._t.orders.c, wanted.reach
        if reach.regions is not None:
            yield or_(table.region.in_(sorted(reach.regions)), table.region.is_(None))
        if reach.department is not None:
            yield table.department == reach.department
        if reach.workers is not None:
            workers = sorted(reach.workers)
            yield or_(table.assignee.in_(workers), table.offered_to.in_(workers))

    def _found_by(self, text: str) -> ColumnElement[bool]:
        table = self._t.orders.c
        if (digits := normal_phone(text)) is not None:
            index = self._sender_index(digits)
            return or_(table.number == text, table.caller_index == index, table.phone_index == index)
        if text.isdigit():
            return table.number == text
        if not text:
            return false()
        return and_(table.beneficiary_name >= text, table.beneficiary_name < text + AFTER_EVERY_NAME)
