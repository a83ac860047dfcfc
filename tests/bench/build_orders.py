"""Fills a PostgreSQL database with people and orders by the million, in the database itself.

The orders of one year: nine of ten closed, each with five rows of history, the clocks of those that are open, and the indexes of a
real one. Sealed values are the same everywhere; hashes are of the right length and mean nothing. Everything is drawn by a hash of
the order's number, so that two builds are alike and no column follows from another unless it is said here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import text

from backend.domain.order import OPEN
from backend.services.access import load_matrix
from backend.store.open import Store

ROWS = 5  # of history, an order
WORKERS = 4_000
# Where the orders are: half of them in one county with its towns, one in 5,000 in a small one, none in another, one in 200 nowhere yet.
HALF, FEW, NONE = "640106", "640424", "640425"
STRANGER = "repair"  # a department with many orders everywhere, and none of them in the county that has half
NEVER = "2126-01-01"  # when the clocks of built orders speak: no benchmark shall find them due


def _drawn(seed: int, many: int) -> str:
    """SQL: a number below `many`, drawn anew for each order `n`; different seeds have nothing to do with each other."""
    return f"((hashint8extended(n, {seed}) & 9223372036854775807) % {many})"


def _one_of(values: Sequence[str], seed: int) -> str:
    listed = ",".join(f"'{value}'" for value in values)
    return f"(ARRAY[{listed}])[1 + {_drawn(seed, len(values))}]"


def _others() -> list[str]:
    within = load_matrix().within
    left_out = within[HALF] | within[FEW] | within[NONE]
    return sorted(code for code, inner in within.items() if not code.endswith("00") and not inner & left_out)


OPEN_LISTED = ",".join(f"'{state}'" for state in sorted(OPEN))
STATES = (
    ("closed",) * 85
    + ("cancelled",) * 5
    + ("routed",) * 3
    + ("accepted",) * 3
    + ("offered", "paused", "started", "done")
)
DEPARTMENTS = ("home_service", "town", "health", "repair", "civil_affairs")
ITEMS = ("meal", "errand", "nursing", "emergency_repair", "two_subsidies")  # one of each of these departments
RARE = "employment_support"  # one order in 20,000 is of this item
NAMES = f"{_one_of('马杨王李张丁哈纳沙刘', 1)} || {_one_of(('秀英', '桂兰', '玉梅', '建国', '志明', '生福', '淑珍', '玉兰', '保国'), 2)}"
NAMES += f" || {_drawn(3, 100)}"
REGIONS = f"""(CASE WHEN {_drawn(4, 5000)} = 0 THEN '{FEW}' WHEN {_drawn(4, 200)} = 1 THEN NULL
    WHEN {_drawn(4, 2)} = 0 THEN {_one_of(sorted(load_matrix().within[HALF]), 5)} ELSE {_one_of(_others(), 5)} END)"""


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
    history = _HISTORY if chained else _HISTORY.replace(*_UNCHAINED)
    told = sealed | {"orders": orders, "people": people}
    with store.engine.begin() as connection:
        for setting in _FAST:
            connection.execute(text(f"SET LOCAL {setting}"))
        indexes = connection.execute(text(_INDEXES)).all()
        for name, _ in indexes:
            connection.execute(text(f"DROP INDEX {name}"))
        for statement in (_PEOPLE, _LOOKUP, _ORDERS, history, _KEYS, _CLOCKS):
            connection.execute(text(statement), told)
        for _, definition in indexes:
            connection.execute(text(definition))
        for table, column in (("orders", "id"), ("elders", "id"), ("order_history", "seq")):
            connection.execute(
                text(
                    f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), max({column})) FROM {table}"
                )
            )
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


# Every elder and order is known to be there: looking for each of them, and keeping indexes in order row by row, takes five times as long.
_FAST = ("session_replication_role = replica", "maintenance_work_mem = '256MB'")
_INDEXES = """
SELECT indexname, indexdef FROM pg_indexes
WHERE tablename IN ('elders', 'elder_lookup', 'orders', 'deadlines') AND indexname LIKE 'ix%'"""
_PEOPLE = f"""
INSERT INTO elders (id, key, name, phones, region, categories, tags, entitlements, pace, loudness, contacts, consent)
SELECT n, 'key' || n, {NAMES}, :elder_phones, {REGIONS}, '[]', '[]', '[]', 0, 0, :elder_contacts, true
FROM generate_series(1, :people) AS n"""
_LOOKUP = """
INSERT INTO elder_lookup (sender_index, kind, elder_id, position)
SELECT substr(sha256(('e' || n)::bytea), 1, 16), 'phone', n, 0 FROM generate_series(1, :people) AS n"""
_ORDERS = f"""
INSERT INTO orders (id, number, item, beneficiary, beneficiary_name, elder_id, caller, caller_index, wanted_iso, asap, place, phone,
    phone_index, details, session, session_index, placed_at, state, department, assignee, offered_to, missing, version, region, escalation)
SELECT n, '0000' || n, CASE WHEN {_drawn(6, 20_000)} = 0 THEN '{RARE}' ELSE item END, 'self', {NAMES}, 1 + n % :people, :caller,
    substr(sha256(('c' || n % :people)::bytea), 1, 16), '2026-11-24T12:00', {_drawn(7, 33)} = 0, :text, :phone,
    substr(sha256(('c' || n % :people)::bytea), 1, 16), :details, :session, substr(sha256(('s' || n)::bytea), 1, 16),
    CAST(:now AS timestamp) - (:orders - n) * interval '30 seconds', state,
    CASE WHEN department = '{STRANGER}' AND region LIKE '{HALF}%' THEN 'town' ELSE department END,
    CASE WHEN state NOT IN ('routed', 'offered') THEN 'w' || worker END, CASE WHEN state = 'offered' THEN 'w' || worker END,
    '[]', {ROWS}, region, CASE WHEN {_drawn(8, 10)} = 0 THEN 1 ELSE 0 END
FROM (
    SELECT n, {_one_of(STATES, 9)} AS state, {_one_of(ITEMS, 10)} AS item, {_one_of(DEPARTMENTS, 10)} AS department,
        {_drawn(11, WORKERS)} AS worker, {REGIONS} AS region
    FROM generate_series(1, :orders) AS n
) AS drawn"""
_HISTORY = f"""
INSERT INTO order_history (seq, order_id, version, at, move, state, origin, actor, digest, previous, hash)
SELECT (n - 1) * {ROWS} + v, n, v, CAST(:now AS timestamp) - (:orders - n) * interval '30 seconds',
    (ARRAY['place','route','accept','finish','close'])[v], (ARRAY['placed','routed','accepted','done','closed'])[v], 'phone',
    :actor, sha256('d'), sha256((n || ':' || v - 1)::bytea), sha256((n || ':' || v)::bytea)
FROM generate_series(1, :orders) AS n, generate_series(1, {ROWS}) AS v"""
_UNCHAINED = (
    "sha256('d'), sha256((n || ':' || v - 1)::bytea), sha256((n || ':' || v)::bytea)",
    "NULL, NULL, NULL",
)
_KEYS = "INSERT INTO order_keys (key_index, number) SELECT substr(sha256(('k' || n)::bytea), 1, 16), '0000' || n FROM generate_series(1, :orders) AS n"
_CLOCKS = f"""
INSERT INTO deadlines (number, step, level, due_at, next_at)
SELECT number, step, escalation * 2, CASE WHEN escalation > 0 THEN placed_at ELSE '{NEVER}' END, '{NEVER}'
FROM orders, unnest(ARRAY['accept', 'finish']) AS step WHERE state IN ({OPEN_LISTED})"""
