"""The queue of a county is found by its index, however many orders the others have.

Revision: 0013.
"""

from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_index(op.f('ix_orders_region_state_id'), 'orders', ['region', 'state', 'id'], unique=False)


def downgrade() -> None:
    op.drop_index(op.f('ix_orders_region_state_id'), table_name='orders')
