"""Letters in the database: posted once, taken by one process at a time, in the order of their lane."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, delete, exists, func, select, update

from backend.domain.mail import Letter, LetterState, Posting
from backend.store.dialect import conflict_insert, insert_or_ignore
from backend.store.sealing import Cipher
from backend.store.tables import Tables

# Whoever took a letter has this long; when that process died, another one takes it then.
LEASE = timedelta(seconds=60)


class SqlMail:
    """`ports.Mail` on SQL."""

    def __init__(self, connection: Connection, tables: Tables, cipher: Cipher) -> None:
        self._db, self._tables, self._cipher = connection, tables, cipher
        self._table = tables.family.mail

    def post(
        self,
        box: str,
        lane: str,
        body: dict[str, Any],
        *,
        key: str,
        at: datetime,
        due: datetime | None = None,
    ) -> bool:
        return insert_or_ignore(
            self._db, self._table, self._values(Posting(box, lane, body, key), at, due or at)
        )

    def post_all(self, postings: Sequence[Posting], at: datetime) -> None:
        statement = conflict_insert(self._db, self._table).on_conflict_do_nothing()
        self._db.execute(statement, [self._values(one, at, at) for one in postings])

    def _values(self, posting: Posting, at: datetime, due: datetime) -> dict[str, Any]:
        return {
            "key_index": self._key(posting.box, posting.key),
            "box": posting.box,
            "lane_index": self._cipher.index("lane", posting.lane),
            "body": posting.body,
            "state": LetterState.WAITING.value,
            "attempts": 0,
            "posted_at": at,
            "due_at": due,
        }

    def _key(self, box: str, key: str) -> bytes:
        return self._cipher.index("mail", f"{box}\0{key}")

    def has(self, box: str, key: str) -> bool:
        statement = self._tables.once("mail known", _known)
        return self._db.execute(statement, {"key": self._key(box, key)}).first() is not None

    def waits(self, boxes: Sequence[str], lane: str) -> bool:
        statement = self._tables.once("mail waits", _waits)
        given = {"boxes": list(boxes), "lane": self._cipher.index("lane", lane)}
        return self._db.execute(statement, given).first() is not None

    def next_due(self, box: str) -> datetime | None:
        """When the next letter of this box may be due; a letter behind another of its lane counts, too."""
        statement = self._tables.once("mail next", _next)
        due: datetime | None = self._db.execute(statement, {"box": box}).scalar()
        return due

    def take(self, box: str, now: datetime, *, most: int, beside: Sequence[str] = ()) -> Sequence[Letter]:
        given = {"box": box, "boxes": [box, *beside], "now": now, "most": most}
        rows = self._db.execute(self._tables.once("mail take", _take), given).all()
        if rows:
            self._db.execute(
                update(self._table)
                .where(self._table.c.id.in_([row.id for row in rows]))
                .values(due_at=now + LEASE, attempts=self._table.c.attempts + 1)
            )
        return [_letter(row) for row in rows]

    def settle(self, letter: Letter, state: LetterState = LetterState.DONE) -> None:
        # What was told is of no use any more; the key stays, so that it is not told again.
        self._change(letter, state=state.value, body={})

    def rest(self, letter: Letter, until: datetime, body: dict[str, Any] | None = None) -> None:
        self._change(letter, due_at=until, **({"body": body, "attempts": 0} if body is not None else {}))

    def position(self, reader: str) -> int | None:
        counters = self._tables.counters
        row: int | None = self._db.execute(
            select(counters.c.last).where(counters.c.name == f"reader:{reader}")
        ).scalar()
        return row

    def advance(self, reader: str, before: int | None, after: int) -> bool:
        counters, name = self._tables.counters, f"reader:{reader}"
        if before is None:
            return insert_or_ignore(self._db, counters, {"name": name, "last": after})
        moved = update(counters).where(counters.c.name == name, counters.c.last == before).values(last=after)
        return self._db.execute(moved).rowcount == 1

    def forget_before(self, moment: datetime) -> int:
        gone = delete(self._table).where(
            self._table.c.state != LetterState.WAITING.value, self._table.c.posted_at < moment
        )
        return self._db.execute(gone).rowcount

    def _change(self, letter: Letter, **values: Any) -> None:
        self._db.execute(update(self._table).where(self._table.c.id == letter.id).values(values))


def _known(tables: Tables) -> Select[Any]:
    return select(tables.family.mail.c.id).where(tables.family.mail.c.key_index == bindparam("key"))


def _next(tables: Tables) -> Select[Any]:
    mail = tables.family.mail
    waiting = (mail.c.box == bindparam("box"), mail.c.state == LetterState.WAITING.value)
    return select(func.min(mail.c.due_at)).where(*waiting)


def _still_waits(letter: Any) -> ColumnElement[bool]:
    """Of letters that are found by their lane. The empty end keeps PostgreSQL from looking for all that wait instead.

    It believes that few do, which is so until thousands come at once; then each look would take seconds.
    """
    waits: ColumnElement[bool] = letter.c.state.concat("") == LetterState.WAITING.value
    return waits


def _waits(tables: Tables) -> Select[Any]:
    mail = tables.family.mail
    of_lane = (mail.c.box.in_(bindparam("boxes", expanding=True)), mail.c.lane_index == bindparam("lane"))
    return select(mail.c.id).where(*of_lane, _still_waits(mail)).limit(1)


def _take(tables: Tables) -> Select[Any]:
    """The first waiting letter of each lane over all `boxes`, if it lies in `box` and is due.

    Two processes never wait for each other's letters.
    """
    mail, earlier = tables.family.mail, tables.family.mail.alias("earlier")
    behind = exists().where(
        earlier.c.box.in_(bindparam("boxes", expanding=True)),
        earlier.c.lane_index == mail.c.lane_index,
        earlier.c.id < mail.c.id,
        _still_waits(earlier),
    )
    waiting = (mail.c.box == bindparam("box"), mail.c.state == LetterState.WAITING.value)
    due = select(mail).where(*waiting, mail.c.due_at <= bindparam("now"), ~behind)
    # In the order of the index, so that the search ends with the first that are found.
    return due.order_by(mail.c.due_at).limit(bindparam("most")).with_for_update(skip_locked=True, of=mail)


def _letter(row: Row[Any]) -> Letter:
    return Letter(row.id, row.box, row.body, row.attempts, row.posted_at)
