"""Lists of orders by many conditions at once, in the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, false, or_, select

from backend.domain.order import Order
from backend.domain.phone import normal_phone
from backend.services.order_filter import OrderFilter
from backend.store.orders import SqlOrders, newest
from backend.store.tables import Tables

AFTER_EVERY_NAME = "\U0010ffff"
Columns = Any  # of the table of orders


class Condition(NamedTuple):
    """One condition of a list. Lists with the same names of conditions are the same statement with other values."""

    name: str
    values: dict[str, Any]
    make: Callable[[Columns], ColumnElement[bool]]


class SqlOrderLists(SqlOrders):
    """`order_filter.OrderLists` on SQL."""

    def page(self, wanted: OrderFilter, *, before: str | None, limit: int) -> Sequence[Order]:
        conditions = [*self._asked(wanted), *_reached(wanted)]
        if before is not None:
            conditions.append(Condition("before", {"before": before}, _is_before))
        shape = " ".join(condition.name for condition in conditions)
        statement = self._t.once(f"orders {shape}", lambda tables: _page(tables, conditions))
        values = {name: value for condition in conditions for name, value in condition.values.items()}
        return self._read(statement, at_most=limit, **values)

    def _asked(self, wanted: OrderFilter) -> Iterator[Condition]:
        if wanted.states:
            states = [state.value for state in wanted.states]
            yield Condition("states", {"states": states}, lambda t: t.state.in_(_known("states")))
        if wanted.regions is not None:
            regions = sorted(wanted.regions)
            yield Condition("regions", {"regions": regions}, lambda t: t.region.in_(_many("regions")))
        if wanted.worker is not None:
            yield Condition(
                "worker", {"worker": wanted.worker},
                lambda t: or_(t.assignee == bindparam("worker"), t.offered_to == bindparam("worker")),
            )  # fmt: skip
        if wanted.item is not None:
            yield Condition("item", {"item": wanted.item}, lambda t: t.item == bindparam("item"))
        if wanted.department is not None:
            yield Condition(
                "department", {"of": wanted.department}, lambda t: t.department == bindparam("of")
            )
        if wanted.person is not None:
            yield Condition("person", {"person": wanted.person}, lambda t: t.elder_id == bindparam("person"))
        if wanted.placed_from is not None:
            yield Condition(
                "from", {"placed_from": wanted.placed_from}, lambda t: t.placed_at >= bindparam("placed_from")
            )
        if wanted.placed_before is not None:
            yield Condition(
                "until", {"placed_before": wanted.placed_before},
                lambda t: t.placed_at < bindparam("placed_before"),
            )  # fmt: skip
        if wanted.text is not None:
            yield self._found_by(wanted.text.strip())

    def _found_by(self, text: str) -> Condition:
        if (digits := normal_phone(text)) is not None:
            return Condition("phone", {"text": text, "index": self._sender_index(digits)}, _has_phone)
        if text.isdigit():
            return Condition("number", {"text": text}, lambda t: t.number == bindparam("text"))
        if not text:
            return Condition("nothing", {}, lambda _: false())
        return Condition("name", {"text": text, "after": text + AFTER_EVERY_NAME}, _has_name)


def _reached(wanted: OrderFilter) -> Iterator[Condition]:
    reach = wanted.reach
    if reach.regions is not None:
        yield Condition(
            "within", {"within": sorted(reach.regions)},
            lambda t: or_(t.region.in_(_known("within")), t.region.is_(None)),
        )  # fmt: skip
    if reach.department is not None:
        yield Condition(
            "own", {"own_department": reach.department}, lambda t: t.department == bindparam("own_department")
        )
    if reach.workers is not None:
        yield Condition("crew", {"crew": sorted(reach.workers)}, _of_crew)


def _page(tables: Tables, conditions: Sequence[Condition]) -> Select[Any]:
    orders = tables.orders
    asked = and_(True, *(condition.make(orders.c) for condition in conditions))
    return newest(tables, select(orders.c.id).where(asked))


def _many(name: str) -> Any:
    return bindparam(name, expanding=True)


def _known(name: str) -> Any:
    """Words of our own, written into the statement: how many orders there are of each decides how they are best found, and a plan
    that PostgreSQL keeps for a county with many would read all orders for one with few."""
    return bindparam(name, expanding=True, literal_execute=True)


def _is_before(table: Columns) -> ColumnElement[bool]:
    last = select(table.id).where(table.number == bindparam("before")).scalar_subquery()
    return and_(table.id < last)


def _has_phone(table: Columns) -> ColumnElement[bool]:
    index: Any = bindparam("index")
    return or_(table.number == bindparam("text"), table.caller_index == index, table.phone_index == index)


def _has_name(table: Columns) -> ColumnElement[bool]:
    return and_(table.beneficiary_name >= bindparam("text"), table.beneficiary_name < bindparam("after"))


def _of_crew(table: Columns) -> ColumnElement[bool]:
    return or_(table.assignee.in_(_many("crew")), table.offered_to.in_(_many("crew")))
