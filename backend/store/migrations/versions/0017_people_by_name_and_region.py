"""A frequent name is looked for within a region by the index alone, also where nobody bears it.

Revision: 0017.
"""

from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.create_index(op.f('ix_elders_name_id_region'), 'elders', ['name', 'id', 'region'], unique=False)
    op.drop_index(op.f('ix_elders_name_id'), table_name='elders')


def downgrade() -> None:
    op.create_index(op.f('ix_elders_name_id'), 'elders', ['name', 'id'], unique=False)
    op.drop_index(op.f('ix_elders_name_id_region'), table_name='elders')
