"""The orders of a month, of a region or a department too, are found by the index alone.

Revision: 0018.
"""

from alembic import op

revision = "0018"
down_revision = "0017"
COLUMNS = ["placed_at", "region", "department", "id"]


def upgrade() -> None:
    op.create_index(op.f("ix_orders_placed_at_region_department_id"), "orders", COLUMNS, unique=False)
    op.drop_index(op.f("ix_orders_placed_at"), table_name="orders")


def downgrade() -> None:
    op.create_index(op.f("ix_orders_placed_at"), "orders", ["placed_at"], unique=False)
    op.drop_index(op.f("ix_orders_placed_at_region_department_id"), table_name="orders")
