"""Relatives, their codes, alerts, letters, and calls to be made.

Revision: 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def rights() -> list[sa.Column[bool]]:
    return [sa.Column(name, sa.Boolean(), nullable=False) for name in ("may_order", "may_see", "emergency")]


def upgrade() -> None:
    op.add_column('elder_lookup', sa.Column('rights', sa.Text(), nullable=True))
    op.create_table('family_bindings',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('elder_id', sa.Integer(), nullable=False),
        sa.Column('sender_index', sa.LargeBinary(), nullable=False),
        sa.Column('sender', sa.LargeBinary(), nullable=False),
        sa.Column('relation', sa.Text(), nullable=False),
        *rights(),
        sa.Column('bound_at', sa.DateTime(), nullable=False),
        sa.Column('bound_by', sa.Text(), nullable=False),
        sa.Column('revoked_at', sa.DateTime(), nullable=True),
        sa.Column('revoked_by', sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(['elder_id'], ['elders.id'], name=op.f('fk_family_bindings_elder_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_family_bindings')),
        sa.UniqueConstraint('sender_index', 'elder_id', name=op.f('uq_family_bindings_sender_index_elder_id'))
    )
    op.create_index(op.f('ix_family_bindings_elder_id'), 'family_bindings', ['elder_id'], unique=False)
    op.create_table('family_codes',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('code_index', sa.LargeBinary(), nullable=False),
        sa.Column('elder_id', sa.Integer(), nullable=False),
        sa.Column('kind', sa.Text(), nullable=False),
        *rights(),
        sa.Column('issued_at', sa.DateTime(), nullable=False),
        sa.Column('issued_by', sa.Text(), nullable=False),
        sa.Column('ends_at', sa.DateTime(), nullable=False),
        sa.Column('used_at', sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(['elder_id'], ['elders.id'], name=op.f('fk_family_codes_elder_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_family_codes')),
        sa.UniqueConstraint('code_index', name=op.f('uq_family_codes_code_index'))
    )
    op.create_index(op.f('ix_family_codes_elder_id'), 'family_codes', ['elder_id'], unique=False)
    op.create_table('family_guesses',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('sender_index', sa.LargeBinary(), nullable=False),
        sa.Column('at', sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_family_guesses'))
    )
    op.create_index(op.f('ix_family_guesses_at'), 'family_guesses', ['at'], unique=False)
    op.create_index(op.f('ix_family_guesses_sender_index_at'), 'family_guesses', ['sender_index', 'at'], unique=False)
    op.create_table('family_alerts',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('task_id', sa.Integer(), nullable=False),
        sa.Column('sender_index', sa.LargeBinary(), nullable=False),
        sa.Column('person', sa.LargeBinary(), nullable=False),
        sa.Column('told_at', sa.DateTime(), nullable=False),
        sa.Column('acknowledged_at', sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(['task_id'], ['tasks.id'], name=op.f('fk_family_alerts_task_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_family_alerts')),
        sa.UniqueConstraint('task_id', 'sender_index', name=op.f('uq_family_alerts_task_id_sender_index'))
    )
    op.create_index(op.f('ix_family_alerts_sender_index'), 'family_alerts', ['sender_index'], unique=False)
    op.create_index(op.f('ix_family_alerts_task_id'), 'family_alerts', ['task_id'], unique=False)
    op.create_table('mail',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('key_index', sa.LargeBinary(), nullable=False),
        sa.Column('box', sa.Text(), nullable=False),
        sa.Column('lane_index', sa.LargeBinary(), nullable=False),
        sa.Column('body', sa.LargeBinary(), nullable=False),
        sa.Column('state', sa.Text(), nullable=False),
        sa.Column('attempts', sa.Integer(), nullable=False),
        sa.Column('posted_at', sa.DateTime(), nullable=False),
        sa.Column('due_at', sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_mail')),
        sa.UniqueConstraint('key_index', name=op.f('uq_mail_key_index'))
    )
    op.create_index(op.f('ix_mail_box_lane_index_state_id'), 'mail', ['box', 'lane_index', 'state', 'id'], unique=False)
    op.create_index(op.f('ix_mail_box_state_due_at'), 'mail', ['box', 'state', 'due_at'], unique=False)
    op.create_table('outbound_calls',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('key_index', sa.LargeBinary(), nullable=False),
        sa.Column('phone', sa.LargeBinary(), nullable=False),
        sa.Column('text', sa.LargeBinary(), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.Column('urgent', sa.Boolean(), nullable=False),
        sa.Column('wanted_at', sa.DateTime(), nullable=False),
        sa.Column('state', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_outbound_calls')),
        sa.UniqueConstraint('key_index', name=op.f('uq_outbound_calls_key_index'))
    )
    op.create_index(op.f('ix_outbound_calls_state_wanted_at'), 'outbound_calls', ['state', 'wanted_at'], unique=False)


def downgrade() -> None:
    for table in ('outbound_calls', 'mail', 'family_alerts', 'family_guesses', 'family_codes', 'family_bindings'):
        op.drop_table(table)
    op.execute("DELETE FROM elder_lookup WHERE kind = 'family'")
    op.drop_column('elder_lookup', 'rights')
