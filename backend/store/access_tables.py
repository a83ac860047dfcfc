"""The tables of the HTTP API: tokens, answers by idempotency key, webhooks, and the log of who saw personal data."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    event,
)
from sqlalchemy.schema import DDL

from backend.store.columns import LocalTime, PlainText, Words
from backend.store.sealing import Cipher, SealedText

# The log of accesses only grows: the database itself refuses to change or delete a row of it.
ACCESS_LOG_GUARDS = {
    "sqlite": tuple(
        f"CREATE TRIGGER access_log_no_{verb} BEFORE {verb} ON access_log "
        "BEGIN SELECT RAISE(ABORT, 'access_log is append-only'); END"
        for verb in ("update", "delete")
    ),
    "postgresql": (
        "CREATE FUNCTION access_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'access_log is append-only'; END $$",
        "CREATE TRIGGER access_log_guard BEFORE UPDATE OR DELETE OR TRUNCATE ON access_log "
        "FOR EACH STATEMENT EXECUTE FUNCTION access_log_is_append_only()",
    ),
}


class AccessTables:
    """The tables, on the metadata of all others."""

    def __init__(self, metadata: MetaData, cipher: Cipher) -> None:
        def sealed(table: str, name: str, *, nullable: bool = False) -> Column[str]:
            return Column(name, SealedText(cipher, f"{table}.{name}"), nullable=nullable)

        self.tokens = Table(
            "api_tokens",
            metadata,
            Column("id", Text, primary_key=True),
            Column("digest", LargeBinary, nullable=False, unique=True),
            Column("owner", Text, nullable=False, index=True),
            Column("name", PlainText, nullable=False),
            Column("scopes", Words, nullable=False),
            Column("created_at", LocalTime, nullable=False),
            Column("expires_at", LocalTime, nullable=False),
            Column("last_used_at", LocalTime),
            Column("revoked_at", LocalTime),
        )
        self.answers = Table(
            "api_answers",
            metadata,
            Column("key_index", LargeBinary, primary_key=True),  # of owner and idempotency key together
            Column("request", LargeBinary, nullable=False),  # digest of the request
            Column("at", LocalTime, nullable=False, index=True),
            Column("status", Integer),  # NULL only within the transaction that answers
            sealed("api_answers", "body", nullable=True),
            Column("etag", Text),
        )
        self.access_log = Table(
            "access_log",
            metadata,
            Column("id", Integer, primary_key=True),
            Column("at", LocalTime, nullable=False),
            Column("actor", Text, nullable=False),
            Column("token", Text),
            Column("action", Text, nullable=False),
            Column("kind", Text, nullable=False),
            Column("key", Text, nullable=False),
            sealed("access_log", "source"),
            Index(None, "kind", "key", "id"),
            Index(None, "actor", "id"),
            info={"append_only": True},
        )
        self.webhooks = Table(
            "webhooks",
            metadata,
            Column("id", Text, primary_key=True),
            Column("owner", Text, nullable=False),
            sealed("webhooks", "url"),
            sealed("webhooks", "secret"),
            Column("events", Words, nullable=False),
            Column("created_at", LocalTime, nullable=False),
        )
        self.deliveries = Table(
            "webhook_deliveries",
            metadata,
            Column("id", Integer, primary_key=True),
            Column("webhook", Text, ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
            Column("event", Text, nullable=False),
            Column("name", Text, nullable=False),
            Column("body", Text, nullable=False),
            Column("attempts", Integer, nullable=False),
            Column("next_at", LocalTime, nullable=False),
            Column("state", Text, nullable=False),
            Column("last_status", Integer),
            Column("last_error", PlainText),
            UniqueConstraint("webhook", "event"),
            Index(None, "state", "next_at", "id"),
        )
        self._guard()

    def _guard(self) -> None:
        for dialect, statements in ACCESS_LOG_GUARDS.items():
            for statement in statements:
                ddl = DDL(statement).execute_if(dialect=dialect)  # type: ignore[no-untyped-call]
                event.listen(self.access_log, "after_create", ddl)
