"""The tables of calls: the index of what the telephone recorded, and what people said of how they are."""

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
    false,
)

from backend.store.columns import LocalTime, Words
from backend.store.sealing import Cipher, SealedJson, SealedText


def care_table(metadata: MetaData, cipher: Cipher) -> Table:
    """What somebody said when they were asked how they are. One row a contact."""
    return Table(
        "care_records",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("elder_id", Integer, ForeignKey("elders.id", ondelete="CASCADE"), nullable=False),
        Column("at", LocalTime, nullable=False),
        Column("way", Text, nullable=False),  # "phone"
        Column("session_index", LargeBinary, nullable=False, index=True),
        Column("answers", SealedJson(cipher, "care_records.answers"), nullable=False),
        Index(None, "elder_id", "at"),
    )


def calls_table(metadata: MetaData, cipher: Cipher) -> Table:
    """One row a call, written as it begins: one without an end was cut off with its process, or goes on."""
    return Table(
        "calls",
        metadata,
        Column("id", Integer, primary_key=True),  # grows with time: what pages of the list are cut by
        Column("session_index", LargeBinary, nullable=False, index=True),
        Column("session", SealedText(cipher, "calls.session"), nullable=False),
        Column("caller_index", LargeBinary, nullable=False, index=True),
        Column("caller", SealedText(cipher, "calls.caller"), nullable=False),
        Column("began", LocalTime, nullable=False),
        Column("ended", LocalTime),
        Column("length_s", Integer),
        Column("reason", Text),
        Column("flags", Words, nullable=False),
        Column("orders", Words, nullable=False),
        Column("direction", Text, nullable=False, server_default="in"),
        Column("purpose", Text),  # why we called, by the names of config/outbound.yaml
        # Of a person who was forgotten: nobody sees it, and the next night deletes its recording and then the row.
        Column("withdrawn", Boolean, nullable=False, server_default=false()),
        Index(None, "began"),
    )
