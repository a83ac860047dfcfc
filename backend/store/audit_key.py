"""The key of the audit trail. It is made once at random and kept sealed in the database, so that it outlives a change of the data key."""

from __future__ import annotations

import os

from sqlalchemy import Connection, select

from backend.store.dialect import insert_or_ignore
from backend.store.sealing import Cipher
from backend.store.tables import Tables

NAME = "audit_key"
CONTEXT = b"meta.audit_key"
BYTES = 32


def read_audit_key(connection: Connection, tables: Tables, cipher: Cipher) -> bytes | None:
    """The key, or None in a database that has none yet. Raises SealError under another data key."""
    meta = tables.meta
    sealed = connection.execute(select(meta.c.value).where(meta.c.name == NAME)).scalar()
    return None if sealed is None else cipher.open(bytes(sealed), CONTEXT)


def make_audit_key(connection: Connection, tables: Tables, cipher: Cipher) -> bool:
    """Make the key till commit; False when somebody else just did. Waits for whoever is just making it."""
    sealed = cipher.seal(os.urandom(BYTES), CONTEXT)
    return insert_or_ignore(connection, tables.meta, {"name": NAME, "value": sealed})
