"""Orders in the database: their current state, their history, and the idempotency keys that made them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import (  # fmt: skip
    ColumnElement,
    Connection,
    Insert,
    Integer,
    Row,
    Select,
    Update,
    and_,
    bindparam,
    func,
    insert,
    or_,
    select,
    union_all,
    update,
)

from backend.domain.order import FINAL, OPEN, HistoryRow, Move, Order, OrderNotFoundError, State, Wanted
from backend.domain.phone import normal_phone, sender_identity
from backend.store.dialect import insert_or_ignore
from backend.store.numbers import Numbers
from backend.store.pipeline import QUESTION, UNANSWERED
from backend.store.sealing import Cipher
from backend.store.tables import Tables
from backend.store.trail import HISTORY, SqlTrail, history_row

NUMBER_DIGITS = 8
SHORTEST_PHONE = 7  # digits
_SAME_NAMES = (
    "beneficiary_name", "place", "phone", "details", "state", "department", "assignee", "missing", "version", "offered_to",
    "escalation",
)  # fmt: skip
_WANTED = {"wanted_iso": "wanted.iso", "asap": "wanted.asap", "recurrence": "wanted.recurrence"}
_CHANGEABLE = {name: attrgetter(_WANTED.get(name, name)) for name in (*_SAME_NAMES, *_WANTED)}


class SqlOrders:
    """`ports.Orders` on SQL."""

    def __init__(
        self, connection: Connection, tables: Tables, cipher: Cipher, audit_key: bytes, numbers: Numbers
    ) -> None:
        self._db, self._t, self._cipher, self._numbers = connection, tables, cipher, numbers
        self._trail = SqlTrail(connection, tables, audit_key)
        self._read_once: dict[
            str, Order
        ] = {}  # till something changes: `save` tells when they are no longer true
        self._ids: dict[str, int] = {}  # of orders that are about to be added

    def add(self, order: Order) -> None:
        values = self._changeable(order, None) | {
            "number": order.number,
            "item": order.item,
            "beneficiary": order.beneficiary,
            "elder_id": order.elder_id,
            "caller": order.caller,
            "caller_index": self._sender_index(order.caller),
            "session": order.session,
            "session_index": self._cipher.index("session", order.session),
            "placed_at": order.placed_at,
            "region": order.region,
            "bundle": order.bundle,
        }
        order_id = self._ids.get(order.number)
        if order_id is None:
            statement = self._t.once("add order", lambda tables: insert(tables.orders))
            order_id = self._db.execute(statement, values).inserted_primary_key[0]  # type: ignore[index]
        else:
            statement = self._t.once("add order with id", _add_with_id)
            self._db.execute(statement, values | {"id": order_id})
        self._trail.begin(order_id, order)

    def next_number(self, at: datetime) -> str:
        number, order_id = self._numbers.next(at, self._db)
        if order_id is not None:
            self._ids[number] = order_id
        return number

    def get(self, number: str) -> Order:
        if number not in self._read_once:
            rows = self._db.execute(self._t.once("order", _of_number), {"of_number": number}).all()
            if not rows:
                raise OrderNotFoundError(number)
            history = tuple(history_row(row, "h_") for row in rows if row.h_version is not None)
            self._read_once[number] = _order(rows[0], history)
        return self._read_once[number]

    def read_ahead(self, numbers: Collection[str]) -> None:
        rows = self._db.execute(self._t.once("orders", _of_numbers), {"numbers": list(numbers)}).all()
        histories = self._histories([row.id for row in rows])
        self._read_once |= {row.number: _order(row, histories[row.id]) for row in rows}

    def whose(self, numbers: Collection[str]) -> Mapping[str, tuple[int | None, str]]:
        if not numbers:
            return {}
        rows = self._db.execute(self._t.once("whose", _whose), {"numbers": list(numbers)})
        return {number: (elder_id, caller) for number, elder_id, caller in rows}

    def by_key(self, key: str) -> Order | None:
        statement = self._t.once("order of key", _of_key)
        number = self._db.execute(statement, {"of_key": self._cipher.index("order", key)}).scalar()
        return None if number is None else self.get(number)

    def claim_key(self, key: str) -> bool:
        return insert_or_ignore(self._db, self._t.order_keys, {"key_index": self._cipher.index("order", key)})

    def remember_key(self, key: str, number: str) -> None:
        statement = self._t.once("remember key", _remember_key)
        self._db.execute(statement, {"of_key": self._cipher.index("order", key), "number": number})

    def save(self, order: Order) -> None:
        before = self._read_once.pop(order.number, None)
        self._trail.go_on(order)  # refuses what is not the next version
        changing = self._changeable(order, before)
        statement = self._t.once(f"save order {' '.join(changing)}", lambda tables: _save(tables, changing))
        self._db.execute(statement, {"of_number": order.number, "of_version": order.version - 1} | changing)

    def claim_move(self, number: str, move: Move, key: str) -> bool:
        self._read_once.clear()  # another process may have made this move while this one waited for its claim
        index = self._cipher.index("move", f"{number}:{move}:{key}")
        return insert_or_ignore(self._db, self._t.order_keys, {"key_index": index, "number": number})

    def of_session(self, session: str) -> Sequence[Order]:
        statement = self._t.once("orders of session", _of_session)
        return self._read(statement, session=self._cipher.index("session", session))

    def of_people(self, caller: str, elder_ids: Sequence[int], *, limit: int = 20) -> Sequence[Order]:
        statement = self._t.once("orders of people", _of_people)
        return self._read(statement, caller=self._sender_index(caller), elders=list(elder_ids), at_most=limit)

    def queue(
        self,
        *,
        states: Sequence[State] = (),
        department: str | None = None,
        limit: int = 50,
        before: str | None = None,
    ) -> Sequence[Order]:
        asked = tuple(states or State)
        name = f"queue {' '.join(asked)} {department is not None} {before is not None}"
        statement = self._t.once(
            name, lambda tables: _queue(tables, asked, department is not None, before is not None)
        )
        values = {"of_department": department, "before": before}
        given = {name: value for name, value in values.items() if value is not None}
        return self._read(statement, at_most=limit, **given)

    def search(self, text: str, *, department: str | None = None, limit: int = 50) -> Sequence[Order]:
        orders = self._t.orders
        text = text.strip()
        digits = normal_phone(text)
        either: list[ColumnElement[bool]] = [orders.c.number == text]
        if digits is not None and len(digits) >= SHORTEST_PHONE:
            index = self._cipher.index("sender", digits)
            either += [orders.c.caller_index == index, orders.c.phone_index == index]
        elif text and not text.isdigit():
            either.append(
                and_(orders.c.beneficiary_name >= text, orders.c.beneficiary_name < text + "\U0010ffff")
            )
        condition = or_(*either)
        if department is not None:
            condition = and_(condition, orders.c.department == department)
        return self._read(newest(self._t, select(orders.c.id).where(condition)), at_most=limit)

    def counts(self, department: str | None = None) -> dict[State, int]:
        orders = self._t.orders
        unfinished = [state for state in State if state not in FINAL]
        statement = (
            select(orders.c.state, func.count())
            .where(orders.c.state.in_(unfinished))
            .group_by(orders.c.state)
        )
        if department is not None:
            statement = statement.where(orders.c.department == department)
        found = {State(state): count for state, count in self._db.execute(statement)}
        return {state: found.get(state, 0) for state in unfinished}

    def _read(self, statement: Select[Any], **values: Any) -> list[Order]:
        return self._whole(self._db.execute(statement, values).all())

    def _whole(self, rows: Sequence[Row[Any]]) -> list[Order]:
        histories = self._histories([row.id for row in rows])
        return [_order(row, histories[row.id]) for row in rows]

    def _histories(self, order_ids: Sequence[int]) -> dict[int, tuple[HistoryRow, ...]]:
        histories: dict[int, tuple[HistoryRow, ...]] = defaultdict(tuple)
        if not order_ids:
            return histories
        statement = self._t.once("histories", _histories_of)
        for row in self._db.execute(statement, {"orders": list(order_ids)}):
            histories[row.order_id] += (history_row(row),)
        return histories

    def _sender_index(self, sender: str) -> bytes:
        return self._cipher.index("sender", sender_identity(sender))

    def _changeable(self, order: Order, before: Order | None) -> dict[str, Any]:
        """What of an order may change, as far as it is not as `before`."""
        values = {
            name: read(order)
            for name, read in _CHANGEABLE.items()
            if before is None or read(order) != read(before)
        }
        if "phone" in values:
            values["phone_index"] = self._sender_index(order.phone) if order.phone else None
        return values


def _add_with_id(tables: Tables) -> Insert:
    return insert(tables.orders).inline().execution_options(**UNANSWERED)


def _save(tables: Tables, changing: Iterable[str]) -> Update:
    orders = tables.orders
    fits = (orders.c.number == bindparam("of_number"), orders.c.version == bindparam("of_version"))
    saved = update(orders).where(*fits).values({name: bindparam(name) for name in changing})
    return saved.execution_options(**UNANSWERED)


def _of_number(tables: Tables) -> Select[Any]:
    """One order, once for each row of its history: repeating it costs less than asking twice."""
    orders, history = tables.orders, tables.order_history
    return (
        select(orders, *(history.c[name].label(f"h_{name}") for name in ("version", *HISTORY)))
        .outerjoin(history, history.c.order_id == orders.c.id)
        .where(orders.c.number == bindparam("of_number"))
        .order_by(history.c.version)
        .execution_options(**QUESTION)
    )


def _of_numbers(tables: Tables) -> Select[Any]:
    orders = tables.orders
    return select(orders).where(orders.c.number.in_(bindparam("numbers", expanding=True)))


def _whose(tables: Tables) -> Select[Any]:
    orders = tables.orders
    which = orders.c.number.in_(bindparam("numbers", expanding=True))
    return select(orders.c.number, orders.c.elder_id, orders.c.caller).where(which)


def _of_key(tables: Tables) -> Select[Any]:
    keys = tables.order_keys
    return select(keys.c.number).where(keys.c.key_index == bindparam("of_key"))


def _remember_key(tables: Tables) -> Update:
    keys = tables.order_keys
    remembered = update(keys).where(keys.c.key_index == bindparam("of_key"))
    return remembered.values(number=bindparam("number")).execution_options(**UNANSWERED)


def _of_session(tables: Tables) -> Select[Any]:
    orders = tables.orders
    return select(orders).where(orders.c.session_index == bindparam("session")).order_by(orders.c.id)


def _of_people(tables: Tables) -> Select[Any]:
    orders = tables.orders
    # Each half uses its own index; together in one OR they would not on every planner.
    ids = union_all(
        select(orders.c.id).where(orders.c.caller_index == bindparam("caller")),
        select(orders.c.id).where(orders.c.elder_id.in_(bindparam("elders", expanding=True))),
    )
    is_open = orders.c.state.in_(sorted(OPEN))
    newest = select(orders).where(orders.c.id.in_(ids)).order_by(is_open.desc(), orders.c.id.desc())
    return newest.limit(bindparam("at_most", type_=Integer))


def _queue(tables: Tables, states: Sequence[State], of_department: bool, before: bool) -> Select[Any]:
    """The newest of each state come from its index at once, however many older orders there are; then of these the newest."""
    orders = tables.orders
    at_most = bindparam("at_most", type_=Integer)
    conditions: list[ColumnElement[bool]] = []
    if of_department:
        conditions.append(orders.c.department == bindparam("of_department"))
    if before:
        last = select(orders.c.id).where(orders.c.number == bindparam("before")).scalar_subquery()
        conditions.append(orders.c.id < last)
    of_each = union_all(
        *(
            select(orders.c.id)
            .where(orders.c.state == state.value, *conditions)
            .order_by(orders.c.id.desc())
            .limit(at_most)
            .subquery()
            .select()
            for state in states
        )
    ).subquery()
    return newest(tables, select(of_each.c.id))


def newest(tables: Tables, ids: Select[Any]) -> Select[Any]:
    """The newest `at_most` of the orders with these ids. Only of those that are shown more is read than the id in an index."""
    orders = tables.orders
    page = ids.order_by(ids.selected_columns.id.desc()).limit(bindparam("at_most", type_=Integer)).subquery()
    return select(orders).join(page, page.c.id == orders.c.id).order_by(orders.c.id.desc())


def _histories_of(tables: Tables) -> Select[Any]:
    table = tables.order_history
    which = table.c.order_id.in_(bindparam("orders", expanding=True))
    return select(table).where(which).order_by(table.c.order_id, table.c.version)


def _order(row: Row[Any], history: tuple[HistoryRow, ...]) -> Order:
    return Order(
        number=row.number,
        item=row.item,
        beneficiary=row.beneficiary,
        beneficiary_name=row.beneficiary_name,
        elder_id=row.elder_id,
        caller=row.caller,
        wanted=Wanted(iso=row.wanted_iso, asap=row.asap, recurrence=row.recurrence),
        place=row.place,
        phone=row.phone,
        details=tuple(row.details),
        session=row.session,
        placed_at=row.placed_at,
        state=State(row.state),
        department=row.department,
        assignee=row.assignee,
        missing=row.missing,
        version=row.version,
        history=history,
        region=row.region,
        offered_to=row.offered_to,
        escalation=row.escalation,
        bundle=row.bundle,
    )
