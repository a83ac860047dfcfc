"""A login counts how often its screens were signed out: a cookie from before opens nothing, also when the login is opened again.

Revision: 0014.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column('staff', sa.Column('sign_outs', sa.Integer(), server_default='0', nullable=False))


def downgrade() -> None:
    op.drop_column('staff', 'sign_outs')
