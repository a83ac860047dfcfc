"""Seals personal data anew with the newest data key, batch by batch, while everything goes on working.

Stopped at any moment, it goes on with what is left: each row tells by its first bytes which key sealed it. Tables that only
grow are left alone; their old key stays in the ring for reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    Table,
    and_,
    bindparam,
    func,
    or_,
    select,
    tuple_,
    type_coerce,
    update,
)

from backend.store.open import Store
from backend.store.sealing import Cipher, SealedJson, SealedText, SealError

BATCH = 500  # rows a transaction: nobody waits long for it


def left_to_reseal(store: Store) -> int:
    """How many rows an older key has sealed."""
    with store.engine.connect() as connection:
        counts = [
            connection.execute(select(func.count()).select_from(table).where(_older(table, store.cipher)))
            for table in sealed_tables(store)
        ]
        return sum(count.scalar_one() for count in counts)


def reseal(store: Store, progress: Callable[[int], None] = lambda rows: None) -> int:
    """Seal everything with the newest key; `progress` is told how many rows each batch had. Gives their number."""
    done = 0
    with store.engine.begin() as connection:
        _reseal_meta(connection, store)
    for table in sealed_tables(store):
        after: tuple[Any, ...] | None = None
        while True:
            with store.engine.begin() as connection:
                rows, after = _reseal_batch(connection, table, store.cipher, after)
            done += rows
            if not rows:
                break
            progress(rows)
    return done


def sealed_tables(store: Store) -> Iterator[Table]:
    """The tables with sealed columns that may be changed."""
    for table in store.tables.metadata.sorted_tables:
        if _sealed(table) and not table.info.get("append_only"):
            yield table


def _sealed(table: Table) -> list[tuple[str, bytes]]:
    """Sealed columns with what is authenticated with their values."""
    return [
        (column.name, column.type.context)
        for column in table.c
        if isinstance(column.type, SealedText | SealedJson)
    ]


def _older(table: Table, cipher: Cipher) -> ColumnElement[bool]:
    raw = [type_coerce(table.c[name], LargeBinary) for name, _ in _sealed(table)]
    return or_(*(func.substr(column, 1, len(cipher.newest)) != cipher.newest for column in raw))


def _reseal_batch(
    connection: Connection, table: Table, cipher: Cipher, after: tuple[Any, ...] | None
) -> tuple[int, tuple[Any, ...] | None]:
    key, sealed = list(table.primary_key.columns), _sealed(table)
    raw = [type_coerce(table.c[name], LargeBinary).label(name) for name, _ in sealed]
    statement = select(*key, *raw).where(_older(table, cipher)).order_by(*key).limit(BATCH)
    if after is not None:
        statement = statement.where(tuple_(*key) > after)
    rows = connection.execute(statement.with_for_update()).all()
    if not rows:
        return 0, after
    change = update(table).where(and_(*(column == bindparam(f"key_{column.name}") for column in key)))
    change = change.values(
        {name: type_coerce(bindparam(f"new_{name}", type_=LargeBinary), LargeBinary) for name, _ in sealed}
    )
    connection.execute(
        change, [_values(row, [column.name for column in key], sealed, cipher) for row in rows]
    )
    return len(rows), tuple(rows[-1]._mapping[column.name] for column in key)


def _values(row: Any, key: list[str], sealed: list[tuple[str, bytes]], cipher: Cipher) -> dict[str, Any]:
    values: dict[str, Any] = {f"key_{name}": row._mapping[name] for name in key}
    for name, context in sealed:
        value = row._mapping[name]
        values[f"new_{name}"] = (
            None if value is None else cipher.seal(cipher.open(bytes(value), context), context)
        )
    return values


def _reseal_meta(connection: Connection, store: Store) -> None:
    """The check of the key and the key of the audit trail."""
    meta = store.tables.meta
    for name, value in connection.execute(select(meta.c.name, meta.c.value)).all():
        context = f"meta.{name}".encode()
        try:
            plain = store.cipher.open(bytes(value), context)
        except SealError:
            continue  # not every entry is sealed
        resealed = store.cipher.seal(plain, context)
        connection.execute(update(meta).where(meta.c.name == name).values(value=resealed))
