"""Erases personal data: of whom asks for it, and of what is older than its purpose. The audit trail stays intact, without words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, func, or_, select, update

from backend.domain.mail import LetterState
from backend.domain.order import FINAL
from backend.services.access_ports import Forgotten
from backend.services.ports import ElderNotFoundError
from backend.store.tables import Tables

ERASED = "***"


class SqlErasure:
    """`access_ports.Erasure` on SQL."""

    def __init__(self, connection: Connection, tables: Tables) -> None:
        self._db, self._t = connection, tables

    def open_orders_of(self, elder_id: int) -> Sequence[str]:
        table = self._t.orders
        final = [state.value for state in FINAL]
        statement = select(table.c.number).where(table.c.elder_id == elder_id, table.c.state.not_in(final))
        return self._db.execute(statement.order_by(table.c.id)).scalars().all()

    def forget_person(self, elder_id: int) -> Forgotten:
        orders, tasks, elders, lookup = self._t.orders, self._t.tasks, self._t.elders, self._t.elder_lookup
        if self._db.execute(select(elders.c.id).where(elders.c.id == elder_id)).first() is None:
            raise ElderNotFoundError(elder_id)
        theirs = select(orders.c.id).where(orders.c.elder_id == elder_id)
        rows = self._db.execute(
            select(orders.c.number, orders.c.session).where(orders.c.elder_id == elder_id)
        ).all()
        numbers, sessions = [row.number for row in rows], [row.session for row in rows]
        self._erase_talk(select(orders.c.session_index).where(orders.c.elder_id == elder_id))
        # What they said from their own numbers and channels goes too; a contact's own conversations stay.
        senders = select(lookup.c.sender_index).where(
            lookup.c.elder_id == elder_id, lookup.c.kind != "contact"
        )
        contacts = self._t.contacts
        of_senders = contacts.c.sender_index.in_(senders)
        sessions += self._db.execute(select(contacts.c.session).where(of_senders)).scalars()
        self._erase_talk(select(contacts.c.session_index).where(of_senders))
        self._withdraw_calls(theirs, senders)
        self._drop_what_was_to_be_told(elder_id, numbers)
        self._erase_orders(theirs)
        self._erase_tasks(select(tasks.c.id).where(tasks.c.elder_id == elder_id))
        self._db.execute(update(orders).where(orders.c.elder_id == elder_id).values(elder_id=None))
        self._db.execute(update(tasks).where(tasks.c.elder_id == elder_id).values(elder_id=None))
        self._db.execute(delete(lookup).where(lookup.c.elder_id == elder_id))
        self._db.execute(delete(elders).where(elders.c.id == elder_id))
        return Forgotten(tuple(numbers), tuple(dict.fromkeys(sessions)))

    def erase_talk_before(self, at: datetime, *, limit: int) -> int:
        contacts = self._t.contacts
        old = select(contacts.c.session_index).where(contacts.c.updated_at < at).limit(limit)
        return self._erase_talk(old)

    def erase_orders_before(self, at: datetime, *, limit: int) -> int:
        orders, history = self._t.orders, self._t.order_history
        # Asked of one order after the other, so that no batch reads the history of all; the latest first, for those before them
        # were erased in the nights before.
        changed_at = select(func.max(history.c.at)).where(history.c.order_id == orders.c.id).scalar_subquery()
        old = select(orders.c.id).where(
            orders.c.placed_at < at,
            orders.c.state.in_([state.value for state in FINAL]),
            orders.c.beneficiary != ERASED,
            func.coalesce(changed_at, orders.c.placed_at) < at,
        )
        return self._erase_orders(old.order_by(orders.c.placed_at.desc()).limit(limit))

    def erase_tasks_before(self, at: datetime, *, limit: int) -> int:
        tasks = self._t.tasks
        old = select(tasks.c.id).where(
            tasks.c.acknowledged_at < at, or_(tasks.c.who.is_(None), tasks.c.who != ERASED)
        )
        return self._erase_tasks(old.limit(limit))

    def _erase_orders(self, which: Select[Any]) -> int:
        orders, history = self._t.orders, self._t.order_history
        ids = self._db.execute(which).scalars().all()
        if not ids:
            return 0
        empty: dict[str, Any] = {
            "place": None,
            "phone": None,
            "phone_index": None,
            "beneficiary_name": None,
            "details": [],
        }
        # Nobody's number has this index: keyed hashes are 16 bytes long.
        unknown = {
            "caller": ERASED,
            "caller_index": b"",
            "session": ERASED,
            "session_index": b"",
            "beneficiary": ERASED,
        }
        self._db.execute(update(orders).where(orders.c.id.in_(ids)).values(empty | unknown))
        words = {"actor": None, "reason": None, "payload": None}
        self._db.execute(update(history).where(history.c.order_id.in_(ids)).values(words))
        return len(ids)

    def _erase_tasks(self, which: Select[Any]) -> int:
        tasks = self._t.tasks
        ids = self._db.execute(which).scalars().all()
        if not ids:
            return 0
        # `why` holds the words that were heard, too; what kind of task it was stands in `kind`.
        values: dict[str, Any] = {
            "session": ERASED, "sender": ERASED, "text": ERASED, "why": ERASED, "who": ERASED, "place": None, "phone": None,
            "told": [], "note": None,
        }  # fmt: skip
        self._db.execute(update(tasks).where(tasks.c.id.in_(ids)).values(values))
        return len(ids)

    def _withdraw_calls(self, theirs: Select[Any], senders: Select[Any]) -> None:
        """The recordings are files: nobody is shown them from now on, and the next night deletes them."""
        calls, orders = self._t.calls, self._t.orders
        sessions = select(orders.c.session_index).where(orders.c.id.in_(theirs))
        of_person = or_(calls.c.caller_index.in_(senders), calls.c.session_index.in_(sessions))
        self._db.execute(update(calls).where(of_person).values(withdrawn=True))

    def _drop_what_was_to_be_told(self, elder_id: int, numbers: Sequence[str]) -> None:
        """Letters that wait for the morning, and calls. Letters that were carried hold nothing any more."""
        mail, calls = self._t.family.mail, self._t.family.calls
        waiting = select(mail.c.id, mail.c.body).where(mail.c.state == LetterState.WAITING.value)
        theirs = [row.id for row in self._db.execute(waiting) if row.body.get("order") in numbers]
        self._db.execute(delete(mail).where(mail.c.id.in_(theirs)))
        about = or_(calls.c.elder_id == elder_id, calls.c.order_number.in_(numbers))
        self._db.execute(delete(calls).where(about))

    def _erase_talk(self, which: Select[Any]) -> int:
        sessions = self._db.execute(which).scalars().all()
        if not sessions:
            return 0
        lines, contacts = self._t.contact_lines, self._t.contacts
        self._db.execute(delete(lines).where(lines.c.session_index.in_(sessions)))
        self._db.execute(delete(contacts).where(contacts.c.session_index.in_(sessions)))
        return len(sessions)
