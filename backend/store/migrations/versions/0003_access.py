"""Access: what logins are bound to, one-time codes, API tokens, stored answers, webhooks, and the log of accesses.

Revision: 0003.
"""

import sqlalchemy as sa
from alembic import op

from backend.store.access_tables import ACCESS_LOG_GUARDS

revision = "0003"
down_revision = "0002"

BINDINGS = ("region", "provider", "worker")


def upgrade() -> None:
    for name in BINDINGS:
        op.add_column("staff", sa.Column(name, sa.Text()))
    op.add_column("staff", sa.Column("totp", sa.LargeBinary()))
    op.add_column("staff", sa.Column("totp_step", sa.Integer()))
    op.execute("UPDATE staff SET role = 'inspector' WHERE role = 'supervisor'")
    op.create_table('api_tokens',
        sa.Column('id', sa.Text(), nullable=False),
        sa.Column('digest', sa.LargeBinary(), nullable=False),
        sa.Column('owner', sa.Text(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('scopes', sa.Text(), nullable=False),
        sa.Column('created_at', sa.DateTime(), nullable=False),
        sa.Column('expires_at', sa.DateTime(), nullable=False),
        sa.Column('last_used_at', sa.DateTime(), nullable=True),
        sa.Column('revoked_at', sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_api_tokens')),
        sa.UniqueConstraint('digest', name=op.f('uq_api_tokens_digest'))
    )
    op.create_index(op.f('ix_api_tokens_owner'), 'api_tokens', ['owner'], unique=False)
    op.create_table('api_answers',
        sa.Column('key_index', sa.LargeBinary(), nullable=False),
        sa.Column('request', sa.LargeBinary(), nullable=False),
        sa.Column('at', sa.DateTime(), nullable=False),
        sa.Column('status', sa.Integer(), nullable=True),
        sa.Column('body', sa.LargeBinary(), nullable=True),
        sa.Column('etag', sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint('key_index', name=op.f('pk_api_answers'))
    )
    op.create_index(op.f('ix_api_answers_at'), 'api_answers', ['at'], unique=False)
    op.create_table('access_log',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('at', sa.DateTime(), nullable=False),
        sa.Column('actor', sa.Text(), nullable=False),
        sa.Column('token', sa.Text(), nullable=True),
        sa.Column('action', sa.Text(), nullable=False),
        sa.Column('kind', sa.Text(), nullable=False),
        sa.Column('key', sa.Text(), nullable=False),
        sa.Column('source', sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_access_log'))
    )
    op.create_index(op.f('ix_access_log_kind_key_id'), 'access_log', ['kind', 'key', 'id'], unique=False)
    op.create_index(op.f('ix_access_log_actor_id'), 'access_log', ['actor', 'id'], unique=False)
    for statement in ACCESS_LOG_GUARDS[op.get_bind().dialect.name]:
        op.execute(statement)
    op.create_table('webhooks',
        sa.Column('id', sa.Text(), nullable=False),
        sa.Column('owner', sa.Text(), nullable=False),
        sa.Column('url', sa.LargeBinary(), nullable=False),
        sa.Column('secret', sa.LargeBinary(), nullable=False),
        sa.Column('events', sa.Text(), nullable=False),
        sa.Column('created_at', sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_webhooks'))
    )
    op.create_table('webhook_deliveries',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('webhook', sa.Text(), nullable=False),
        sa.Column('event', sa.Text(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('body', sa.Text(), nullable=False),
        sa.Column('attempts', sa.Integer(), nullable=False),
        sa.Column('next_at', sa.DateTime(), nullable=False),
        sa.Column('state', sa.Text(), nullable=False),
        sa.Column('last_status', sa.Integer(), nullable=True),
        sa.Column('last_error', sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(['webhook'], ['webhooks.id'], name=op.f('fk_webhook_deliveries_webhook'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_deliveries')),
        sa.UniqueConstraint('webhook', 'event', name=op.f('uq_webhook_deliveries_webhook_event'))
    )
    op.create_index(op.f('ix_webhook_deliveries_state_next_at_id'), 'webhook_deliveries', ['state', 'next_at', 'id'], unique=False)


def downgrade() -> None:
    for table in ("webhook_deliveries", "webhooks", "access_log", "api_answers", "api_tokens"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION access_log_is_append_only()")
    with op.batch_alter_table("staff") as staff:
        for name in (*BINDINGS, "totp", "totp_step"):
            staff.drop_column(name)
    op.execute("UPDATE staff SET role = 'supervisor' WHERE role = 'inspector'")
