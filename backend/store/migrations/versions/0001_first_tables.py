"""The first tables: people, orders, tasks, contacts, staff, providers.

Revision: 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table('contact_lines',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('session_index', sa.LargeBinary(), nullable=False),
        sa.Column('at', sa.DateTime(), nullable=False),
        sa.Column('who', sa.Text(), nullable=False),
        sa.Column('text', sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_contact_lines'))
    )
    op.create_index(op.f('ix_contact_lines_session_index_id'), 'contact_lines', ['session_index', 'id'], unique=False)
    op.create_table('contact_replies',
        sa.Column('message_index', sa.LargeBinary(), nullable=False),
        sa.Column('reply', sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint('message_index', name=op.f('pk_contact_replies'))
    )
    op.create_table('contacts',
        sa.Column('session_index', sa.LargeBinary(), nullable=False),
        sa.Column('session', sa.LargeBinary(), nullable=False),
        sa.Column('sender', sa.LargeBinary(), nullable=False),
        sa.Column('sender_index', sa.LargeBinary(), nullable=False),
        sa.Column('channel', sa.Text(), nullable=False),
        sa.Column('memory', sa.LargeBinary(), nullable=False),
        sa.Column('updated_at', sa.DateTime(), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint('session_index', name=op.f('pk_contacts'))
    )
    op.create_index(op.f('ix_contacts_sender_index_updated_at'), 'contacts', ['sender_index', 'updated_at'], unique=False)
    op.create_table('counters',
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('last', sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint('name', name=op.f('pk_counters'))
    )
    op.create_table('elders',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('key', sa.Text(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('phones', sa.LargeBinary(), nullable=True),
        sa.Column('address', sa.LargeBinary(), nullable=True),
        sa.Column('region', sa.Text(), nullable=True),
        sa.Column('id_number', sa.LargeBinary(), nullable=True),
        sa.Column('birth_date', sa.Date(), nullable=True),
        sa.Column('gender', sa.Text(), nullable=True),
        sa.Column('categories', sa.Text(), nullable=False),
        sa.Column('tags', sa.Text(), nullable=False),
        sa.Column('ability_grade', sa.Integer(), nullable=True),
        sa.Column('entitlements', sa.Text(), nullable=False),
        sa.Column('language', sa.Text(), nullable=True),
        sa.Column('pace', sa.Integer(), nullable=False),
        sa.Column('loudness', sa.Integer(), nullable=False),
        sa.Column('contacts', sa.LargeBinary(), nullable=True),
        sa.Column('consent', sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_elders')),
        sa.UniqueConstraint('key', name=op.f('uq_elders_key'))
    )
    op.create_index(op.f('ix_elders_name'), 'elders', ['name'], unique=False)
    op.create_table('meta',
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('value', sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint('name', name=op.f('pk_meta'))
    )
    op.create_table('order_keys',
        sa.Column('key_index', sa.LargeBinary(), nullable=False),
        sa.Column('number', sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint('key_index', name=op.f('pk_order_keys'))
    )
    op.create_table('providers',
        sa.Column('code', sa.Text(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('department', sa.Text(), nullable=False),
        sa.Column('region', sa.Text(), nullable=False),
        sa.Column('items', sa.Text(), nullable=False),
        sa.Column('phone', sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint('code', name=op.f('pk_providers'))
    )
    op.create_index(op.f('ix_providers_department'), 'providers', ['department'], unique=False)
    op.create_index(op.f('ix_providers_region'), 'providers', ['region'], unique=False)
    op.create_table('staff',
        sa.Column('login', sa.Text(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('role', sa.Text(), nullable=False),
        sa.Column('password_hash', sa.Text(), nullable=False),
        sa.Column('department', sa.Text(), nullable=True),
        sa.Column('active', sa.Boolean(), nullable=False),
        sa.Column('demo', sa.Boolean(), nullable=False),
        sa.Column('failures', sa.Integer(), nullable=False),
        sa.Column('locked_until', sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint('login', name=op.f('pk_staff'))
    )
    op.create_table('elder_lookup',
        sa.Column('sender_index', sa.LargeBinary(), nullable=False),
        sa.Column('kind', sa.Text(), nullable=False),
        sa.Column('elder_id', sa.Integer(), nullable=False),
        sa.Column('position', sa.Integer(), nullable=False),
        sa.Column('relation', sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(['elder_id'], ['elders.id'], name=op.f('fk_elder_lookup_elder_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('sender_index', 'kind', 'elder_id', name=op.f('pk_elder_lookup')),
        sqlite_with_rowid=False
    )
    op.create_index(op.f('ix_elder_lookup_elder_id'), 'elder_lookup', ['elder_id'], unique=False)
    op.create_table('orders',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('number', sa.Text(), nullable=False),
        sa.Column('item', sa.Text(), nullable=False),
        sa.Column('beneficiary', sa.Text(), nullable=False),
        sa.Column('beneficiary_name', sa.Text(), nullable=True),
        sa.Column('elder_id', sa.Integer(), nullable=True),
        sa.Column('caller', sa.LargeBinary(), nullable=False),
        sa.Column('caller_index', sa.LargeBinary(), nullable=False),
        sa.Column('wanted_iso', sa.Text(), nullable=True),
        sa.Column('asap', sa.Boolean(), nullable=False),
        sa.Column('recurrence', sa.Text(), nullable=True),
        sa.Column('place', sa.LargeBinary(), nullable=True),
        sa.Column('phone', sa.LargeBinary(), nullable=True),
        sa.Column('phone_index', sa.LargeBinary(), nullable=True),
        sa.Column('details', sa.LargeBinary(), nullable=False),
        sa.Column('session', sa.LargeBinary(), nullable=False),
        sa.Column('session_index', sa.LargeBinary(), nullable=False),
        sa.Column('placed_at', sa.DateTime(), nullable=False),
        sa.Column('state', sa.Text(), nullable=False),
        sa.Column('department', sa.Text(), nullable=True),
        sa.Column('assignee', sa.Text(), nullable=True),
        sa.Column('missing', sa.Text(), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(['elder_id'], ['elders.id'], name=op.f('fk_orders_elder_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_orders')),
        sa.UniqueConstraint('number', name=op.f('uq_orders_number'))
    )
    op.create_index(op.f('ix_orders_beneficiary_name'), 'orders', ['beneficiary_name'], unique=False)
    op.create_index(op.f('ix_orders_caller_index'), 'orders', ['caller_index'], unique=False)
    op.create_index(op.f('ix_orders_department_state_id'), 'orders', ['department', 'state', 'id'], unique=False)
    op.create_index(op.f('ix_orders_elder_id'), 'orders', ['elder_id'], unique=False)
    op.create_index(op.f('ix_orders_phone_index'), 'orders', ['phone_index'], unique=False)
    op.create_index(op.f('ix_orders_session_index'), 'orders', ['session_index'], unique=False)
    op.create_index(op.f('ix_orders_state_id'), 'orders', ['state', 'id'], unique=False)
    op.create_table('tasks',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('key_index', sa.LargeBinary(), nullable=False),
        sa.Column('kind', sa.Text(), nullable=False),
        sa.Column('rank', sa.Integer(), nullable=False),
        sa.Column('session', sa.LargeBinary(), nullable=False),
        sa.Column('sender', sa.LargeBinary(), nullable=False),
        sa.Column('opened_at', sa.DateTime(), nullable=False),
        sa.Column('text', sa.LargeBinary(), nullable=False),
        sa.Column('why', sa.LargeBinary(), nullable=False),
        sa.Column('who', sa.Text(), nullable=True),
        sa.Column('place', sa.LargeBinary(), nullable=True),
        sa.Column('phone', sa.LargeBinary(), nullable=True),
        sa.Column('elder_id', sa.Integer(), nullable=True),
        sa.Column('order_number', sa.Text(), nullable=True),
        sa.Column('told', sa.LargeBinary(), nullable=False),
        sa.Column('acknowledged_at', sa.DateTime(), nullable=True),
        sa.Column('acknowledged_by', sa.Text(), nullable=True),
        sa.Column('note', sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(['elder_id'], ['elders.id'], name=op.f('fk_tasks_elder_id')),
        sa.PrimaryKeyConstraint('id', name=op.f('pk_tasks')),
        sa.UniqueConstraint('key_index', name=op.f('uq_tasks_key_index'))
    )
    op.create_index(op.f('ix_tasks_acknowledged_at_rank_id'), 'tasks', ['acknowledged_at', 'rank', 'id'], unique=False)
    op.create_table('workers',
        sa.Column('code', sa.Text(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('provider', sa.Text(), nullable=False),
        sa.Column('region', sa.Text(), nullable=False),
        sa.Column('items', sa.Text(), nullable=False),
        sa.Column('phone', sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(['provider'], ['providers.code'], name=op.f('fk_workers_provider')),
        sa.PrimaryKeyConstraint('code', name=op.f('pk_workers'))
    )
    op.create_index(op.f('ix_workers_provider'), 'workers', ['provider'], unique=False)
    op.create_table('order_history',
        sa.Column('order_id', sa.Integer(), nullable=False),
        sa.Column('version', sa.Integer(), nullable=False),
        sa.Column('at', sa.DateTime(), nullable=False),
        sa.Column('actor', sa.LargeBinary(), nullable=False),
        sa.Column('move', sa.Text(), nullable=False),
        sa.Column('state', sa.Text(), nullable=False),
        sa.Column('reason', sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(['order_id'], ['orders.id'], name=op.f('fk_order_history_order_id'), ondelete='CASCADE'),
        sa.PrimaryKeyConstraint('order_id', 'version', name=op.f('pk_order_history'))
    )


def downgrade() -> None:
    op.drop_table('order_history')
    op.drop_index(op.f('ix_workers_provider'), table_name='workers')
    op.drop_table('workers')
    op.drop_index(op.f('ix_tasks_acknowledged_at_rank_id'), table_name='tasks')
    op.drop_table('tasks')
    op.drop_index(op.f('ix_orders_state_id'), table_name='orders')
    op.drop_index(op.f('ix_orders_session_index'), table_name='orders')
    op.drop_index(op.f('ix_orders_phone_index'), table_name='orders')
    op.drop_index(op.f('ix_orders_elder_id'), table_name='orders')
    op.drop_index(op.f('ix_orders_department_state_id'), table_name='orders')
    op.drop_index(op.f('ix_orders_caller_index'), table_name='orders')
    op.drop_index(op.f('ix_orders_beneficiary_name'), table_name='orders')
    op.drop_table('orders')
    op.drop_index(op.f('ix_elder_lookup_elder_id'), table_name='elder_lookup')
    op.drop_table('elder_lookup')
    op.drop_table('staff')
    op.drop_index(op.f('ix_providers_region'), table_name='providers')
    op.drop_index(op.f('ix_providers_department'), table_name='providers')
    op.drop_table('providers')
    op.drop_table('order_keys')
    op.drop_table('meta')
    op.drop_index(op.f('ix_elders_name'), table_name='elders')
    op.drop_table('elders')
    op.drop_table('counters')
    op.drop_index(op.f('ix_contacts_sender_index_updated_at'), table_name='contacts')
    op.drop_table('contacts')
    op.drop_table('contact_replies')
    op.drop_index(op.f('ix_contact_lines_session_index_id'), table_name='contact_lines')
    op.drop_table('contact_lines')
