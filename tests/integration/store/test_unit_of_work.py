"""Transactions, events and keys."""

from __future__ import annotations

import base64
import os
import stat
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from backend.services.accept_order import accept_order
from backend.services.acknowledge_task import acknowledge_task
from backend.services.cancel_order import cancel_order
from backend.services.commands import (
    AcceptOrder,
    AcknowledgeTask,
    CancelOrder,
    FinishOrder,
    ReassignOrder,
    RescheduleOrder,
)
from backend.services.finish_order import finish_order
from backend.services.open_task import open_task
from backend.services.place_order import place_order
from backend.services.ports import ContactRecord, Event, Line
from backend.services.reassign_order import reassign_order
from backend.services.reschedule_order import reschedule_order
from backend.store.engine import StoreUrlError
from backend.store.migrate import WrongKeyError
from backend.store.open import Store, open_store
from backend.store.sealing import SealError
from backend.store.unit_of_work import NotEnteredError
from config.settings import Settings

from .examples import FALL, MOTHER, NOW, PLACE


class Heard:
    """Takes the place of the live screens."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def publish(self, event: Event, event_id: int) -> None:
        self.events.append(event)


def test_events_are_told_after_commit_and_only_then(store: Store) -> None:
    heard = Heard()
    store.tail.sink = heard
    with store.unit_of_work() as uow:
        place_order(PLACE, uow)
        assert heard.events == []
    assert heard.events == []
    with store.unit_of_work() as uow:
        order = place_order(PLACE, uow)
        uow.commit()
    (event,) = heard.events
    assert (event.name, event.key) == ("OrderPlaced", order.number)
    assert event.data == {
        "item": "meal",
        "state": "routed",
        "department": "home_service",
        "region": "640106",
        "version": 2,
    }


def test_every_use_case_tells_its_event_without_personal_data(store: Store) -> None:
    heard = Heard()
    store.tail.sink = heard
    with store.unit_of_work() as uow:
        number = place_order(PLACE, uow).number
        place_order(PLACE, uow)  # the same again: nothing happened
        accept_order(AcceptOrder(number, NOW, "jujia"), uow)
        reschedule_order(RescheduleOrder(number, NOW, "caller", PLACE.wanted), uow)
        reassign_order(ReassignOrder(number, NOW, "operator", "town", ""), uow)
        accept_order(AcceptOrder(number, NOW, "jiedao"), uow)
        finish_order(FinishOrder(number, NOW, "jiedao"), uow)
        other = place_order(replace(PLACE, key="2"), uow).number
        cancel_order(CancelOrder(other, NOW, "caller", "不要了"), uow)
        task = open_task(FALL, uow)
        open_task(replace(FALL, text="在家里"), uow)
        open_task(replace(FALL, text="在家里"), uow)  # nothing new
        acknowledge_task(AcknowledgeTask(task.id or 0, NOW, "duty"), uow)
        uow.commit()
    assert [event.name for event in heard.events] == [
        "OrderPlaced", "OrderAccepted", "OrderRescheduled", "OrderReassigned", "OrderAccepted", "OrderDone",
        "OrderPlaced", "OrderCancelled", "TaskOpened", "TaskCompleted", "TaskAcknowledged",
    ]  # fmt: skip
    told = repr(heard.events)
    assert not any(secret in told for secret in ("马秀英", "13909510001", "长城花园", "摔倒"))


def test_a_unit_of_work_outside_its_block_is_refused(store: Store) -> None:
    with pytest.raises(NotEnteredError):
        store.unit_of_work().commit()


def test_an_error_takes_everything_back(store: Store) -> None:
    def save_and_stumble() -> None:
        with store.unit_of_work() as uow:
            uow.people.save(MOTHER)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        save_and_stumble()
    with store.reading() as uow:
        assert uow.people.count() == 0


def test_a_time_with_offset_is_stored_as_local_time(store: Store) -> None:
    utc = datetime(2026, 11, 23, 1, 10, tzinfo=timezone.utc)  # noqa: UP017 (as others may write it)
    with store.unit_of_work() as uow:
        number = place_order(replace(PLACE, at=utc), uow).number
        assert uow.orders.get(number).placed_at == NOW
        assert number.startswith("1123")


def test_no_personal_data_stands_readable_in_the_database(tmp_path: Path, settings: Settings) -> None:
    file = tmp_path / "x.sqlite"
    store = open_store(settings, url=f"sqlite:///{file}")
    with store.unit_of_work() as uow:
        uow.people.save(replace(MOTHER, id_number="640106194503121234"))
        place_order(replace(PLACE, session="call-13809510001", key="call-13809510001:1"), uow)
        open_task(
            replace(FALL, place="长城花园", phone="13909510001", told=("马晓燕 女儿 13809510001",)), uow
        )
        record = ContactRecord("call-13809510001", "13809510001", "spoken", {"place": "长城花园"}, NOW, 1)
        uow.contacts.save(record, [Line(NOW, "caller", "我妈摔倒了起不来，在长城花园")])
        uow.contacts.remember_reply("call-13809510001", "m", {"sentences": ["送到长城花园"]})
        uow.commit()
    store.close()
    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for secret in (
        "13909510001",
        "13809510001",
        "09516012345",
        "长城花园",
        "摔倒",
        "640106194503121234",
        "软和点",
    ):
        assert secret.encode() not in content
    assert "马秀英".encode() in content  # the search was a real one: names are not sealed
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600


def test_a_database_of_another_key_is_refused_at_the_door(url: str, store: Store, settings: Settings) -> None:
    other = settings.model_copy(update={"data_key": SecretStr(base64.b64encode(b"x" * 32).decode())})
    with pytest.raises(WrongKeyError, match="NUANXIAN_DATA_KEY"):
        open_store(other, url=url)
    open_store(settings, url=url).close()


def test_a_value_moved_to_another_column_does_not_open(store: Store) -> None:
    with store.unit_of_work() as uow:
        uow.people.save(MOTHER)
        uow.commit()
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE elders SET id_number = address"))
    with store.reading() as uow, pytest.raises(SealError):
        uow.people.find_caller("13909510001")


@pytest.mark.parametrize("wrong", ["nonsense", "mysql://x/y", ""])
def test_a_database_url_that_can_not_be_used_is_refused_with_an_example(
    wrong: str, settings: Settings
) -> None:
    with pytest.raises(StoreUrlError, match=r"sqlite"):
        open_store(settings, url=wrong or "://")


def test_a_long_read_does_not_hold_up_a_write(store: Store) -> None:
    with store.reading() as reader:
        assert reader.people.count() == 0
        with store.unit_of_work() as uow:
            uow.people.save(MOTHER)
            uow.commit()
    with store.reading() as uow:
        assert uow.people.count() == 1
        assert uow.contacts.latest_of("x", since=NOW - timedelta(days=1)) is None


def test_a_refused_statement_does_not_tell_whom_it_was_about(store: Store) -> None:
    """What is raised ends in logs."""
    with pytest.raises(IntegrityError) as refused, store.engine.begin() as connection:
        connection.execute(
            text("INSERT INTO elders (id, key, name) VALUES (1, :key, :name)"),
            {"key": "k", "name": "马秀英"},
        )
    assert "马秀英" not in str(refused.value).partition("DETAIL")[0]
