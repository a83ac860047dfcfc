"""Providers and workers in the database, and who of them could do an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from backend.domain.dispatch import Candidate
from backend.domain.order import OPEN, STAGES, State
from backend.domain.providers import Provider, Worker
from backend.store.columns import position_from
from backend.store.dialect import put
from backend.store.tables import Tables

FINISHED = sorted(state for state, stage in STAGES.items() if stage is State.DONE)


class SqlProviders:
    """`ports.Providers` on SQL."""

    def __init__(self, connection: Connection, tables: Tables) -> None:
        self._db, self._t = connection, tables

    def save(self, providers: Sequence[Provider], workers: Sequence[Worker]) -> None:
        put(self._db, self._t.providers, [asdict(provider) for provider in providers], "code")
        put(self._db, self._t.workers, [asdict(worker) for worker in workers], "code")

    def all(self, department: str | None = None) -> Sequence[Provider]:
        table = self._t.providers
        statement = select(table).order_by(table.c.code)
        if department is not None:
            statement = statement.where(table.c.department == department)
        return [
            Provider(row.code, row.name, row.department, row.region, row.items, row.phone)
            for row in self._db.execute(statement)
        ]

    def workers(self, provider: str | None = None) -> Sequence[Worker]:
        table = self._t.workers
        statement = select(table).order_by(table.c.code)
        if provider is not None:
            statement = statement.where(table.c.provider == provider)
        return [_worker(row) for row in self._db.execute(statement)]

    def worker(self, code: str) -> Worker | None:
        table = self._t.workers
        row = self._db.execute(select(table).where(table.c.code == code)).first()
        return None if row is None else _worker(row)

    def candidates(self, department: str, region: str, elder_id: int | None) -> Sequence[Candidate]:
        workers, providers = self._t.workers, self._t.providers
        statement = (
            select(workers)
            .join(providers, providers.c.code == workers.c.provider)
            .where(providers.c.department == department, workers.c.active)
            .where(workers.c.region >= region, workers.c.region < region + ":")  # ":" follows "9"
            .order_by(workers.c.code)
        )
        found = [_worker(row) for row in self._db.execute(statement)]
        codes = [worker.code for worker in found]
        load, visits = self._load(codes), self._visits(codes, elder_id)
        return [Candidate(worker, load.get(worker.code, 0), visits.get(worker.code, 0)) for worker in found]

    def _load(self, codes: Sequence[str]) -> dict[str, int]:
        orders = self._t.orders
        mine = (orders.c.assignee.in_(codes), orders.c.state.in_(sorted(OPEN)))
        statement = select(orders.c.assignee, func.count()).where(*mine).group_by(orders.c.assignee)
        return _counted(self._db, statement)

    def _visits(self, codes: Sequence[str], elder_id: int | None) -> dict[str, int]:
        if elder_id is None:
            return {}
        orders = self._t.orders
        done = (orders.c.elder_id == elder_id, orders.c.assignee.in_(codes), orders.c.state.in_(FINISHED))
        statement = select(orders.c.assignee, func.count()).where(*done).group_by(orders.c.assignee)
        return _counted(self._db, statement)


def _counted(db: Connection, statement: Select[Any]) -> dict[str, int]:
    return {row[0]: row[1] for row in db.execute(statement)}


def _worker(row: Row[Any]) -> Worker:
    return Worker(
        code=row.code,
        name=row.name,
        provider=row.provider,
        region=row.region,
        items=row.items,
        phone=row.phone,
        position=position_from(row.position),
        gender=row.gender,
        skills=row.skills,
        languages=row.languages,
        radius_km=row.radius_km,
        rating=row.rating,
        a_day=row.a_day,
        active=row.active,
    )
