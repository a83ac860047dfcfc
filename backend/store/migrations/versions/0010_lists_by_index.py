"""Lists at a million orders: names are found with their ids in one index, and the orders a worker is asked to do have one.

Revision: 0010.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_index(
        op.f('ix_orders_offered_to'), 'orders', ['offered_to'], unique=False,
        postgresql_where=sa.text('offered_to IS NOT NULL'), sqlite_where=sa.text('offered_to IS NOT NULL'),
    )
    for table, column in (('orders', 'beneficiary_name'), ('elders', 'name')):
        op.create_index(op.f(f'ix_{table}_{column}_id'), table, [column, 'id'], unique=False)
        op.drop_index(op.f(f'ix_{table}_{column}'), table_name=table)


def downgrade() -> None:
    for table, column in (('elders', 'name'), ('orders', 'beneficiary_name')):
        op.create_index(op.f(f'ix_{table}_{column}'), table, [column], unique=False)
        op.drop_index(op.f(f'ix_{table}_{column}_id'), table_name=table)
    op.drop_index(op.f('ix_orders_offered_to'), table_name='orders')
