"""The whole life of an order: audit trail, deadlines, outbox, who is asked, and where workers are.

Revision: 0002. Revises: 0001.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from backend.store.order_tables import AUDIT_GUARDS

revision = "0002"
down_revision = "0001"

SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
HISTORY = "order_id, version, at, actor, move, state, reason"


def upgrade() -> None:
    orders: tuple[sa.Column[Any], ...] = (
        sa.Column("region", sa.Text()),
        sa.Column("offered_to", sa.Text()),
        sa.Column("escalation", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("bundle", sa.Text()),
    )
    for column in orders:
        op.add_column("orders", column)
    op.create_index(op.f("ix_orders_assignee_state"), "orders", ["assignee", "state"])
    op.create_index(op.f("ix_orders_placed_at"), "orders", ["placed_at"])
    op.add_column("elders", sa.Column("position", sa.LargeBinary()))
    workers: tuple[sa.Column[Any], ...] = (
        sa.Column("position", sa.LargeBinary()),
        sa.Column("gender", sa.Text()),
        sa.Column("skills", sa.Text(), nullable=False, server_default="[]"),
        sa.Column("languages", sa.Text(), nullable=False, server_default="[]"),
        sa.Column("radius_km", sa.Float()),
        sa.Column("rating", sa.Float()),
        sa.Column("a_day", sa.Integer(), nullable=False, server_default="8"),
        sa.Column("active", sa.Boolean(), nullable=False, server_default=sa.true()),
    )
    for column in workers:
        op.add_column("workers", column)
    op.create_index(op.f("ix_workers_region"), "workers", ["region"])
    _number_the_history()
    op.create_table(
        "audit_anchors",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("after_seq", sa.BigInteger(), nullable=False),
        sa.Column("upto_seq", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_anchors")),
    )
    op.create_table(
        "deadlines",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=False),
        sa.Column("next_at", sa.DateTime()),
        sa.Column("left_s", sa.Integer()),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.ForeignKeyConstraint(["number"], ["orders.number"], name=op.f("fk_deadlines_number")),
        sa.PrimaryKeyConstraint("number", "step", name=op.f("pk_deadlines")),
    )
    op.create_index(op.f("ix_deadlines_next_at"), "deadlines", ["next_at"])
    op.create_table(
        "outbox",
        sa.Column("id", SERIAL, nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_outbox_at"), "outbox", ["at"])
    for statement in AUDIT_GUARDS[op.get_bind().dialect.name]:
        op.execute(statement)


def _number_the_history() -> None:
    """The same rows with a running number in front. They are chained when the store is opened with its keys."""
    op.rename_table("order_history", "order_history_old")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER INDEX pk_order_history RENAME TO pk_order_history_old")
    op.create_table(
        "order_history",
        sa.Column("seq", SERIAL, nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("move", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False, server_default=""),
        sa.Column("actor", sa.LargeBinary()),
        sa.Column("reason", sa.LargeBinary()),
        sa.Column("payload", sa.LargeBinary()),
        sa.Column("digest", sa.LargeBinary()),
        sa.Column("previous", sa.LargeBinary()),
        sa.Column("hash", sa.LargeBinary()),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_history_order_id")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_order_history")),
        sa.UniqueConstraint("order_id", "version", name=op.f("uq_order_history_order_id_version")),
    )
    op.execute(
        f"INSERT INTO order_history ({HISTORY}) SELECT {HISTORY} FROM order_history_old ORDER BY at, order_id, version"
    )
    op.drop_table("order_history_old")


def downgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    op.drop_table("outbox")
    op.drop_table("deadlines")
    op.drop_table("audit_anchors")
    op.rename_table("order_history", "order_history_new")
    if postgresql:
        op.execute("ALTER INDEX pk_order_history RENAME TO pk_order_history_new")
    op.create_table(
        "order_history",
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("actor", sa.LargeBinary(), nullable=False),
        sa.Column("move", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.LargeBinary()),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_order_history_order_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("order_id", "version", name=op.f("pk_order_history")),
    )
    op.execute(f"INSERT INTO order_history ({HISTORY}) SELECT {HISTORY} FROM order_history_new")
    op.drop_table("order_history_new")
    if postgresql:
        op.execute("DROP FUNCTION audit_is_append_only()")
    op.drop_index(op.f("ix_workers_region"), table_name="workers")
    op.drop_index(op.f("ix_orders_placed_at"), table_name="orders")
    op.drop_index(op.f("ix_orders_assignee_state"), table_name="orders")
    for table, columns in (
        ("workers", ("position", "gender", "skills", "languages", "radius_km", "rating", "a_day", "active")),
        ("elders", ("position",)),
        ("orders", ("region", "offered_to", "escalation", "bundle")),
    ):
        for column in columns:
            op.drop_column(table, column)
