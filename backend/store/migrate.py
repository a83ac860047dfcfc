"""Brings the tables of a database up to date, and refuses a database that belongs to another key or a newer program."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, select, text
from sqlalchemy.exc import DatabaseError

from backend.store.dialect import insert_or_ignore
from backend.store.engine import READ_ONLY, make_engine
from backend.store.sealing import Cipher, SealError
from backend.store.tables import Tables

HEAD = "0018"  # the newest revision in migrations/versions; a test compares
FOLDER = Path(__file__).parent / "migrations"
KEY_CHECK = "key_check"
CONTEXT = b"meta.key_check"
KNOWN_TEXT = b"nuanxian"
# Any number that is always the same: whoever migrates a PostgreSQL database holds this lock.
MIGRATION_LOCK = 0x6E75616E


class WrongKeyError(Exception):
    """The personal data in this database was sealed with another data key."""


class NewerDatabaseError(Exception):
    """The database was written by a newer version of this program."""


def migrate(url: str) -> bool:
    """Bring the database at `url` up to date. True when something was to be done."""
    engine = make_engine(url)
    try:
        return migrate_engine(engine, None)
    finally:
        engine.dispose()


def migrate_engine(engine: Engine, cipher: Cipher | None) -> bool:
    """The same on an open engine; with `cipher`, also check (or, in a new database, note) whose key it is."""
    with engine.connect().execution_options(**{READ_ONLY: True}) as connection:
        version, check = _state(connection)
    behind = version != HEAD
    if behind:
        _upgrade(engine)
        with engine.connect() as connection:
            check = _state(connection)[1]
    if cipher is not None:
        _check_key(engine, cipher, check)
    return behind


def current_version(connection: Connection) -> str | None:
    """The revision of this database; None when it has no tables of ours."""
    return _state(connection)[0]


def _state(connection: Connection) -> tuple[str | None, bytes | None]:
    """The revision and the key check. Asking and failing is faster than inspecting first."""
    try:
        row = connection.execute(
            text("SELECT version_num, (SELECT value FROM meta WHERE name = :name) FROM alembic_version"),
            {"name": KEY_CHECK},
        ).first()
    except DatabaseError as error:
        connection.rollback()
        if inspect(connection).has_table("alembic_version"):
            raise
        if "no such table" in str(error.orig) or "does not exist" in str(error.orig):
            return None, None
        raise
    if row is None:
        return None, None
    return str(row[0]), None if row[1] is None else bytes(row[1])


def _upgrade(engine: Engine) -> None:
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
        # SQLite: the transaction that begins here holds the write lock, so a second process waits and then finds nothing to do.
        names = set(inspect(connection).get_table_names())
        if not names:
            _create(connection)
        else:
            _run_revisions(connection)
        connection.commit()


def _create(connection: Connection) -> None:
    """A new database gets the present tables at once; running every revision would take ten times as long."""
    Tables(Cipher(bytes(32))).metadata.create_all(
        connection, checkfirst=False
    )  # the key plays no part in creating tables
    connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
    connection.execute(text("INSERT INTO alembic_version (version_num) VALUES (:head)"), {"head": HEAD})


def _run_revisions(connection: Connection) -> None:
    # Imported here: it takes longer than everything else at start-up, and is needed only once a version.
    from alembic import command
    from alembic.util import CommandError

    try:
        command.upgrade(alembic_config(connection), "head")
    except CommandError as error:
        if "locate revision" in str(error):
            raise NewerDatabaseError(
                "this database was written by a newer version of Nuanxian: update the program"
            ) from None
        raise


def alembic_config(connection: Connection):  # type: ignore[no-untyped-def]  # its type would import alembic
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _check_key(engine: Engine, cipher: Cipher, check: bytes | None) -> None:
    if check is None:
        meta = Tables(cipher).meta
        with engine.begin() as connection:
            insert_or_ignore(connection, meta, {"name": KEY_CHECK, "value": cipher.seal(KNOWN_TEXT, CONTEXT)})
            check = connection.execute(select(meta.c.value).where(meta.c.name == KEY_CHECK)).scalar_one()
    try:
        cipher.open(bytes(check), CONTEXT)
    except SealError:
        raise WrongKeyError(
            "the data key does not fit this database: its personal data was sealed with another one. "
            "Give the right one in NUANXIAN_DATA_KEY or var/keys/data.key, or another database with --db."
        ) from None
