"""Emergencies, hand-offs and complaints belong to a region; those that stand already stay everybody's.

Revision: 0011.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column('tasks', sa.Column('region', sa.Text(), nullable=True))
    op.drop_index(op.f('ix_tasks_acknowledged_at_rank_id'), table_name='tasks')
    op.create_index(
        op.f('ix_tasks_acknowledged_at_rank_id_region'), 'tasks', ['acknowledged_at', 'rank', 'id', 'region'], unique=False,
    )


def downgrade() -> None:
    op.drop_index(op.f('ix_tasks_acknowledged_at_rank_id_region'), table_name='tasks')
    op.create_index(
        op.f('ix_tasks_acknowledged_at_rank_id'), 'tasks', ['acknowledged_at', 'rank', 'id'], unique=False,
    )
    op.drop_column('tasks', 'region')
