"""The tables of families and news: bindings, their codes, guesses, alerts, letters, and calls to be made or left alone."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from backend.store.columns import LocalTime, PlainJson, PlainText
from backend.store.sealing import Cipher, SealedJson, SealedText


class FamilyTables:
    """The tables, on the metadata of all others."""

    def __init__(self, metadata: MetaData, cipher: Cipher) -> None:
        # One row a relative and elder; a revoked one stays, and binding anew revives it.
        self.bindings = Table(
            "family_bindings",
            metadata,
            Column("id", Integer, primary_key=True),
            _elder(),
            Column("sender_index", LargeBinary, nullable=False),
            Column("sender", SealedText(cipher, "family_bindings.sender"), nullable=False),
            Column("relation", PlainText, nullable=False),
            Column("may_order", Boolean, nullable=False),
            Column("may_see", Boolean, nullable=False),
            Column("emergency", Boolean, nullable=False),
            Column("bound_at", LocalTime, nullable=False),
            Column("bound_by", Text, nullable=False),
            Column("revoked_at", LocalTime),
            Column("revoked_by", Text),
            UniqueConstraint("sender_index", "elder_id"),
        )
        self.codes = Table(
            "family_codes",
            metadata,
            Column("id", Integer, primary_key=True),
            Column("code_index", LargeBinary, nullable=False, unique=True),
            _elder(),
            Column("kind", Text, nullable=False),
            Column("may_order", Boolean, nullable=False),
            Column("may_see", Boolean, nullable=False),
            Column("emergency", Boolean, nullable=False),
            Column("issued_at", LocalTime, nullable=False),
            Column("issued_by", Text, nullable=False),
            Column("ends_at", LocalTime, nullable=False),
            Column("used_at", LocalTime),
        )
        self.guesses = Table(
            "family_guesses",
            metadata,
            Column("id", Integer, primary_key=True),
            Column("sender_index", LargeBinary, nullable=False),
            Column("at", LocalTime, nullable=False, index=True),
            Index(None, "sender_index", "at"),
        )
        # Who was told of an emergency, and who said that they are on their way.
        self.alerts = Table(
            "family_alerts",
            metadata,
            Column("id", Integer, primary_key=True),
            Column("task_id", Integer, ForeignKey("tasks.id"), nullable=False, index=True),
            Column("sender_index", LargeBinary, nullable=False, index=True),
            Column("person", SealedText(cipher, "family_alerts.person"), nullable=False),
            Column("told_at", LocalTime, nullable=False),
            Column("acknowledged_at", LocalTime),
            UniqueConstraint("task_id", "sender_index"),
        )
        self.mail = Table(
            "mail",
            metadata,
            Column("id", Integer, primary_key=True),
            Column("key_index", LargeBinary, nullable=False, unique=True),
            Column("box", Text, nullable=False),
            Column("lane_index", LargeBinary, nullable=False),
            Column("body", SealedJson(cipher, "mail.body"), nullable=False),
            Column("state", Text, nullable=False),
            Column("attempts", Integer, nullable=False),
            Column("posted_at", LocalTime, nullable=False),
            Column("due_at", LocalTime, nullable=False),
            Index(None, "box", "state", "due_at"),
            Index(None, "box", "lane_index", "state", "id"),
        )
        # Calls that the line is to make; what came of each stays in `state` and `tried`.
        self.calls = Table(
            "outbound_calls",
            metadata,
            Column("id", Integer, primary_key=True),
            Column("key_index", LargeBinary, nullable=False, unique=True),
            Column("phone", SealedText(cipher, "outbound_calls.phone"), nullable=False),
            Column("text", SealedText(cipher, "outbound_calls.text"), nullable=False),
            Column("reason", Text, nullable=False),
            Column("urgent", Boolean, nullable=False),
            Column("wanted_at", LocalTime, nullable=False),
            Column("state", Text, nullable=False),
            Column("due_at", LocalTime, nullable=False),  # not before
            Column("leased_until", LocalTime),  # a process is making this call
            Column("claims", Integer, nullable=False),  # how often a process took it
            Column("tried", PlainJson, nullable=False),  # pairs of time and result, the latest last
            Column("order_number", Text),  # the order that it is about
            Column("elder_id", Integer),  # the person who is asked how they are
            Index(None, "state", "due_at"),
        )
        self.do_not_call = Table(
            "do_not_call",
            metadata,
            Column("number_index", LargeBinary, primary_key=True),
            Column("asked_at", LocalTime, nullable=False),
        )


def _elder() -> Column[int]:
    return Column(
        "elder_id", Integer, ForeignKey("elders.id", ondelete="CASCADE"), nullable=False, index=True
    )
