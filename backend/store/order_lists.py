"""Lists of orders by many conditions at once, in the database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    FromClause,
    Integer,
    Row,
    Select,
    TableValuedAlias,
    Text,
    and_,
    bindparam,
    false,
    func,
    or_,
    select,
    true,
    union_all,
)

from backend.domain.order import Order, State
from backend.domain.phone import normal_phone
from backend.services.order_filter import OrderFilter
from backend.store.engine import planned_anew
from backend.store.orders import SqlOrders, newest
from backend.store.tables import Tables

AFTER_EVERY_NAME = "\U0010ffff"
LOOKED_AT = 20_000  # of the newest orders, before the indexes are asked
LOOKED_AT_BEFORE_KEYS = 2_000  # the same where one index leads to all that is asked
REPORTED = "reported"
ALL_STATES = [state.value for state in State]
FEW = frozenset({"number", "phone", "nothing", "person", "worker"})  # conditions that only few orders meet
PLACES = frozenset({"regions", "within"})
# Conditions whose columns stand together in one index.
KEYS = PLACES | {"states", "department", "own", "before", REPORTED}

Columns = Any  # of the table of orders


class Condition(NamedTuple):
    """One condition of a list. Lists with the same names of conditions are the same statement with other values."""

    name: str
    values: dict[str, Any]
    make: Callable[[Columns], ColumnElement[bool]]


Way = Callable[[Sequence[Condition], Tables], Select[Any]]


class SqlOrderLists(SqlOrders):
    """`order_filter.OrderLists` on SQL.

    A page is looked for among the newest orders first, one by one: what is asked for often is frequent there, and no index makes
    that faster. Where they do not fill it, the indexes find all of it.
    """

    def page(self, wanted: OrderFilter, *, before: str | None, limit: int) -> Sequence[Order]:
        conditions = [*self._asked(wanted), *_reached(wanted)]
        if before is not None:
            conditions.append(Condition("before", {"before": before}, _is_before))
        shape = " ".join(condition.name for condition in conditions)
        values = {"states": ALL_STATES, "at_most": limit}
        for condition in conditions:
            values |= condition.values
        rows: Sequence[Row[Any]] = ()
        for way in self._ways(conditions):
            statement = self._t.once(f"orders {way.__name__} {shape}", partial(way, conditions))
            with planned_anew(self._db):
                rows = self._db.execute(statement, values).all()
            if len(rows) == limit:
                break
        return self._whole(rows)

    def _ways(self, conditions: Sequence[Condition]) -> Iterator[Way]:
        """How to find a page; each one is tried when the one before did not fill it."""
        if FEW.isdisjoint(condition.name for condition in conditions):
            yield _among_the_newest
        if self._db.dialect.name == "postgresql" and _by_keys(conditions):
            yield _newest_of_each
        else:
            yield _all

    def _asked(self, wanted: OrderFilter) -> Iterator[Condition]:
        if wanted.states:
            states = [state.value for state in wanted.states]
            yield Condition("states", {"states": states}, lambda t: t.state.in_(_known("states")))
        if (regions := wanted.regions) is not None:
            within = regions if wanted.reach.regions is None else regions & wanted.reach.regions
            yield Condition("regions", {"regions": sorted(within)}, lambda t: t.region.in_(_known("regions")))
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
    if reach.regions is not None and wanted.regions is None:
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


def _by_keys(conditions: Sequence[Condition]) -> bool:
    return KEYS.issuperset(condition.name for condition in conditions)


def _among_the_newest(conditions: Sequence[Condition], tables: Tables) -> Select[Any]:
    """The page, as far as it is among the newest orders (of those before the page)."""
    orders = tables.orders
    earlier = [condition.make(orders.c) for condition in conditions if condition.name == "before"]
    looked_at = LOOKED_AT_BEFORE_KEYS if _by_keys(conditions) else LOOKED_AT
    newest_ones = select(orders).where(*earlier).order_by(orders.c.id.desc()).limit(looked_at).subquery()
    others = [condition.make(newest_ones.c) for condition in conditions if condition.name != "before"]
    return newest(tables, select(newest_ones.c.id).where(*others))


def _newest_of_each(conditions: Sequence[Condition], tables: Tables) -> Select[Any]:
    """The newest of each region and state come from their index at once, however many older orders there are."""
    orders, at_most = tables.orders, bindparam("at_most", type_=Integer)
    names = {condition.name for condition in conditions}
    others = [
        condition.make(orders.c) for condition in conditions if condition.name not in PLACES | {"states"}
    ]

    def of_each(*keys: tuple[ColumnElement[str], str], where: Sequence[ColumnElement[bool]]) -> Select[Any]:
        values = [_each(name) for _, name in keys]
        fits = [column == value.c.value for (column, _), value in zip(keys, values, strict=True)]
        found = select(orders.c.id).where(*fits, *where).order_by(orders.c.id.desc()).limit(at_most).lateral()
        joined: FromClause = values[0]
        for source in (*values[1:], found):
            joined = joined.join(source, true())
        return select(found.c.id).select_from(joined)

    state = (orders.c.state, "states")
    branches = [of_each(state, (orders.c.region, place), where=others) for place in sorted(PLACES & names)]
    if "within" in names:
        branches.append(of_each(state, where=[orders.c.region.is_(None), *others]))
    found = union_all(*branches or [of_each(state, where=others)]).subquery()
    return newest(tables, select(found.c.id))


def _all(conditions: Sequence[Condition], tables: Tables) -> Select[Any]:
    """By whichever index leads to the fewest; never one order after the other till enough have come by (hence `+ 0`)."""
    orders = tables.orders
    found = (orders.c.id + 0).label("id")
    return newest(tables, select(found).where(*(condition.make(orders.c) for condition in conditions)))


def _each(name: str) -> TableValuedAlias:
    """A table with one column, `value`, of the values bound to this name."""
    return (
        func.unnest(bindparam(name, type_=ARRAY(Text)))
        .table_valued("value", name=f"each_{name}")
        .render_derived()
    )


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
