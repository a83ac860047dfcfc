"""A line on its own database for every conversation: one empty database is made, every test gets a copy of it."""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from bot.channels.jsonl import JsonLines

Rows = list[dict[str, str]]
NewDatabase = Callable[[Rows], str]
HEADER = [
    "name",
    "phone",
    "birth_date",
    "address",
    "categories",
    "contact_name",
    "contact_phone",
    "contact_relation",
]


@pytest.fixture(scope="session")
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keys and everything else that the installation writes stay in a folder of these tests."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NUANXIAN_HOME", str(home))
        patch.delenv("NUANXIAN_DB", raising=False)
        yield home


@pytest.fixture(scope="session")
def empty_database(own_home: Path) -> Path:
    """A migrated database without people and orders."""
    path = own_home / "empty.sqlite"
    answer = JsonLines(f"sqlite:///{path}").handle(
        {"session": "warm-up", "sender": "warm-up", "text": "你好", "now": "2020-01-01T09:00"}
    )
    assert answer["reply"]
    return path


@pytest.fixture
def new_database(empty_database: Path, tmp_path: Path) -> NewDatabase:
    """Make a database that knows these people; returns its URL."""

    def make(rows: Rows) -> str:
        path = tmp_path / "line.sqlite"
        with sqlite3.connect(empty_database) as source, sqlite3.connect(path) as copy:
            source.backup(copy)
        source.close()
        copy.close()
        url = f"sqlite:///{path}"
        if rows:
            import_rows(url, rows, tmp_path / "people.csv")
        return url

    return make


def import_rows(url: str, rows: Rows, file: Path) -> None:
    """The people import, as `nuanxian people import FILE` does it."""
    from backend.services.import_people import import_people
    from backend.store.open import open_store
    from config.settings import load_settings

    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, HEADER, restval="")
        writer.writeheader()
        writer.writerows(rows)
    store = open_store(load_settings(db=url))
    result = import_people(file, store, today=date(2026, 11, 22))
    store.close()
    assert not result.problems, result.problems
