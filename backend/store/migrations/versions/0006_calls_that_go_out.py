"""Calls that the line makes: when each is due, who is making it, what came of it; and who wants none.

Revision: 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column('outbound_calls', sa.Column('due_at', sa.DateTime(), nullable=True))
    op.execute("UPDATE outbound_calls SET due_at = wanted_at")
    op.add_column('outbound_calls', sa.Column('leased_until', sa.DateTime(), nullable=True))
    op.add_column('outbound_calls', sa.Column('claims', sa.Integer(), nullable=False, server_default='0'))
    op.add_column('outbound_calls', sa.Column('tried', sa.Text(), nullable=False, server_default='[]'))
    with op.batch_alter_table('outbound_calls') as batch:
        batch.alter_column('due_at', existing_type=sa.DateTime(), nullable=False)
        batch.alter_column('claims', existing_type=sa.Integer(), server_default=None)
        batch.alter_column('tried', existing_type=sa.Text(), server_default=None)
    op.create_index(op.f('ix_outbound_calls_state_due_at'), 'outbound_calls', ['state', 'due_at'], unique=False)
    op.drop_index(op.f('ix_outbound_calls_state_wanted_at'), table_name='outbound_calls')
    op.create_table('do_not_call',
        sa.Column('number_index', sa.LargeBinary(), nullable=False),
        sa.Column('asked_at', sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint('number_index', name=op.f('pk_do_not_call'))
    )


def downgrade() -> None:
    op.drop_table('do_not_call')
    op.create_index(op.f('ix_outbound_calls_state_wanted_at'), 'outbound_calls', ['state', 'wanted_at'], unique=False)
    op.drop_index(op.f('ix_outbound_calls_state_due_at'), table_name='outbound_calls')
    with op.batch_alter_table('outbound_calls') as batch:
        for name in ('tried', 'claims', 'leased_until', 'due_at'):
            batch.drop_column(name)
