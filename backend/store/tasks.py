"""Tasks in the database: emergencies, hand-offs and complaints that wait for a person."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, literal, or_, select, true, tuple_, update

from backend.domain.queue import AlreadyAcknowledgedError, Task, TaskKind
from backend.services.ports import StaleError, TaskNotFoundError
from backend.store.dialect import insert_or_ignore
from backend.store.sealing import Cipher
from backend.store.tables import Tables

RANK = {TaskKind.EMERGENCY: 0}  # everything else: 1
FILLED_LATER = ("who", "place", "phone", "elder_id", "order_number", "region", "told")


class SqlTasks:
    """`ports.Tasks` on SQL."""

    def __init__(self, connection: Connection, tables: Tables, cipher: Cipher) -> None:
        self._db, self._t, self._cipher = connection, tables.tasks, cipher

    def add(self, task: Task, key: str) -> Task:
        key_index = self._cipher.index("task", key)
        values = _values(task) | {
            "key_index": key_index,
            "kind": task.kind.value,
            "rank": RANK.get(task.kind, 1),
            "session": task.session,
            "sender": task.sender,
            "opened_at": task.opened_at,
        }
        if not insert_or_ignore(self._db, self._t, values):
            return self._complete(task, key)
        return self._by_index(key_index)[0]

    def by_key(self, key: str) -> Task | None:
        found = self._by_index(self._cipher.index("task", key))
        return found[0] if found else None

    def get(self, task_id: int) -> Task:
        row = self._db.execute(select(self._t).where(self._t.c.id == task_id)).first()
        if row is None:
            raise TaskNotFoundError(task_id)
        return _task(row)

    def save(self, task: Task) -> None:
        """Store the changed task. Raises AlreadyAcknowledgedError when somebody acknowledged it since it was read."""
        statement = (
            update(self._t)
            .where(self._t.c.id == task.id, self._t.c.acknowledged_at.is_(None))
            .values(_values(task))
        )
        if self._db.execute(statement).rowcount == 0:
            stored = self.get(task.id or 0)
            raise AlreadyAcknowledgedError(f"task {task.id} was acknowledged by {stored.acknowledged_by}")

    def open(self, limit: int = 100, regions: Collection[str] | None = None) -> Sequence[Task]:
        statement = (
            select(self._t)
            .where(self._t.c.acknowledged_at.is_(None), self._within(regions))
            .order_by(self._t.c.rank, self._t.c.id)
            .limit(limit)
        )
        return [_task(row) for row in self._db.execute(statement)]

    def closed(self, limit: int = 100, regions: Collection[str] | None = None) -> Sequence[Task]:
        statement = (
            select(self._t)
            .where(self._t.c.acknowledged_at.is_not(None), self._within(regions))
            .order_by(self._t.c.acknowledged_at.desc(), self._t.c.id.desc())
            .limit(limit)
        )
        return [_task(row) for row in self._db.execute(statement)]

    def page(
        self,
        *,
        taken: bool,
        kind: TaskKind | None,
        regions: Collection[str] | None,
        after: int | None,
        limit: int,
        levels: Collection[str] | None = None,
    ) -> Sequence[Task]:
        table = self._t
        place = table.c.acknowledged_at if taken else table.c.rank
        wanted = [place.is_not(None), table.c.acknowledged_at.is_not(None) == taken, self._within(regions)]
        if levels is not None:
            wanted.append(or_(table.c.kind != TaskKind.LATE.value, self._within(levels)))
        if kind is not None:
            wanted.append(table.c.kind == kind.value)
        last = (
            None
            if after is None
            else self._db.execute(select(place, table.c.id).where(table.c.id == after)).first()
        )
        if last is not None and last[0] is not None:
            # A task that was taken since the page before keeps its place among those that wait.
            here, there = tuple_(place, table.c.id), tuple_(literal(last[0], place.type), literal(last[1]))
            wanted.append(here < there if taken else here > there)
        order = (place.desc(), table.c.id.desc()) if taken else (place, table.c.id)
        statement = select(table).where(*wanted).order_by(*order).limit(limit)
        return [_task(row) for row in self._db.execute(statement)]

    def _within(self, regions: Collection[str] | None) -> ColumnElement[bool]:
        if regions is None:
            return true()
        return or_(self._t.c.region.in_(sorted(regions)), self._t.c.region.is_(None))

    def _by_index(self, key_index: bytes) -> list[Task]:
        return [
            _task(row) for row in self._db.execute(select(self._t).where(self._t.c.key_index == key_index))
        ]

    def _complete(self, later: Task, key: str) -> Task:
        """What was said afterwards (an address, a name) fills the gaps of the task that stands; nothing is overwritten."""
        stored = self.by_key(key)
        if stored is None:
            raise StaleError("a task with this key was just taken back")
        changes: dict[str, Any] = {
            name: getattr(later, name)
            for name in FILLED_LATER
            if not getattr(stored, name) and getattr(later, name)
        }
        if later.text and later.text not in stored.text.splitlines():
            changes["text"] = f"{stored.text}\n{later.text}"
        if changes:
            if "told" in changes:
                changes["told"] = list(changes["told"])
            self._db.execute(update(self._t).where(self._t.c.id == stored.id).values(changes))
        return self.get(stored.id or 0)


def _values(task: Task) -> dict[str, Any]:
    return {
        "text": task.text,
        "why": task.why,
        "who": task.who,
        "place": task.place,
        "phone": task.phone,
        "elder_id": task.elder_id,
        "order_number": task.order_number,
        "region": task.region,
        "told": list(task.told),
        "acknowledged_at": task.acknowledged_at,
        "acknowledged_by": task.acknowledged_by,
        "note": task.note or None,
    }


def _task(row: Row[Any]) -> Task:
    return Task(
        id=row.id,
        kind=TaskKind(row.kind),
        session=row.session,
        sender=row.sender,
        opened_at=row.opened_at,
        text=row.text,
        why=row.why,
        who=row.who,
        place=row.place,
        phone=row.phone,
        elder_id=row.elder_id,
        order_number=row.order_number,
        region=row.region,
        told=tuple(row.told),
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        note=row.note or "",
    )
