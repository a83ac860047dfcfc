"""Providers and workers in the database, and who of them could do an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    Text,
    and_,
    func,
    or_,
    select,
    type_coerce,
)

from backend.domain.dispatch import Candidate
from backend.domain.order import OPEN, STAGES, State
from backend.domain.providers import Provider, Worker
from backend.store.columns import position_from
from backend.store.dialect import conflict_insert, put
from backend.store.tables import Tables

COUNTY_DIGITS = 6
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
        return [_provider(row) for row in self._db.execute(statement)]

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

    def provider(self, code: str) -> Provider | None:
        table = self._t.providers
        row = self._db.execute(select(table).where(table.c.code == code)).first()
        return None if row is None else _provider(row)

    def candidates(self, department: str, region: str, elder_id: int | None) -> Sequence[Candidate]:
        workers, providers = self._t.workers, self._t.providers
        statement = (
            select(workers)
            .join(providers, providers.c.code == workers.c.provider)
            .where(providers.c.department == department, workers.c.active)
            .where(_works_in(workers, region))
            .order_by(workers.c.code)
        )
        found = [_worker(row) for row in self._db.execute(statement)]
        codes = [worker.code for worker in found]
        load, visits = self._load(codes), self._visits(codes, elder_id)
        said = self._said(codes)
        return [
            Candidate(one, load.get(one.code, 0), visits.get(one.code, 0), *said.get(one.code, (0, 0.0)))
            for one in found
        ]

    def rated(self, worker: str, stars: int, *, instead_of: int | None = None) -> None:
        table, more = self._t.dispatch.ratings, stars - (instead_of or 0)
        statement = conflict_insert(self._db, table).values(worker=worker, answers=1, stars=more)
        counted = {
            "answers": table.c.answers + (0 if instead_of is not None else 1),
            "stars": table.c.stars + more,
        }
        self._db.execute(statement.on_conflict_do_update(index_elements=["worker"], set_=counted))

    def _said(self, codes: Sequence[str]) -> dict[str, tuple[int, float]]:
        table = self._t.dispatch.ratings
        rows = self._db.execute(select(table).where(table.c.worker.in_(codes)))
        return {row.worker: (row.answers, row.stars) for row in rows}

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


def _works_in(workers: Table, region: str) -> ColumnElement[bool]:
    """In the region or a part of it, or for a wider one that holds it."""
    wider = [region[:digits] for digits in range(2, len(region), 2)]
    padded = [code.ljust(COUNTY_DIGITS, "0") for code in wider]
    return or_(
        and_(workers.c.region >= region, workers.c.region < region + ":"),  # ":" follows "9"
        workers.c.region.in_(sorted({*wider, *padded} - {region})),
        *(type_coerce(workers.c.regions, Text).like(f'%"{one}%') for one in [region] if one),
        *(type_coerce(workers.c.regions, Text).like(f'%"{one}"%') for one in {*wider, *padded} - {region}),
    )


def _counted(db: Connection, statement: Select[Any]) -> dict[str, int]:
    return {row[0]: row[1] for row in db.execute(statement)}


def _provider(row: Row[Any]) -> Provider:
    return Provider(row.code, row.name, row.department, row.region, row.items, row.phone)


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
        regions=row.regions,
    )
