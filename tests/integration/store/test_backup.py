"""A backup comes back whole, on both databases; a damaged or foreign one is refused in words."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from backend.services.place_order import place_order
from backend.store.backup import BackupError, restore_backup, verify_backup, write_backup
from backend.store.open import Store, open_store
from backend.store.sealed_file import PIECE_BYTES, SealedFileError, SealedWriter, read_sealed
from backend.store.sealing import Cipher
from config.settings import Settings
from tests.integration.store.examples import NOW, elder, place


@pytest.fixture
def filled(store: Store) -> Store:
    with store.unit_of_work() as uow:
        for index in range(5):
            place_order(place(f"k{index}"), uow)
        uow.people.save(elder("k"))
        uow.commit()
    return store


def second(url: str, postgres: str) -> str:
    """Another, empty database of the same kind."""
    if url.startswith("sqlite"):
        return url.replace("store.sqlite", "second.sqlite")
    with psycopg.connect(f"host={postgres} user=postgres dbname=postgres", autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS second WITH (FORCE)")
        connection.execute("CREATE DATABASE second TEMPLATE template0")
    return f"postgresql://postgres@/second?host={postgres}"


def test_a_backup_comes_back_whole(
    filled: Store, url: str, tmp_path: Path, settings: Settings, postgres: str
) -> None:
    path = tmp_path / "b.nxb"
    written = write_backup(filled, path, now=NOW)
    assert written.counts["orders"] == 5 and written.counts["elders"] == 1
    assert path.stat().st_mode & 0o077 == 0
    assert "马秀英".encode() not in path.read_bytes()
    assert verify_backup(filled, path) == written
    other = second(url, postgres)
    assert restore_backup(path, other, filled.cipher) == written
    restored = open_store(settings, url=other)
    with restored.reading() as uow, filled.reading() as before:
        assert uow.orders.queue() == before.orders.queue()
        assert uow.people.find_caller("13909510001").elder is not None
    with restored.unit_of_work() as uow:  # the trail and the outbox go on
        place_order(place("later"), uow)
        uow.commit()
    restored.close()
    with pytest.raises(BackupError, match=r"not empty|exists"):
        restore_backup(path, other, filled.cipher)


def test_a_backup_is_never_written_over_another(filled: Store, tmp_path: Path) -> None:
    path = tmp_path / "b.nxb"
    path.write_bytes(b"precious")
    with pytest.raises(FileExistsError):
        write_backup(filled, path, now=NOW)
    assert path.read_bytes() == b"precious"
    assert list(tmp_path.glob(".*")) == []


def test_another_key_does_not_open_it(filled: Store, tmp_path: Path) -> None:
    path = tmp_path / "b.nxb"
    write_backup(filled, path, now=NOW)
    with pytest.raises(SealedFileError, match="another data key"):
        restore_backup(path, f"sqlite:///{tmp_path}/x.sqlite", Cipher(b"k" * 32))
    assert not (tmp_path / "x.sqlite").exists()


CIPHER = Cipher(bytes(range(32)))


def sealed(path: Path, plain: bytes) -> bytes:
    with path.open("wb") as file:
        writer = SealedWriter(file, CIPHER)
        writer.write(plain)
        writer.close()
    return path.read_bytes()


def opened(path: Path, content: bytes) -> bytes:
    path.write_bytes(content)
    with path.open("rb") as file:
        return b"".join(read_sealed(file, CIPHER))


@pytest.mark.parametrize("size", [0, 1, PIECE_BYTES, PIECE_BYTES + 1, 3 * PIECE_BYTES])
def test_a_sealed_file_of_any_size_opens_again(tmp_path: Path, size: int) -> None:
    plain = bytes(size)
    assert opened(tmp_path / "f", sealed(tmp_path / "f", plain)) == plain


def test_whatever_is_changed_in_a_sealed_file_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "f"
    content = sealed(path, b"a" * (2 * PIECE_BYTES + 5))
    head, piece = 41, 4 + PIECE_BYTES + 16
    first, then, last = (
        content[head : head + piece],
        content[head + piece : head + 2 * piece],
        content[head + 2 * piece :],
    )
    broken = {
        "a bit": content[:100] + bytes([content[100] ^ 1]) + content[101:],
        "cut off": content[:-1],
        "the last piece left out": content[: -len(last)],
        "two pieces swapped": content[:head] + then + first + last,
        "something behind": content + b"x",
        "no backup": b"SQLite format 3\0" + content,
        "nothing": b"",
        "a length that is none": content[:head] + b"\xff\xff\xff\xff" + content[head + 4 :],
    }
    for changed in broken.values():
        with pytest.raises(SealedFileError):
            opened(path, changed)
