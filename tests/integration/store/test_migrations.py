"""The migrations lead to the very tables that the program works with."""

from __future__ import annotations

import subprocess
import sys

import pytest
from sqlalchemy import text

from backend.store.engine import make_engine
from backend.store.migrate import HEAD, NewerDatabaseError, alembic_config, current_version, migrate
from backend.store.open import open_store
from backend.store.sealing import Cipher
from backend.store.tables import Tables
from config.settings import Settings


def test_running_every_revision_gives_the_tables_of_the_program(url: str) -> None:
    from alembic import command
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    engine = make_engine(url)
    with engine.connect() as connection:
        command.upgrade(alembic_config(connection), "head")
        connection.commit()
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, Tables(Cipher(bytes(32))).metadata) == []
        assert current_version(connection) == HEAD
    engine.dispose()


def test_every_revision_can_be_taken_back(url: str) -> None:
    from alembic import command
    from sqlalchemy import inspect

    engine = make_engine(url)
    with engine.connect() as connection:
        config = alembic_config(connection)
        command.upgrade(config, "head")
        command.downgrade(config, "base")
        connection.commit()
        assert set(inspect(connection).get_table_names()) <= {"alembic_version"}
    engine.dispose()


def test_a_new_database_is_brought_to_the_newest_revision_at_once(url: str) -> None:
    assert migrate(url) is True
    assert migrate(url) is False
    engine = make_engine(url)
    with engine.connect() as connection:
        assert current_version(connection) == HEAD
    engine.dispose()


def test_the_newest_revision_is_the_one_the_program_knows() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    from backend.store.migrate import FOLDER

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [HEAD]


def test_a_database_of_a_newer_program_is_refused(url: str, settings: Settings) -> None:
    migrate(url)
    engine = make_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(NewerDatabaseError, match="newer version"):
        open_store(settings, url=url)


def test_opening_a_database_that_is_up_to_date_does_not_load_alembic(url: str) -> None:
    migrate(url)
    script = f"from backend.store.migrate import migrate; import sys; migrate({url!r}); print('alembic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
