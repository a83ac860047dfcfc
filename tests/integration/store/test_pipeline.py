"""Statements without an answer on PostgreSQL: nothing is lost, nothing overtakes, and errors come out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import (
    Column,
    Engine,
    Insert,
    Integer,
    MetaData,
    Select,
    Table,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)  # fmt: skip
from sqlalchemy.exc import IntegrityError, OperationalError

from backend.store.engine import make_engine, read_only
from backend.store.pipeline import QUESTION, UNANSWERED

NUMBERS = Table("numbers", MetaData(), Column("number", Integer, primary_key=True))


@pytest.fixture
def engine(postgres_url: str) -> Iterator[Engine]:
    engine = make_engine(postgres_url)
    NUMBERS.metadata.create_all(engine)
    yield engine
    engine.dispose()


def add() -> Insert:
    return insert(NUMBERS).inline().execution_options(**UNANSWERED)


def stored(engine: Engine) -> list[int]:
    with engine.connect() as connection:
        return list(connection.execute(select(NUMBERS.c.number).order_by(NUMBERS.c.number)).scalars())


def test_what_is_held_is_stored_with_the_commit(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(add(), {"number": 1})
        connection.execute(add(), [{"number": 2}, {"number": 3}])
        connection.commit()
    assert stored(engine) == [1, 2, 3]


def test_a_question_sees_what_was_held_before_it(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(add(), {"number": 1})
        assert connection.execute(select(func.count()).select_from(NUMBERS)).scalar() == 1
        connection.execute(add(), {"number": 2})
        assert connection.execute(update(NUMBERS).values(number=NUMBERS.c.number + 10)).rowcount == 2


def test_without_a_commit_nothing_of_it_is_stored(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(add(), {"number": 1})
    assert stored(engine) == []


def test_an_error_comes_out_of_the_commit_and_nothing_is_stored(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(add(), {"number": 1})
        connection.execute(add(), {"number": 1})
        with pytest.raises(IntegrityError):
            connection.commit()
    assert stored(engine) == []


def test_an_error_comes_out_of_the_next_question(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(add(), [{"number": 1}, {"number": 1}])
        with pytest.raises(IntegrityError):
            connection.execute(select(NUMBERS.c.number))
    assert stored(engine) == []


def test_a_connection_is_as_good_as_new_after_an_error(engine: Engine) -> None:
    for number in (1, 1, 2):
        with engine.connect() as connection:
            connection.execute(add(), {"number": number})
            if stored(engine) == [1] and number == 1:
                with pytest.raises(IntegrityError):
                    connection.commit()
            else:
                connection.commit()
    assert stored(engine) == [1, 2]


def test_questions_only_leave_no_transaction_open(engine: Engine) -> None:
    asking = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'"
    with engine.connect() as first, engine.connect() as second:
        read_only(first).execute(select(NUMBERS.c.number))
        assert read_only(second).exec_driver_sql(asking).scalar() == 0


def ask() -> Select[Any]:
    return select(NUMBERS.c.number).order_by(NUMBERS.c.number).execution_options(**QUESTION)


def in_transaction(engine: Engine) -> int:
    """Connections that stand in a transaction and do nothing."""
    asking = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'"
    with engine.connect() as connection:
        return int(read_only(connection).exec_driver_sql(asking).scalar_one())


def test_a_question_that_comes_first_begins_no_transaction(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.execute(ask()).all() == []
        connection.execute(add(), {"number": 1})
        assert in_transaction(engine) == 0
        connection.commit()
        connection.execute(add(), {"number": 2})
        assert connection.execute(ask()).scalars().all() == [1, 2]
        assert in_transaction(engine) == 1
    assert stored(engine) == [1]


def test_a_question_in_one_view_of_the_whole_is_asked_within_its_transaction(engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        assert connection.execute(ask()).all() == []
        with engine.begin() as other:
            other.execute(add(), {"number": 1})
        assert connection.execute(ask()).all() == []


def test_one_message_is_stored_whole_or_not_at_all(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(add(), {"number": 1})
        changed = update(NUMBERS).where(NUMBERS.c.number == bindparam("old")).values(number=bindparam("new"))
        connection.execute(changed.execution_options(**UNANSWERED), {"old": 5, "new": 6})
        connection.execute(add(), {"number": 1})
        with pytest.raises(IntegrityError):
            connection.commit()
        connection.rollback()
        connection.execute(add(), {"number": 7})
        connection.commit()
    assert stored(engine) == [7]


def test_a_connection_that_breaks_in_its_only_message_is_not_used_again(engine: Engine) -> None:
    with engine.connect() as connection, engine.connect() as other:
        process = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        connection.rollback()
        connection.execute(add(), {"number": 1})
        read_only(other).exec_driver_sql(f"SELECT pg_terminate_backend({process}, 10000)")
        with pytest.raises(OperationalError):
            connection.commit()
    assert stored(engine) == []
    with engine.begin() as connection:
        connection.execute(add(), {"number": 2})
    assert stored(engine) == [2]


def test_many_rows_posted_in_turn_keep_their_order(engine: Engine) -> None:
    ordered = Table(
        "ordered", MetaData(), Column("place", Integer, primary_key=True), Column("number", Integer)
    )
    ordered.metadata.create_all(engine)
    statement = insert(ordered).inline().execution_options(**UNANSWERED)
    with engine.begin() as connection:
        for number in range(40):  # more than are sent in one
            connection.execute(statement, {"number": number})
    with engine.connect() as connection:
        rows = connection.execute(select(ordered.c.number).order_by(ordered.c.place)).scalars()
        assert list(rows) == list(range(40))


def test_statements_of_several_kinds_are_carried_out_together(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(add(), [{"number": number} for number in (1, 2, 3)])
    with engine.begin() as connection:
        gone = delete(NUMBERS).where(NUMBERS.c.number == bindparam("gone")).execution_options(**UNANSWERED)
        connection.execute(gone, {"gone": 1})
        connection.execute(add(), {"number": 10})
        changed = update(NUMBERS).where(NUMBERS.c.number == bindparam("old")).values(number=bindparam("new"))
        connection.execute(changed.execution_options(**UNANSWERED), {"old": 2, "new": 20})
        assert connection.execute(select(func.sum(NUMBERS.c.number))).scalar() == 3 + 10 + 20
    assert stored(engine) == [3, 10, 20]
