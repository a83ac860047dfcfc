"""The tables of the system of record. `migrations/` creates the same ones step by step; a test compares the two.

Columns named `…_index` are keyed hashes: they find a person or a message without the plain value standing in the database.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
    true,
)  # fmt: skip

from backend.store.access_tables import AccessTables
from backend.store.call_tables import calls_table, care_table
from backend.store.columns import LocalTime, PlainText, Words
from backend.store.dispatch_tables import DispatchTables
from backend.store.family_tables import FamilyTables
from backend.store.order_tables import OrderTables
from backend.store.review_tables import review_table
from backend.store.sealing import Cipher, SealedJson, SealedText

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


S = TypeVar("S")


class Tables:
    """All tables of one database, with the sealed columns bound to the keys of this installation."""

    def __init__(self, cipher: Cipher) -> None:
        self.metadata = MetaData(naming_convention=NAMING)
        self._cipher = cipher
        self._statements: dict[str, Any] = {}
        self.meta = Table(
            "meta",
            self.metadata,
            Column("name", Text, primary_key=True),
            Column("value", LargeBinary, nullable=False),
        )
        self.counters = Table(
            "counters",
            self.metadata,
            Column("name", Text, primary_key=True),
            Column("last", Integer, nullable=False),
        )
        self.elders, self.elder_lookup = self._people()
        self.orders, self.order_keys = self._orders()
        self.work = OrderTables(self.metadata, cipher)
        self.order_history = self.work.history
        self.tasks = self._tasks()
        self.contacts, self.contact_lines, self.contact_replies = self._contacts()
        self.staff, self.providers, self.workers = self._staff()
        self.access = AccessTables(self.metadata, cipher)
        self.family = FamilyTables(self.metadata, cipher)
        self.review = review_table(self.metadata, cipher)
        self.calls = calls_table(self.metadata, cipher)
        self.care = care_table(self.metadata, cipher)
        self.dispatch = DispatchTables(self.metadata)

    def once(self, name: str, build: Callable[[Tables], S]) -> S:
        """The statement of this name, built at its first use: building one anew takes as long as running it."""
        if name not in self._statements:
            self._statements[name] = build(self)
        statement: S = self._statements[name]
        return statement

    def _text(self, table: str, name: str, *, nullable: bool = True) -> Column[Any]:
        return Column(name, SealedText(self._cipher, f"{table}.{name}"), nullable=nullable)

    def _json(self, table: str, name: str, *, nullable: bool = True) -> Column[Any]:
        return Column(name, SealedJson(self._cipher, f"{table}.{name}"), nullable=nullable)

    def _people(self) -> tuple[Table, Table]:
        elders = Table(
            "elders",
            self.metadata,
            Column("id", Integer, primary_key=True),
            Column("key", Text, nullable=False, unique=True),
            Column("name", PlainText, nullable=False),
            self._json("elders", "phones"),
            self._text("elders", "address"),
            Column("region", Text),
            self._text("elders", "id_number"),
            Column("birth_date", Date),
            Column("gender", Text),
            Column("categories", Words, nullable=False),
            Column("tags", Words, nullable=False),
            Column("ability_grade", Integer),
            Column("entitlements", Words, nullable=False),
            Column("language", Text),
            Column("pace", Integer, nullable=False),
            Column("loudness", Integer, nullable=False),
            self._json("elders", "contacts"),
            Column("consent", Boolean, nullable=False),
            self._json("elders", "position"),
            Index(None, "name", "id", "region"),
        )
        lookup = Table(
            "elder_lookup",
            self.metadata,
            Column("sender_index", LargeBinary, nullable=False),
            Column("kind", Text, nullable=False),  # "phone", "contact", "channel" or "family"
            Column(
                "elder_id", Integer, ForeignKey("elders.id", ondelete="CASCADE"), nullable=False, index=True
            ),
            Column("position", Integer, nullable=False),  # 0: the number this person prefers
            Column("relation", PlainText),  # of a contact or a bound relative
            Column("rights", Text),  # of a bound relative: o may order, s may see
            PrimaryKeyConstraint("sender_index", "kind", "elder_id"),
            sqlite_with_rowid=False,  # the primary key is the whole point of this table
        )
        return elders, lookup

    def _orders(self) -> tuple[Table, Table]:
        orders = Table(
            "orders",
            self.metadata,
            Column("id", Integer, primary_key=True),  # grows with time: what pages of the queue are cut by
            Column("number", Text, nullable=False, unique=True),
            Column("item", Text, nullable=False),
            Column("beneficiary", PlainText, nullable=False),
            Column("beneficiary_name", PlainText),
            Column("elder_id", Integer, ForeignKey("elders.id"), index=True),
            self._text("orders", "caller", nullable=False),
            Column("caller_index", LargeBinary, nullable=False, index=True),
            Column("wanted_iso", Text),
            Column("asap", Boolean, nullable=False),
            Column("recurrence", Text),
            self._text("orders", "place"),
            self._text("orders", "phone"),
            Column("phone_index", LargeBinary, index=True),
            self._json("orders", "details", nullable=False),
            self._text("orders", "session", nullable=False),
            Column("session_index", LargeBinary, nullable=False, index=True),
            Column("placed_at", LocalTime, nullable=False),
            Column("state", Text, nullable=False),
            Column("department", Text),
            Column("assignee", PlainText),
            Column("missing", Words, nullable=False),
            Column("version", Integer, nullable=False),
            Column("region", Text),
            Column("offered_to", Text),
            Column("escalation", Integer, nullable=False, server_default="0"),
            Column("bundle", Text),
            Index(None, "state", "id"),
            Index(None, "department", "state", "id"),
            Index(None, "assignee", "state"),
            Index(
                "ix_orders_offered_to",
                "offered_to",
                postgresql_where=text("offered_to IS NOT NULL"),
                sqlite_where=text("offered_to IS NOT NULL"),
            ),
            Index(None, "placed_at", "region", "department", "id"),  # a month is told by the index alone
            Index(None, "beneficiary_name", "id"),
            Index(None, "region", "state", "id"),
            Index(None, "region", "department", "state", "id"),
            Index(None, "item", "state", "id"),
            *(
                Index(
                    name,
                    *columns,
                    postgresql_where=text("escalation > 0"),
                    sqlite_where=text("escalation > 0"),
                )
                for name, columns in (
                    ("ix_orders_reported", ("state", "id")),
                    ("ix_orders_region_reported", ("region", "department", "state", "id")),
                    ("ix_orders_place_reported", ("region", "state", "id")),
                )
            ),
        )
        keys = Table(
            "order_keys",
            self.metadata,
            Column("key_index", LargeBinary, primary_key=True),
            Column("number", Text),  # NULL only within the transaction that places the order
        )
        return orders, keys

    def _tasks(self) -> Table:
        return Table(
            "tasks",
            self.metadata,
            Column("id", Integer, primary_key=True),
            Column("key_index", LargeBinary, nullable=False, unique=True),
            Column("kind", Text, nullable=False),
            Column("rank", Integer, nullable=False),  # 0 emergencies, 1 the rest
            self._text("tasks", "session", nullable=False),
            self._text("tasks", "sender", nullable=False),
            Column("opened_at", LocalTime, nullable=False),
            self._text("tasks", "text", nullable=False),
            self._text("tasks", "why", nullable=False),
            Column("who", PlainText),
            self._text("tasks", "place"),
            self._text("tasks", "phone"),
            Column("elder_id", Integer, ForeignKey("elders.id")),
            Column("order_number", Text),
            Column("region", Text),
            self._json("tasks", "told", nullable=False),
            Column("acknowledged_at", LocalTime),
            Column("acknowledged_by", Text),
            self._text("tasks", "note"),
            Index(None, "acknowledged_at", "rank", "id", "region"),  # the open list, of one region or all
        )

    def _contacts(self) -> tuple[Table, Table, Table]:
        contacts = Table(
            "contacts",
            self.metadata,
            Column("session_index", LargeBinary, primary_key=True),
            self._text("contacts", "session", nullable=False),
            self._text("contacts", "sender", nullable=False),
            Column("sender_index", LargeBinary, nullable=False),
            Column("channel", Text, nullable=False),
            self._json("contacts", "memory", nullable=False),
            Column("updated_at", LocalTime, nullable=False),
            Column("version", Integer, nullable=False),
            Index(None, "sender_index", "updated_at"),
        )
        lines = Table(
            "contact_lines",
            self.metadata,
            Column("id", Integer, primary_key=True),
            Column("session_index", LargeBinary, nullable=False),
            Column("at", LocalTime, nullable=False),
            Column("who", Text, nullable=False),
            self._text("contact_lines", "text", nullable=False),
            Index(None, "session_index", "id"),
        )
        replies = Table(
            "contact_replies",
            self.metadata,
            Column("message_index", LargeBinary, primary_key=True),  # of session and message id together
            self._json("contact_replies", "reply", nullable=False),
        )
        return contacts, lines, replies

    def _staff(self) -> tuple[Table, Table, Table]:
        staff = Table(
            "staff",
            self.metadata,
            Column("login", Text, primary_key=True),
            Column("name", PlainText, nullable=False),
            Column("role", Text, nullable=False),
            Column("password_hash", Text, nullable=False),
            Column("department", Text),
            Column("active", Boolean, nullable=False),
            Column("demo", Boolean, nullable=False),
            Column("failures", Integer, nullable=False),
            Column("locked_until", LocalTime),
            Column("region", Text),
            Column("provider", Text),
            Column("worker", Text),
            self._text("staff", "totp"),
            Column("totp_step", Integer),
            Column("sign_outs", Integer, nullable=False, server_default="0"),
        )
        providers = Table(
            "providers",
            self.metadata,
            Column("code", Text, primary_key=True),
            Column("name", PlainText, nullable=False),
            Column("department", Text, nullable=False, index=True),
            Column("region", Text, nullable=False, index=True),
            Column("items", Words, nullable=False),
            self._text("providers", "phone"),
        )
        workers = Table(
            "workers",
            self.metadata,
            Column("code", Text, primary_key=True),
            Column("name", PlainText, nullable=False),
            Column("provider", Text, ForeignKey("providers.code"), nullable=False, index=True),
            Column("region", Text, nullable=False, index=True),
            Column("items", Words, nullable=False),
            self._text("workers", "phone"),
            self._json("workers", "position"),
            Column("gender", Text),
            Column("skills", Words, nullable=False, server_default="[]"),
            Column("languages", Words, nullable=False, server_default="[]"),
            Column("radius_km", Float),
            Column("rating", Float),
            Column("a_day", Integer, nullable=False, server_default="8"),
            Column("active", Boolean, nullable=False, server_default=true()),
            Column("regions", Words, nullable=False, server_default="[]"),
        )
        return staff, providers, workers
