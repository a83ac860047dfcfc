"""Webhooks and what is on its way to them, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from backend.services.access_ports import Delivery, Waiting, Webhook, WebhookNotFoundError
from backend.store.dialect import conflict_insert, insert_or_ignore
from backend.store.tables import Tables

CURSOR = "webhooks"  # name of the counter that holds the last event turned into deliveries


class SqlWebhooks:
    """`access_ports.Webhooks` on SQL."""

    def __init__(self, connection: Connection, tables: Tables) -> None:
        self._db, self._counters = connection, tables.counters
        self._hooks, self._deliveries = tables.access.webhooks, tables.access.deliveries

    def add(self, webhook: Webhook) -> None:
        self._db.execute(insert(self._hooks).values(asdict(webhook)))

    def get(self, webhook_id: str) -> Webhook:
        row = self._db.execute(select(self._hooks).where(self._hooks.c.id == webhook_id)).first()
        if row is None:
            raise WebhookNotFoundError(webhook_id)
        return _webhook(row)

    def all(self) -> Sequence[Webhook]:
        rows = self._db.execute(select(self._hooks).order_by(self._hooks.c.created_at, self._hooks.c.id))
        return [_webhook(row) for row in rows]

    def remove(self, webhook_id: str) -> None:
        if self._db.execute(delete(self._hooks).where(self._hooks.c.id == webhook_id)).rowcount == 0:
            raise WebhookNotFoundError(webhook_id)

    def put(self, webhook_id: str, event: str, name: str, body: str, at: datetime) -> None:
        values = {"webhook": webhook_id, "event": event, "name": name, "body": body, "next_at": at}
        insert_or_ignore(self._db, self._deliveries, values | {"attempts": 0, "state": "waiting"})

    def waiting(self, at: datetime) -> Sequence[str]:
        table = self._deliveries
        due = select(table.c.webhook).where(table.c.state == "waiting", table.c.next_at <= at)
        return (
            self._db.execute(due.group_by(table.c.webhook).order_by(func.min(table.c.next_at)))
            .scalars()
            .all()
        )

    def due(self, webhook_id: str, at: datetime, *, limit: int) -> Sequence[Delivery]:
        table = self._deliveries
        statement = select(table).where(
            table.c.webhook == webhook_id, table.c.state == "waiting", table.c.next_at <= at
        )
        statement = statement.order_by(table.c.next_at, table.c.id).limit(limit)
        return [_delivery(row) for row in self._db.execute(statement.with_for_update(skip_locked=True))]

    def tried(self, delivery: Delivery) -> None:
        values = asdict(delivery)
        changed = {
            name: values[name] for name in ("attempts", "next_at", "state", "last_status", "last_error")
        }
        table = self._deliveries
        self._db.execute(update(table).where(table.c.id == delivery.id).values(changed))

    def deliveries(
        self, webhook_id: str, *, state: str | None = None, before: int | None = None, limit: int = 50
    ) -> Sequence[Delivery]:
        table = self._deliveries
        statement = select(table).where(table.c.webhook == webhook_id)
        if before is not None:
            statement = statement.where(table.c.id < before)
        if state is not None:
            statement = statement.where(table.c.state == state)
        return [
            _delivery(row) for row in self._db.execute(statement.order_by(table.c.id.desc()).limit(limit))
        ]

    def cursor(self) -> int:
        insert_or_ignore(self._db, self._counters, {"name": CURSOR, "last": 0})
        statement = select(self._counters.c.last).where(self._counters.c.name == CURSOR)
        last: int = self._db.execute(statement.with_for_update()).scalar_one()
        return last

    def advance(self, cursor: int) -> None:
        statement = conflict_insert(self._db, self._counters).values(name=CURSOR, last=cursor)
        self._db.execute(statement.on_conflict_do_update(index_elements=["name"], set_={"last": cursor}))

    def place(self) -> int | None:
        statement = select(self._counters.c.last).where(self._counters.c.name == CURSOR)
        found: int | None = self._db.execute(statement).scalar()
        return found

    def backlog(self) -> Waiting:
        table = self._deliveries
        columns = (table.c.state, func.count().label("many"), func.min(table.c.next_at).label("oldest"))
        asked = select(*columns).where(table.c.state.in_(("waiting", "dead"))).group_by(table.c.state)
        found = {row.state: (row.many, row.oldest) for row in self._db.execute(asked)}
        waiting, oldest = found.get("waiting", (0, None))
        return Waiting(waiting, oldest, found.get("dead", (0, None))[0])

    def forget_before(self, at: datetime, *, limit: int) -> int:
        table = self._deliveries
        old = select(table.c.id).where(table.c.state != "waiting", table.c.next_at < at).limit(limit)
        return self._db.execute(delete(table).where(table.c.id.in_(old))).rowcount


def _webhook(row: Row[Any]) -> Webhook:
    return Webhook(**{name: row._mapping[name] for name in Webhook.__slots__})


def _delivery(row: Row[Any]) -> Delivery:
    return Delivery(**{name: row._mapping[name] for name in Delivery.__slots__})
