"""Contacts in the database: what a conversation remembers, what was said, and which messages were answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, Update, bindparam, insert, select, update

from backend.domain.phone import sender_identity
from backend.services.ports import ContactRecord, Line, StaleError
from backend.store.dialect import insert_or_ignore
from backend.store.sealing import Cipher
from backend.store.tables import Tables


class SqlContacts:
    """`ports.Contacts` on SQL."""

    def __init__(self, connection: Connection, tables: Tables, cipher: Cipher) -> None:
        self._db, self._tables, self._cipher = connection, tables, cipher
        self._contacts, self._lines, self._replies = (
            tables.contacts,
            tables.contact_lines,
            tables.contact_replies,
        )

    def get(self, session: str) -> ContactRecord | None:
        statement = self._tables.once("contact", _of_session)
        row = self._db.execute(statement, {"session": self._index(session)}).first()
        return None if row is None else _record(row)

    def latest_of(self, sender: str, *, since: datetime) -> ContactRecord | None:
        table = self._contacts
        statement = (
            select(table)
            .where(table.c.sender_index == self._sender_index(sender), table.c.updated_at >= since)
            .order_by(table.c.updated_at.desc())
            .limit(1)
        )
        row = self._db.execute(statement).first()
        return None if row is None else _record(row)

    def save(self, record: ContactRecord, lines: Sequence[Line]) -> None:
        table, index = self._contacts, self._index(record.session)
        changing = {
            "channel": record.channel,
            "memory": record.memory,
            "updated_at": record.updated_at,
            "version": record.version,
            "sender": record.sender,
            "sender_index": self._sender_index(record.sender),
        }
        if record.version == 1:
            stored = insert_or_ignore(
                self._db, table, {"session_index": index, "session": record.session} | changing
            )
        else:
            fits = {"of_session": index, "of_version": record.version - 1}
            stored = (
                self._db.execute(self._tables.once("change contact", _change), fits | changing).rowcount == 1
            )
        if not stored:
            raise StaleError("the contact was written to since it was read")
        if lines:
            rows = [
                {"session_index": index, "at": line.at, "who": line.who, "text": line.text} for line in lines
            ]
            self._db.execute(
                self._tables.once("add lines", lambda tables: insert(tables.contact_lines)), rows
            )

    def lines(self, session: str) -> Sequence[Line]:
        table = self._lines
        statement = select(table.c.at, table.c.who, table.c.text).where(
            table.c.session_index == self._index(session)
        )
        return [Line(row.at, row.who, row.text) for row in self._db.execute(statement.order_by(table.c.id))]

    def reply_to(self, session: str, message_id: str) -> dict[str, Any] | None:
        statement = self._tables.once("reply", _reply_to)
        reply: dict[str, Any] | None = self._db.execute(
            statement, {"message": self._message_index(session, message_id)}
        ).scalar()
        return reply

    def remember_reply(self, session: str, message_id: str, reply: dict[str, Any]) -> None:
        values = {"message_index": self._message_index(session, message_id), "reply": reply}
        if not insert_or_ignore(self._db, self._replies, values):
            raise StaleError("this message was answered by another process just now")

    def _index(self, session: str) -> bytes:
        return self._cipher.index("session", session)

    def _sender_index(self, sender: str) -> bytes:
        return self._cipher.index("sender", sender_identity(sender))

    def _message_index(self, session: str, message_id: str) -> bytes:
        return self._cipher.index("message", f"{len(session)}:{session}{message_id}")


def _of_session(tables: Tables) -> Select[Any]:
    return select(tables.contacts).where(tables.contacts.c.session_index == bindparam("session"))


def _reply_to(tables: Tables) -> Select[Any]:
    table = tables.contact_replies
    return select(table.c.reply).where(table.c.message_index == bindparam("message"))


def _change(tables: Tables) -> Update:
    table = tables.contacts
    fits = (table.c.session_index == bindparam("of_session"), table.c.version == bindparam("of_version"))
    changing = ("channel", "memory", "updated_at", "version", "sender", "sender_index")
    return update(table).where(*fits).values({name: bindparam(name) for name in changing})


def _record(row: Row[Any]) -> ContactRecord:
    return ContactRecord(
        session=row.session,
        sender=row.sender,
        channel=row.channel,
        memory=row.memory,
        updated_at=row.updated_at,
        version=row.version,
    )
