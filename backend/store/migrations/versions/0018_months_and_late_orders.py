"""The orders of a month are found by the index alone; late orders of a region by one of their own.

Revision: 0018.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
MONTH = ["placed_at", "region", "department", "id"]


def upgrade() -> None:
    op.create_index(op.f("ix_orders_placed_at_region_department_id"), "orders", MONTH, unique=False)
    op.drop_index(op.f("ix_orders_placed_at"), table_name="orders")
    reported = sa.text("escalation > 0")
    op.create_index(
        "ix_orders_place_reported", "orders", ["region", "state", "id"], postgresql_where=reported, sqlite_where=reported
    )


def downgrade() -> None:
    op.drop_index("ix_orders_place_reported", table_name="orders")
    op.create_index(op.f("ix_orders_placed_at"), "orders", ["placed_at"], unique=False)
    op.drop_index(op.f("ix_orders_placed_at_region_department_id"), table_name="orders")
