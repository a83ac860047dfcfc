"""Backups: the whole database at one moment, encrypted, with the counts that a restored copy is checked against.

The first line of a backup is JSON: when, of which kind of database, at which revision, how many rows each table has. Then
follows the database: an SQLite file, or a dump of `pg_dump` in its custom format.
"""

from __future__ import annotations

import os
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import orjson
from sqlalchemy import URL, Connection, func, inspect, select, text

from backend.store.engine import make_engine, parse_url
from backend.store.migrate import current_version
from backend.store.open import Store
from backend.store.sealed_file import SealedFileError, SealedWriter, read_sealed
from backend.store.sealing import Cipher

CHUNK_BYTES = 256 * 1024
LONGEST_HEADER = 64 * 1024


class BackupError(Exception):
    """The backup or the restoring did not work; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What stands in a backup."""

    made_at: datetime
    kind: str  # "sqlite" or "postgresql"
    revision: str
    counts: Mapping[str, int]  # rows by table

    def line(self) -> bytes:
        return orjson.dumps({name: getattr(self, name) for name in self.__slots__}) + b"\n"


def write_backup(store: Store, path: Path, *, now: datetime) -> Contents:
    """Back the database up into a new file that only its owner may read. The house goes on working.

    Raises BackupError, FileExistsError or OSError; then there is no file.
    """
    draft = path.with_name(f".{path.name}.part")
    handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            writer = SealedWriter(file, store.cipher)
            contents = _copy(store, writer, now)
            writer.close()
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # fails when there is such a file already
    finally:
        os.unlink(draft)
    return contents


def restore_backup(path: Path, url: str, cipher: Cipher) -> Contents:
    """Restore into a database that is still empty, and compare what is in it with what was backed up.

    Raises BackupError (of another kind, not empty, not complete) or SealedFileError.
    """
    target = parse_url(url)
    with path.open("rb") as file:
        pieces = read_sealed(file, cipher)
        contents, rest = _header(pieces)
        if contents.kind != target.get_backend_name():
            raise BackupError(f"this is a backup of a {contents.kind} database: restore it into one of these")
        if contents.kind == "sqlite":
            _restore_sqlite(target, rest, pieces)
        else:
            _restore_postgresql(target, rest, pieces)
    _compare(url, contents)
    return contents


def verify_backup(store: Store, path: Path) -> Contents:
    """Restore into a database made for this and thrown away again. Raises what `restore_backup` raises."""
    with _scratch(store.engine.url) as url:
        return restore_backup(path, url, store.cipher)


def _copy(store: Store, writer: SealedWriter, now: datetime) -> Contents:
    if store.engine.dialect.name == "postgresql":
        return _copy_postgresql(store, writer, now)
    with tempfile.TemporaryDirectory(prefix="nuanxian-backup") as folder:
        copied = Path(folder) / "copy.sqlite"
        with sqlite3.connect(str(store.engine.url.database)) as source, sqlite3.connect(copied) as target:
            source.backup(target, pages=1_000)  # in steps, so that writers get their turn
        source.close()
        target.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
        target.close()
        engine = make_engine(f"sqlite:///{copied}")
        with engine.connect() as connection:
            contents = _contents(connection, now)
        engine.dispose()
        writer.write(contents.line())
        with copied.open("rb") as file:
            while piece := file.read(CHUNK_BYTES):
                writer.write(piece)
    return contents


def _copy_postgresql(store: Store, writer: SealedWriter, now: datetime) -> Contents:
    with store.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        contents = _contents(connection, now)
        writer.write(contents.line())
        command = ["pg_dump", "--format=custom", "--no-owner", "--no-acl", f"--snapshot={snapshot}"]
        with _program(command, store.engine.url, stdout=subprocess.PIPE) as dump:
            stream = dump.stdout
            while stream is not None and (piece := stream.read(CHUNK_BYTES)):
                writer.write(piece)
    return contents


def _contents(connection: Connection, now: datetime) -> Contents:
    counts = _counts(connection)
    return Contents(now, connection.dialect.name, str(current_version(connection)), counts)


