"""Every list of orders by an index: of a department in a county, of an item, and of those that were reported as late.

Revision: 0016.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.create_index(
        op.f('ix_orders_region_department_state_id'), 'orders', ['region', 'department', 'state', 'id'], unique=False,
    )
    op.create_index(op.f('ix_orders_item_state_id'), 'orders', ['item', 'state', 'id'], unique=False)
    reported, failed = sa.text('escalation > 0'), sa.text('failures > 0')
    op.create_index(
        'ix_orders_reported', 'orders', ['state', 'id'], unique=False, postgresql_where=reported, sqlite_where=reported,
    )
    op.create_index(
        'ix_orders_region_reported', 'orders', ['region', 'department', 'state', 'id'], unique=False, postgresql_where=reported,
        sqlite_where=reported,
    )
    op.create_index(
        'ix_deadlines_failed', 'deadlines', ['due_at'], unique=False, postgresql_where=failed, sqlite_where=failed,
    )


def downgrade() -> None:
    op.drop_index('ix_deadlines_failed', table_name='deadlines')
    op.drop_index('ix_orders_region_reported', table_name='orders')
    op.drop_index('ix_orders_reported', table_name='orders')
    op.drop_index(op.f('ix_orders_item_state_id'), table_name='orders')
    op.drop_index(op.f('ix_orders_region_department_state_id'), table_name='orders')
