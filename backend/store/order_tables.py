"""The tables around orders: the audit trail with its anchors, deadlines, and the outbox of events."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.schema import DDL

from backend.store.columns import LocalTime, PlainJson
from backend.store.sealing import Cipher, SealedJson, SealedText

SERIAL = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only in an INTEGER key

# The trail only grows. What is sealed in it may be sealed anew (another data key) or erased (a right of whoever it is about):
# the digest still tells whether it is what was written. A row from before there was a chain gets its hashes once.
CHAINED = ("seq", "order_id", "version", "at", "move", "state", "origin", "digest", "previous", "hash")
_REFUSAL = "the audit trail is append-only"
AUDIT_GUARDS: dict[str, tuple[str, ...]] = {
    "sqlite": (
        f"CREATE TRIGGER order_history_no_update BEFORE UPDATE OF {', '.join(CHAINED)} ON order_history "
        f"WHEN OLD.hash IS NOT NULL BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
        "CREATE TRIGGER order_history_no_delete BEFORE DELETE ON order_history "
        f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
        "CREATE TRIGGER audit_anchors_no_update BEFORE UPDATE ON audit_anchors "
        f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
        "CREATE TRIGGER audit_anchors_no_delete BEFORE DELETE ON audit_anchors "
        f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$",
        f"CREATE TRIGGER order_history_no_update BEFORE UPDATE OF {', '.join(CHAINED)} ON order_history "
        "FOR EACH ROW WHEN (OLD.hash IS NOT NULL) EXECUTE FUNCTION audit_is_append_only()",
        "CREATE TRIGGER order_history_no_delete BEFORE DELETE OR TRUNCATE ON order_history "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()",
        "CREATE TRIGGER audit_anchors_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_anchors "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()",
    ),
}


class OrderTables:
    """The tables, on the metadata of all others."""

    def __init__(self, metadata: MetaData, cipher: Cipher) -> None:
        self._metadata, self._cipher = metadata, cipher
        self.history = self._history()
        self.anchors = self._anchors()
        self.deadlines = self._deadlines()
        self.outbox = self._outbox()
        for dialect, statements in AUDIT_GUARDS.items():
            for statement in statements:
                guard = DDL(statement).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
                event.listen(metadata, "after_create", guard)

    def _history(self) -> Table:
        return Table(
            "order_history",
            self._metadata,
            Column("seq", SERIAL, primary_key=True),
            # No cascade: an order that has a history is not deleted.
            Column("order_id", Integer, ForeignKey("orders.id"), nullable=False),
            Column("version", Integer, nullable=False),  # the order's version after this change
            Column("at", LocalTime, nullable=False),
            Column("move", Text, nullable=False),
            Column("state", Text, nullable=False),
            Column("origin", Text, nullable=False, server_default=""),
            self._sealed("actor", SealedText),
            self._sealed("reason", SealedText),
            self._sealed("payload", SealedJson),
            Column("digest", LargeBinary),  # keyed, of what is sealed in this row
            Column("previous", LargeBinary),  # hash of the row before it; empty in the first row of an order
            Column("hash", LargeBinary),
            UniqueConstraint("order_id", "version"),
        )

    def _sealed(self, name: str, kind: type[SealedText] | type[SealedJson]) -> Column[Any]:
        return Column(name, kind(self._cipher, f"order_history.{name}"))

    def _anchors(self) -> Table:
        return Table(
            "audit_anchors",
            self._metadata,
            Column("id", Integer, primary_key=True),
            Column("at", LocalTime, nullable=False),
            Column(
                "after_seq", BigInteger, nullable=False
            ),  # rows of the trail with after_seq < seq <= upto_seq
            Column("upto_seq", BigInteger, nullable=False),
            Column("rows", Integer, nullable=False),
            Column("digest", LargeBinary, nullable=False),  # of the hashes of these rows
            Column("previous", LargeBinary, nullable=False),
            Column("hash", LargeBinary, nullable=False),
        )

    def _deadlines(self) -> Table:
        return Table(
            "deadlines",
            self._metadata,
            Column("number", Text, ForeignKey("orders.number"), nullable=False),
            Column("step", Text, nullable=False),  # code in config/sla.yaml
            Column(
                "level", Integer, nullable=False
            ),  # what happens at `next_at`: 0 a warning, else the level told
            Column("due_at", LocalTime, nullable=False),
            Column("next_at", LocalTime, index=True),  # NULL while the clock stands still
            Column(
                "left_s", Integer
            ),  # seconds (working ones, if the step counts those) left when it was stopped
            Column("failures", Integer, nullable=False, server_default="0"),
            PrimaryKeyConstraint("number", "step"),
            Index(
                "ix_deadlines_failed",
                "due_at",
                postgresql_where=text("failures > 0"),
                sqlite_where=text("failures > 0"),
            ),
        )

    def _outbox(self) -> Table:
        return Table(
            "outbox",
            self._metadata,
            Column("id", SERIAL, primary_key=True),  # the cursor: what readers go on after
            Column("at", LocalTime, nullable=False, index=True),
            Column("name", Text, nullable=False),
            Column("key", Text, nullable=False),
            Column("data", PlainJson, nullable=False),
            sqlite_autoincrement=True,  # the number of a row that was tidied away must not come again
        )
