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


def test_orders_from_before_the_audit_trail_are_kept_and_chained(url: str, settings: Settings) -> None:
    from alembic import command

    from backend.store.verify import verify

    cipher = Cipher(settings.data_key_bytes())

    def sealed(column: str, value: str) -> bytes:
        return cipher.seal(value.encode(), column.encode())

    engine = make_engine(url)
    with engine.connect() as connection:
        command.upgrade(alembic_config(connection), "0001")
        order = {
            "caller": sealed("orders.caller", "13909510001"), "details": sealed("orders.details", "[]"),
            "session": sealed("orders.session", "s"), "index": b"i" * 16,
        }  # fmt: skip
        for number, state, version in (("11230001", "accepted", 3), ("11230002", "routed", 2)):
            connection.execute(
                text(
                    "INSERT INTO orders (number, item, beneficiary, caller, caller_index, asap, details, session, session_index, "
                    "placed_at, state, department, missing, version) VALUES (:number, 'meal', 'self', :caller, :index, false, "
                    ":details, :session, :index, '2026-11-23 09:10:00', :state, 'home_service', '[]', :version)"
                ),
                order | {"number": number, "state": state, "version": version},
            )
        moves = (("place", "placed"), ("route", "routed"), ("accept", "accepted"))
        for order_id, version in ((1, 1), (2, 1), (1, 2), (2, 2), (1, 3)):
            move, state = moves[version - 1]
            connection.execute(
                text(
                    "INSERT INTO order_history (order_id, version, at, actor, move, state, reason) VALUES (:id, :version, "
                    "'2026-11-23 09:10:00', :actor, :move, :state, :reason)"
                ),
                {"id": order_id, "version": version, "actor": sealed("order_history.actor", "jujia"), "move": move,
                 "state": state, "reason": sealed("order_history.reason", "好")},
            )  # fmt: skip
        connection.commit()
    engine.dispose()
    for _ in range(2):  # chained once, and left alone from then on
        store = open_store(settings, url=url)
        with store.reading() as uow:
            found = uow.orders.get("11230001")
        assert [(row.actor, row.move, row.reason) for row in found.history] == [
            ("jujia", "place", "好"), ("jujia", "route", "好"), ("jujia", "accept", "好"),
        ]  # fmt: skip
        report = verify(store)
        assert (report.broken, report.orders, report.rows) == (None, 2, 5)
        store.close()


def test_tasks_from_before_they_had_a_region_are_everybodys(url: str, settings: Settings) -> None:
    from alembic import command

    cipher = Cipher(settings.data_key_bytes())
    said = {"session": "s", "sender": "13909510001", "text": "我摔倒了", "why": "fall: 摔倒", "told": "[]"}
    engine = make_engine(url)
    with engine.connect() as connection:
        command.upgrade(alembic_config(connection), "0010")
        connection.execute(
            text(
                "INSERT INTO tasks (key_index, kind, rank, session, sender, opened_at, text, why, told) VALUES "
                "(:key, 'emergency', 0, :session, :sender, '2026-11-23 09:10:00', :text, :why, :told)"
            ),
            {name: cipher.seal(value.encode(), f"tasks.{name}".encode()) for name, value in said.items()}
            | {"key": b"i" * 16},
        )
        connection.commit()
    store = open_store(settings, url=url)
    with store.reading() as uow:
        (task,) = uow.tasks.open(regions={"640106"})
    store.close()
    assert (task.text, task.region) == ("我摔倒了", None)
    with engine.connect() as connection:
        command.downgrade(alembic_config(connection), "0010")
        connection.commit()
        assert connection.execute(text("SELECT count(*) FROM tasks")).scalar() == 1
    engine.dispose()
