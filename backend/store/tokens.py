"""API tokens, and the answers given under idempotency keys, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Update, bindparam, delete, insert, select, update

from backend.services.access_ports import Answer, Token, TokenNotFoundError
from backend.services.ports import StaleError
from backend.store.dialect import insert_or_ignore
from backend.store.pipeline import UNANSWERED
from backend.store.sealing import Cipher
from backend.store.tables import Tables


class SqlTokens:
    """`access_ports.Tokens` on SQL."""

    def __init__(self, connection: Connection, tables: Tables) -> None:
        self._db, self._t = connection, tables.access.tokens

    def add(self, token: Token, digest: bytes) -> None:
        values = {name: getattr(token, name) for name in Token.__slots__} | {"digest": digest}
        self._db.execute(insert(self._t).values(values))

    def by_digest(self, digest: bytes) -> Token | None:
        row = self._db.execute(select(self._t).where(self._t.c.digest == digest)).first()
        return None if row is None else _token(row)

    def get(self, token_id: str) -> Token:
        row = self._db.execute(select(self._t).where(self._t.c.id == token_id)).first()
        if row is None:
            raise TokenNotFoundError(token_id)
        return _token(row)

    def all(self, owner: str | None = None) -> Sequence[Token]:
        statement = select(self._t).order_by(self._t.c.created_at.desc(), self._t.c.id)
        if owner is not None:
            statement = statement.where(self._t.c.owner == owner)
        return [_token(row) for row in self._db.execute(statement)]

    def used(self, token_id: str, at: datetime) -> None:
        self._db.execute(update(self._t).where(self._t.c.id == token_id).values(last_used_at=at))

    def revoke(self, token_id: str, at: datetime) -> None:
        statement = update(self._t).where(self._t.c.id == token_id, self._t.c.revoked_at.is_(None))
        self._db.execute(statement.values(revoked_at=at))


def _token(row: Row[Any]) -> Token:
    return Token(**{name: row._mapping[name] for name in Token.__slots__})


def _keep(tables: Tables) -> Update:
    answers = tables.access.answers
    kept = update(answers).where(answers.c.key_index == bindparam("of_key"))
    given: dict[str, Any] = {name: bindparam(name) for name in ("status", "body", "etag")}
    return kept.values(given).execution_options(**UNANSWERED)


class SqlAnswers:
    """`access_ports.Answers` on SQL."""

    def __init__(self, connection: Connection, tables: Tables, cipher: Cipher) -> None:
        self._db, self._tables, self._cipher = connection, tables, cipher
        self._t = tables.access.answers

    def claim(self, owner: str, key: str, request: bytes, at: datetime) -> Answer | None:
        index = self._index(owner, key)
        if insert_or_ignore(self._db, self._t, {"key_index": index, "request": request, "at": at}):
            return None
        row = self._db.execute(select(self._t).where(self._t.c.key_index == index)).first()
        if row is None or row.status is None:
            raise StaleError("an answer under this key was just taken back")
        return Answer(bytes(row.request), row.status, row.body, row.etag)

    def keep(self, owner: str, key: str, answer: Answer) -> None:
        values = {
            "of_key": self._index(owner, key),
            "status": answer.status,
            "body": answer.body,
            "etag": answer.etag,
        }
        self._db.execute(self._tables.once("keep answer", _keep), values)

    def forget_before(self, at: datetime, *, limit: int) -> int:
        old = select(self._t.c.key_index).where(self._t.c.at < at).limit(limit)
        return self._db.execute(delete(self._t).where(self._t.c.key_index.in_(old))).rowcount

    def _index(self, owner: str, key: str) -> bytes:
        return self._cipher.index("answer", f"{len(owner)}:{owner}{key}")
