"""The review list: sentences that were not understood.

Revision: 0005.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table('review_sentences',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('key_index', sa.LargeBinary(), nullable=False),
        sa.Column('text', sa.LargeBinary(), nullable=False),
        sa.Column('understood', sa.Text(), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('channel', sa.Text(), nullable=False),
        sa.Column('asked', sa.Text(), nullable=True),
        sa.Column('first_at', sa.DateTime(), nullable=False),
        sa.Column('last_at', sa.DateTime(), nullable=False),
        sa.Column('times', sa.Integer(), nullable=False),
        sa.Column('labels', sa.Text(), nullable=True),
        sa.Column('decided_by', sa.Text(), nullable=True),
        sa.Column('decided_at', sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_review_sentences')),
        sa.UniqueConstraint('key_index', name=op.f('uq_review_sentences_key_index'))
    )
    op.create_index(op.f('ix_review_sentences_decided_at_times_last_at'), 'review_sentences', ['decided_at', 'times', 'last_at'], unique=False)


def downgrade() -> None:
    op.drop_table('review_sentences')
