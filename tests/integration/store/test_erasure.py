"""What a person asks to be forgotten, and what is too old, is gone from every table; the audit trail stays intact."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.domain.order import Move
from backend.services.commands import MoveOrder
from backend.services.erasure import OrdersOpenError, apply_retention, forget_person
from backend.services.move_order import move_order
from backend.services.open_task import open_task
from backend.services.place_order import place_order
from backend.services.ports import ContactRecord, ElderNotFoundError, Line
from backend.store.open import Store
from backend.store.verify import verify
from config.retention import load_retention
from tests.integration.store.examples import FALL, MOTHER, NOW, PLACE

PRIVATE = ("马秀英", "13909510001", "13809510001", "长城花园", "软和点", "摔倒", "住院")


def filled(store: Store) -> int:
    """A person with an order that was cancelled, a task that was taken, and a conversation."""
    from dataclasses import replace

    with store.unit_of_work() as uow:
        person = uow.people.save(MOTHER).id or 0
        order = place_order(replace(PLACE, elder_id=person), uow)
        uow.commit()
    with store.unit_of_work() as uow:
        move_order(MoveOrder(order.number, Move.CANCEL, NOW, "op", "马秀英住院了"), uow)
        task = open_task(replace(FALL, elder_id=person, who="马秀英", place="长城花园"), uow)
        uow.tasks.save(replace(task, acknowledged_at=NOW, acknowledged_by="op", note="住院"))
        record = ContactRecord("s1", "13909510001", "phone", {"who": "马秀英"}, NOW, 1)
        uow.contacts.save(record, [Line(NOW, "caller", "我是马秀英，13909510001")])
        uow.commit()
    return person


def everything(store: Store) -> str:
    """All that can still be read, opened with the key."""
    from sqlalchemy import select

    with store.engine.connect() as connection:
        return repr(
            [connection.execute(select(table)).all() for table in store.tables.metadata.sorted_tables]
        )


def test_a_person_is_forgotten_everywhere_and_the_trail_stays_intact(store: Store) -> None:
    person = filled(store)
    before = everything(store)
    assert all(word in before for word in PRIVATE)
    with store.unit_of_work() as uow:
        gone = forget_person(person, uow, at=NOW, actor="root", source="test")
        uow.commit()
    assert (len(gone.orders), gone.sessions) == (1, ("s1",))
    after = everything(store)
    assert [word for word in PRIVATE if word in after] == []
    with store.reading() as uow:
        orders = uow.orders.queue()
        assert [(order.state.value, order.item) for order in orders] == [("cancelled", "meal")]
        assert uow.orders.search("13909510001") == []
        assert not uow.people.find_caller("13909510001").known
        assert [one.action for one in uow.access_log.page(kind="person")] == ["people.forget"]
        with pytest.raises(ElderNotFoundError):
            uow.erasure.forget_person(person)
    report = verify(store)
    assert report.broken is None
    assert report.erased > 0


def test_nobody_is_forgotten_while_somebody_still_has_to_come(store: Store) -> None:
    from dataclasses import replace

    with store.unit_of_work() as uow:
        person = uow.people.save(MOTHER).id or 0
        order = place_order(replace(PLACE, elder_id=person), uow)
        uow.commit()
    with store.unit_of_work() as uow, pytest.raises(OrdersOpenError, match=order.number):
        forget_person(person, uow, at=NOW, actor="root", source="test")
    with store.reading() as uow:
        assert uow.people.find_caller("13909510001").known


def test_what_is_too_old_is_erased_and_nothing_else(store: Store) -> None:
    filled(store)
    rules = load_retention()
    assert apply_retention(store, rules, NOW) is False
    assert "马秀英" in everything(store)
    apply_retention(store, rules, NOW + timedelta(days=rules.talk + 1))
    with store.reading() as uow:
        assert uow.contacts.get("s1") is None and uow.contacts.lines("s1") == []
        assert uow.orders.search("13909510001") != []
    apply_retention(store, rules, NOW + timedelta(days=rules.orders + 1))
    with store.reading() as uow:
        assert uow.orders.search("13909510001") == []
        assert uow.people.find_caller("13909510001").known, "people stay until they ask"
        assert uow.tasks.closed()[0].text == "***"
    assert verify(store).broken is None
