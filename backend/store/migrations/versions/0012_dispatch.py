"""Plans of days, who is not there, how content people were with whom, and further regions of workers.

Revision: 0012.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column('workers', sa.Column('regions', sa.Text(), nullable=False, server_default='[]'))
    op.create_table('day_plans',
        sa.Column('department', sa.Text(), nullable=False),
        sa.Column('region', sa.Text(), nullable=False),
        sa.Column('day', sa.Date(), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('made_at', sa.DateTime(), nullable=False),
        sa.Column('cause', sa.Text(), nullable=False),
        sa.Column('stops', sa.Text(), nullable=False),
        sa.Column('left_over', sa.Text(), nullable=False),
        sa.Column('reasons', sa.Text(), nullable=False),
        sa.Column('changes', sa.Text(), nullable=False),
        sa.Column('moved_to', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('department', 'region', 'day', name=op.f('pk_day_plans'))
    )
    op.create_index(op.f('ix_day_plans_day'), 'day_plans', ['day'], unique=False)
    op.create_table('absences',
        sa.Column('worker', sa.Text(), nullable=False),
        sa.Column('day', sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(['worker'], ['workers.code'], name=op.f('fk_absences_worker')),
        sa.PrimaryKeyConstraint('worker', 'day', name=op.f('pk_absences'))
    )
    op.create_index(op.f('ix_absences_day'), 'absences', ['day'], unique=False)
    op.create_table('worker_ratings',
        sa.Column('worker', sa.Text(), nullable=False),
        sa.Column('answers', sa.Integer(), nullable=False),
        sa.Column('stars', sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(['worker'], ['workers.code'], name=op.f('fk_worker_ratings_worker')),
        sa.PrimaryKeyConstraint('worker', name=op.f('pk_worker_ratings'))
    )


def downgrade() -> None:
    op.drop_table('worker_ratings')
    op.drop_table('absences')
    op.drop_table('day_plans')
    with op.batch_alter_table('workers') as batch:
        batch.drop_column('regions')