def _counts(connection: Connection) -> dict[str, int]:
    from sqlalchemy import table

    names = sorted(inspect(connection).get_table_names())
    return {
        name: connection.execute(select(func.count()).select_from(table(name))).scalar_one() for name in names
    }


def _header(pieces: Iterator[bytes]) -> tuple[Contents, bytes]:
    line = bytearray()
    for piece in pieces:
        line += piece
        if b"\n" in line or len(line) > LONGEST_HEADER:
            break
    head, _, rest = bytes(line).partition(b"\n")
    try:
        values = orjson.loads(head)
        made_at = datetime.fromisoformat(values["made_at"])
        return Contents(made_at, values["kind"], values["revision"], values["counts"]), rest
    except (ValueError, KeyError, TypeError):
        raise SealedFileError("the backup is damaged: its first line makes no sense") from None


def _restore_sqlite(target: URL, first: bytes, pieces: Iterator[bytes]) -> None:
    path = Path(str(target.database))
    if path.exists():
        raise BackupError(f"{path} exists: restore into a new file and name that in NUANXIAN_DB")
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.part")
    handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(first)
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    finally:
        os.unlink(draft)


def _restore_postgresql(target: URL, first: bytes, pieces: Iterator[bytes]) -> None:
    engine = make_engine(target.render_as_string(hide_password=False))
    with engine.connect() as connection:
        empty = not inspect(connection).get_table_names()
    engine.dispose()
    if not empty:
        raise BackupError(
            "the database is not empty: restore into a new one (createdb) and name that in NUANXIAN_DB"
        )
    command = ["pg_restore", "--no-owner", "--no-acl", "--exit-on-error", "--single-transaction"]
    with _program(command, target, stdin=subprocess.PIPE) as restore:
        if restore.stdin is not None:
            restore.stdin.write(first)
            for piece in pieces:
                restore.stdin.write(piece)
            restore.stdin.close()


@contextmanager
def _program(command: list[str], url: URL, **pipes: Any) -> Iterator[subprocess.Popen[bytes]]:
    """A program of PostgreSQL on this database; the password goes through its environment, where others can not see it."""
    environment = os.environ | ({"PGPASSWORD": str(url.password)} if url.password else {})
    address = url.set(drivername="postgresql", password=None).render_as_string()
    with tempfile.TemporaryFile() as complaints:
        try:
            running = subprocess.Popen(  # noqa: S603 (a program of ours with arguments of ours)
                [*command, f"--dbname={address}"], env=environment, stderr=complaints, **pipes
            )
        except FileNotFoundError:
            raise BackupError(f"{command[0]} is missing: apt-get install postgresql-client") from None
        try:
            yield running
        except BrokenPipeError:
            pass  # it gave up: its own words say why
        except BaseException:
            running.kill()
            raise
        finally:
            _close(running.stdin, running.stdout)
            status = running.wait()
        complaints.seek(0)
        if status:
            words = complaints.read().decode("utf-8", "replace").strip().splitlines()
            raise BackupError(f"{command[0]} failed: {words[0] if words else status}")


def _close(*pipes: IO[bytes] | None) -> None:
    for pipe in pipes:
        if pipe is not None and not pipe.closed:
            try:
                pipe.close()
            except BrokenPipeError:
                continue


def _compare(url: str, contents: Contents) -> None:
    engine = make_engine(url)
    with engine.connect() as connection:
        found = _counts(connection)
    engine.dispose()
    differing = sorted(
        name for name in found.keys() | contents.counts.keys() if found.get(name) != contents.counts.get(name)
    )
    if differing:
        raise BackupError(f"the restored database differs from what was backed up: {', '.join(differing)}")


@contextmanager
def _scratch(url: URL) -> Iterator[str]:
    """The address of a new database of the same kind, gone afterwards."""
    if url.get_backend_name() == "sqlite":
        with tempfile.TemporaryDirectory(prefix="nuanxian-verify") as folder:
            yield f"sqlite:///{folder}/verify.sqlite"
        return
    name = f"nuanxian_verify_{os.getpid()}"
    engine = make_engine(url.render_as_string(hide_password=False))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))
        try:
            yield url.set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()
