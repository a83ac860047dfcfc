"""A plan of a day remembers which orders it saw, and whether it was taken over.

Revision: 0015.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("day_plans", sa.Column("seen", sa.Text(), server_default="{}", nullable=False))
    op.add_column("day_plans", sa.Column("adoption", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("day_plans", "adoption")
    op.drop_column("day_plans", "seen")
