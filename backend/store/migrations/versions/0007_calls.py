"""The index of recorded calls.

Revision: 0007.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table('calls',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('session_index', sa.LargeBinary(), nullable=False),
        sa.Column('session', sa.LargeBinary(), nullable=False),
        sa.Column('caller_index', sa.LargeBinary(), nullable=False),
        sa.Column('caller', sa.LargeBinary(), nullable=False),
        sa.Column('began', sa.DateTime(), nullable=False),
        sa.Column('ended', sa.DateTime(), nullable=True),
        sa.Column('length_s', sa.Integer(), nullable=True),
        sa.Column('reason', sa.Text(), nullable=True),
        sa.Column('flags', sa.Text(), nullable=False),
        sa.Column('orders', sa.Text(), nullable=False),
        sa.Column('withdrawn', sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_calls'))
    )
    op.create_index(op.f('ix_calls_began'), 'calls', ['began'], unique=False)
    op.create_index(op.f('ix_calls_caller_index'), 'calls', ['caller_index'], unique=False)
    op.create_index(op.f('ix_calls_session_index'), 'calls', ['session_index'], unique=False)


def downgrade() -> None:
    op.drop_table('calls')
