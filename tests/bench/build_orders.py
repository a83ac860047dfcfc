"""Fills a PostgreSQL database with people and orders by the million, in the database itself.

The orders of one year: nearly all closed, each with five rows of history and the indexes of a real one. Sealed values are the
same everywhere; hashes are of the right length and mean nothing.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text

from backend.store.open import Store

STATES = "(ARRAY['closed','closed','closed','closed','closed','closed','closed','closed','closed','closed','closed',"
STATES += (
    "'closed','closed','closed','closed','closed','closed','cancelled','routed','accepted'])[1 + n % 20]"
)
SURNAMES = "(ARRAY['马','杨','王','李','张','丁','哈','纳','沙','刘'])[1 + n % 10]"
GIVEN = "(ARRAY['秀英','桂兰','玉梅','建国','志明','生福','淑珍','玉兰','保国'])[1 + n % 9]"
DEPARTMENTS = "(ARRAY['home_service','town','health','repair','civil_affairs'])[1 + n % 5]"
ITEMS = "(ARRAY['meal','errand','nursing','emergency_repair','two_subsidies'])[1 + n % 5]"
# Half of the orders in one county, one in 5,000 in a small one; 彭阳县 has none.
REGIONS = "(CASE WHEN n % 5000 = 18 THEN '640424' WHEN n % 2 = 0 THEN '640106' "
REGIONS += "ELSE (ARRAY['640104','640105','640121','640122','640181','640302','640402'])[1 + n % 7] END)"
ROWS = 5  # of history, an order


def build(store: Store, *, people: int, orders: int, now: datetime, chained: bool = True) -> None:
    """Add people and orders to an empty database. Not `chained`: as they were before there was a trail."""
    sealed = {
        "text": store.cipher.seal("银川市金凤区长城花园3号楼2单元501".encode(), b"orders.place"),
        "phone": store.cipher.seal(b"13900000000", b"orders.phone"),
        "caller": store.cipher.seal(b"13900000000", b"orders.caller"),
        "session": store.cipher.seal(b"s", b"orders.session"),
        "details": store.cipher.seal(b"[]", b"orders.details"),
        "actor": store.cipher.seal(b"system", b"order_history.actor"),
        "elder_phones": store.cipher.seal(b'["13900000000"]', b"elders.phones"),
        "elder_contacts": store.cipher.seal(b"[]", b"elders.contacts"),
        "now": now,
    }
    with store.engine.begin() as connection:
        for statement in (_PEOPLE, _LOOKUP):
            connection.execute(text(statement), sealed | {"count": people})
        history = _HISTORY if chained else _HISTORY.replace(*_UNCHAINED)
        for statement in (_ORDERS, history, _KEYS):
            connection.execute(text(statement), sealed | {"count": orders, "people": people})
        for table, column in (("orders", "id"), ("elders", "id"), ("order_history", "seq")):
            connection.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), max({column})) FROM {table}"
                )
            )
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


_PEOPLE = f"""
INSERT INTO elders (id, key, name, phones, region, categories, tags, entitlements, pace, loudness, contacts, consent)
SELECT n, 'key' || n, {SURNAMES} || {GIVEN} || n % 100, :elder_phones, '640106', '[]', '[]', '[]', 0, 0, :elder_contacts, true
FROM generate_series(1, :count) AS n"""
_LOOKUP = """
INSERT INTO elder_lookup (sender_index, kind, elder_id, position)
SELECT substr(sha256(('e' || n)::bytea), 1, 16), 'phone', n, 0 FROM generate_series(1, :count) AS n"""
_ORDERS = f"""
INSERT INTO orders (id, number, item, beneficiary, beneficiary_name, elder_id, caller, caller_index, wanted_iso, asap, place, phone,
    phone_index, details, session, session_index, placed_at, state, department, assignee, missing, version, region, escalation)
SELECT n, '0000' || n, {ITEMS}, 'self', {SURNAMES} || {GIVEN} || n % 100, 1 + n % :people, :caller,
    substr(sha256(('c' || n % :people)::bytea), 1, 16), '2026-11-24T12:00', false, :text, :phone,
    substr(sha256(('c' || n % :people)::bytea), 1, 16), :details, :session, substr(sha256(('s' || n)::bytea), 1, 16),
    CAST(:now AS timestamp) - (:count - n) * interval '30 seconds', {STATES}, {DEPARTMENTS}, 'w' || n % 4000, '[]', {ROWS},
    {REGIONS}, 0
FROM generate_series(1, :count) AS n"""
_HISTORY = f"""
INSERT INTO order_history (seq, order_id, version, at, move, state, origin, actor, digest, previous, hash)
SELECT (n - 1) * {ROWS} + v, n, v, CAST(:now AS timestamp) - (:count - n) * interval '30 seconds',
    (ARRAY['place','route','accept','finish','close'])[v], (ARRAY['placed','routed','accepted','done','closed'])[v], 'phone',
    :actor, sha256('d'), sha256((n || ':' || v - 1)::bytea), sha256((n || ':' || v)::bytea)
FROM generate_series(1, :count) AS n, generate_series(1, {ROWS}) AS v"""
_UNCHAINED = (
    "sha256('d'), sha256((n || ':' || v - 1)::bytea), sha256((n || ':' || v)::bytea)",
    "NULL, NULL, NULL",
)
_KEYS = "INSERT INTO order_keys (key_index, number) SELECT substr(sha256(('k' || n)::bytea), 1, 16), '0000' || n FROM generate_series(1, :count) AS n"
