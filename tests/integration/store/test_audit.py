"""The audit trail on both databases: it can not be changed through the database, and whoever gets around that is found out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from backend.domain.order import Move
from backend.services.commands import MoveOrder
from backend.services.move_order import move_order
from backend.services.place_order import place_order
from backend.store.anchors import add_anchor
from backend.store.open import Store
from backend.store.verify import verify

from .examples import NOW, place

ORDERS = 4


@pytest.fixture
def trail(store: Store) -> Store:
    """Four orders, accepted and done, all anchored but the last move."""
    with store.unit_of_work() as uow:
        numbers = [place_order(place(str(count)), uow).number for count in range(ORDERS)]
        for number in numbers:
            move_order(MoveOrder(number, Move.ACCEPT, NOW, "jujia", origin="web 10.1.*.*"), uow)
        uow.commit()
    assert add_anchor(store, NOW) is False
    with store.unit_of_work() as uow:
        for number in numbers[1:]:
            payload = {"photos": ["a.jpg"], "readings": {"血压": "130/80", "体温": 36.5}}
            move_order(MoveOrder(number, Move.FINISH, NOW, "jujia", "好了", payload=payload), uow)
        uow.commit()
    add_anchor(store, NOW + timedelta(minutes=1))
    with store.unit_of_work() as uow:
        move_order(MoveOrder(numbers[0], Move.FINISH, NOW, "jujia"), uow)
        uow.commit()
    return store


def tamper(store: Store, *statements: str) -> None:
    """As somebody would who owns the database: the guards are taken away first."""
    with store.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE order_history DISABLE TRIGGER USER"))
            connection.execute(text("ALTER TABLE audit_anchors DISABLE TRIGGER USER"))
        else:
            for table in ("order_history", "audit_anchors"):
                for verb in ("update", "delete"):
                    connection.execute(text(f"DROP TRIGGER {table}_no_{verb}"))
        for statement in statements:
            connection.execute(text(statement))


def test_an_untouched_trail_is_intact(trail: Store) -> None:
    report = verify(trail)
    assert report.broken is None
    assert (report.orders, report.rows, report.anchors, report.not_anchored) == (ORDERS, 4 * ORDERS, 2, 1)


def test_one_order_can_be_looked_at_alone(trail: Store) -> None:
    report = verify(trail, number="11230002")
    assert (report.broken, report.orders, report.rows) == (None, 1, 4)
    assert verify(trail, number="99999999").orders == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE order_history SET state = 'closed' WHERE seq = 1",
        "UPDATE order_history SET hash = NULL WHERE seq = 1",
        "DELETE FROM order_history WHERE seq = 1",
        "UPDATE audit_anchors SET rows = 0",
        "DELETE FROM audit_anchors",
        "DELETE FROM orders",
    ],
)
def test_the_database_itself_refuses_to_change_the_trail(trail: Store, statement: str) -> None:
    with pytest.raises(DatabaseError), trail.engine.begin() as connection:
        connection.execute(text(statement))
    assert verify(trail).broken is None


ROWS = "(SELECT max(seq) FROM order_history)"


@pytest.mark.parametrize(
    ("statements", "where", "why"),
    [
        (["UPDATE order_history SET at = '2026-01-01 00:00:00' WHERE seq = 5"], "(seq 5)", "changed"),
        (["UPDATE order_history SET origin = 'web' WHERE seq = 5"], "(seq 5)", "changed"),
        (["UPDATE order_history SET reason = NULL WHERE move = 'finish' AND order_id = 2"], "row 4", "who, why"),
        (["DELETE FROM order_history WHERE seq = 5"], "row 2", "row 1 is missing"),
        (
            ["DELETE FROM order_history WHERE order_id = 3", "DELETE FROM deadlines WHERE number = '11230003'",
             "DELETE FROM orders WHERE id = 3"],
            "anchor 1", "9 are there",
        ),
        (["DELETE FROM order_history WHERE order_id = 3"], "order 11230003", "its history is gone"),
        (
            ["DELETE FROM order_history WHERE order_id = 3 AND version = 4",
             "UPDATE orders SET state = 'accepted', version = 3 WHERE id = 3"],
            "anchor 2", "2 are there",
        ),
        (["UPDATE orders SET state = 'cancelled' WHERE id = 2"], "order 11230002", "its trail ends with done"),
        (
            ["INSERT INTO order_history (order_id, version, at, move, state, origin, digest, previous, hash) SELECT order_id, "
             "version + 1, at, move, state, origin, digest, hash, hash FROM order_history WHERE order_id = 2 AND version = 4",
             "UPDATE orders SET version = 5 WHERE id = 2"],
            "row 5", "changed",
        ),
        (
            ["UPDATE order_history SET version = 13 WHERE order_id = 2 AND version = 3",
             "UPDATE order_history SET version = 3 WHERE order_id = 2 AND version = 4",
             "UPDATE order_history SET version = 4 WHERE order_id = 2 AND version = 13"],
            "row 3", "does not follow",
        ),
        (
            ["UPDATE order_history SET seq = seq + 1000 WHERE seq = 1", "UPDATE order_history SET seq = 1 WHERE seq = 3",
             "UPDATE order_history SET seq = 3 WHERE seq = 1001"],
            "anchor 1", "another order",
        ),
        (["UPDATE orders SET number = '11239999' WHERE id = 4"], "order 11239999", "changed"),
        (["DELETE FROM audit_anchors WHERE id = 1"], "anchor 2", "does not follow"),
        (["UPDATE audit_anchors SET rows = 7 WHERE id = 2"], "anchor 2", "changed"),
    ],
)  # fmt: skip
def test_tampering_is_found(trail: Store, statements: Sequence[str], where: str, why: str) -> None:
    if trail.engine.dialect.name == "postgresql" and any("SET number" in one for one in statements):
        statements = ["DELETE FROM deadlines WHERE number = '11230004'", *statements]
    elif any("SET number" in one for one in statements):
        statements = ["DELETE FROM deadlines", *statements]
    tamper(trail, *statements)
    broken = verify(trail).broken
    assert broken is not None
    assert where in broken.where
    assert why in broken.why


def test_a_sealed_part_put_in_from_another_row_is_found(trail: Store) -> None:
    with trail.engine.begin() as connection:  # the guards let this through: sealed parts may be sealed anew
        connection.execute(
            text(
                "UPDATE order_history SET actor = (SELECT actor FROM order_history WHERE seq = 1) WHERE seq = 9"
            )
        )
    broken = verify(trail).broken
    assert broken is not None
    assert (broken.where.endswith("(seq 9)"), broken.why) == (
        True,
        "who, why or what it came with was changed",
    )


def test_a_sealed_part_that_is_no_longer_one_is_found(trail: Store) -> None:
    with trail.engine.begin() as connection:
        connection.execute(text("UPDATE order_history SET actor = hash WHERE seq = 9"))
    broken = verify(trail).broken
    assert broken is not None
    assert "order_history.actor" in broken.why


def test_personal_data_can_be_erased_and_the_chain_still_holds(trail: Store) -> None:
    with trail.engine.begin() as connection:
        connection.execute(
            text("UPDATE order_history SET actor = NULL, reason = NULL, payload = NULL WHERE seq = 9")
        )
    report = verify(trail)
    assert (report.broken, report.erased) == (None, 1)
