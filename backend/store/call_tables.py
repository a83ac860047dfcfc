"""The table of calls: the index of what the telephone recorded."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, MetaData, Table, Text, false

from backend.store.columns import LocalTime, Words
from backend.store.sealing import Cipher, SealedText


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
        # Of a person who was forgotten: nobody sees it, and the next night deletes its recording and then the row.
        Column("withdrawn", Boolean, nullable=False, server_default=false()),
        Index(None, "began"),
    )
