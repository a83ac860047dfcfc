"""The table of the review list."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, Table, Text

from backend.store.columns import LocalTime, Words
from backend.store.sealing import Cipher, SealedText


def review_table(metadata: MetaData, cipher: Cipher) -> Table:
    """One row a sentence, without a sender. The text is masked, and sealed all the same: no mask is perfect."""
    return Table(
        "review_sentences",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("key_index", LargeBinary, nullable=False, unique=True),
        Column("text", SealedText(cipher, "review_sentences.text"), nullable=False),
        Column("understood", Words, nullable=False),
        Column("reason", Text, nullable=False),
        Column("channel", Text, nullable=False),
        Column("asked", Text),
        Column("first_at", LocalTime, nullable=False),
        Column("last_at", LocalTime, nullable=False),
        Column("times", Integer, nullable=False),
        Column("labels", Words),  # NULL: it waits; an empty list: not fit to learn from
        Column("decided_by", Text),
        Column("decided_at", LocalTime),
        Index(None, "decided_at", "times", "last_at"),
    )
