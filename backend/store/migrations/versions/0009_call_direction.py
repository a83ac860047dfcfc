"""Calls that we made stand in the list of calls; wanted calls know their order or person; what people said of how they are.

Revision: 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0007"


def upgrade() -> None:
    op.add_column('calls', sa.Column('direction', sa.Text(), nullable=False, server_default='in'))
    op.add_column('calls', sa.Column('purpose', sa.Text(), nullable=True))
    op.add_column('outbound_calls', sa.Column('order_number', sa.Text(), nullable=True))
    op.add_column('outbound_calls', sa.Column('elder_id', sa.Integer(), nullable=True))
    op.create_table('care_records',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('elder_id', sa.Integer(), nullable=False),
        sa.Column('at', sa.DateTime(), nullable=False),
        sa.Column('way', sa.Text(), nullable=False),
        sa.Column('session_index', sa.LargeBinary(), nullable=False),
        sa.Column('answers', sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(['elder_id'], ['elders.id'], name=op.f('fk_care_records_elder_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_care_records'))
    )
    op.create_index(op.f('ix_care_records_elder_id_at'), 'care_records', ['elder_id', 'at'], unique=False)
    op.create_index(op.f('ix_care_records_session_index'), 'care_records', ['session_index'], unique=False)


def downgrade() -> None:
    op.drop_table('care_records')
    with op.batch_alter_table('outbound_calls') as batch:
        for name in ('elder_id', 'order_number'):
            batch.drop_column(name)
    with op.batch_alter_table('calls') as batch:
        for name in ('purpose', 'direction'):
            batch.drop_column(name)
