"""The index of calls on both databases: sealed, newest first, cut-off calls, forgetting."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from backend.services.call_ports import CallNotFoundError, CallRecord
from backend.services.erasure import forget_person
from backend.store.open import Store
from tests.integration.store.examples import elder

NOW = datetime(2026, 11, 24, 9, 30)
CALLER = "13909510001"


def begin(store: Store, call: str, caller: str = CALLER, at: datetime = NOW) -> int:
    with store.unit_of_work() as uow:
        record_id = uow.call_records.begin(f"call-{call}", caller, at)
        uow.commit()
    return record_id


def end(store: Store, record_id: int, flags: Sequence[str] = (), orders: Sequence[str] = ()) -> None:
    with store.unit_of_work() as uow:
        ended = NOW + timedelta(seconds=95)
        uow.call_records.end(record_id, ended=ended, length_s=95, reason="done", flags=flags, orders=orders)
        uow.commit()


def listed(store: Store) -> list[CallRecord]:
    with store.reading() as uow:
        return list(uow.call_records.page(limit=100))


def test_a_call_is_noted_as_it_begins_and_completed_as_it_ends(store: Store) -> None:
    record_id = begin(store, "c1")
    (open_call,) = listed(store)
    assert (open_call.ended, open_call.length_s, open_call.reason) == (None, None, None)
    end(store, record_id, ("emergency",), ("26112401",))
    (call,) = listed(store)
    assert call == CallRecord(
        record_id, "call-c1", CALLER, NOW, NOW + timedelta(seconds=95), 95, "done", ("emergency",), ("26112401",),
    )  # fmt: skip
    assert call.call_id == "c1"


def test_who_called_and_in_which_conversation_is_not_readable_in_the_database(store: Store) -> None:
    begin(store, "c1")
    with store.engine.connect() as connection:
        (row,) = connection.execute(text("SELECT * FROM calls"))
    stored = b"".join(
        bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode() for value in row
    )
    assert CALLER.encode() not in stored and b"call-c1" not in stored


def test_pages_go_from_the_newest_to_the_oldest(store: Store) -> None:
    ids = [begin(store, f"c{number}") for number in range(5)]
    with store.reading() as uow:
        first = uow.call_records.page(limit=2)
        rest = uow.call_records.page(before=first[-1].id, limit=10)
    assert [call.id for call in (*first, *rest)] == ids[::-1]


def test_a_conversation_leads_to_its_call(store: Store) -> None:
    record_id = begin(store, "c1")
    begin(store, "c2")
    with store.reading() as uow:
        found = uow.call_records.of_session("call-c1")
        assert found is not None and found.id == record_id
        assert uow.call_records.of_session("call-c9") is None
        with pytest.raises(CallNotFoundError):
            uow.call_records.get(999_999)


def test_old_calls_are_deleted_batch_by_batch(store: Store) -> None:
    for number in range(3):
        begin(store, f"old{number}", at=NOW - timedelta(days=200))
    begin(store, "new")
    with store.unit_of_work() as uow:
        before = NOW - timedelta(days=180)
        assert uow.call_records.forget_before(before, limit=2) == 2
        assert uow.call_records.forget_before(before, limit=2) == 1
        uow.commit()
    assert [call.call_id for call in listed(store)] == ["new"]


def test_a_forgotten_person_takes_their_calls_along(store: Store) -> None:
    with store.unit_of_work() as uow:
        uow.people.save(elder("k"))
        uow.commit()
    with store.reading() as uow:
        person = uow.people.find_caller(CALLER).elder
    assert person is not None and person.id is not None
    theirs, other = begin(store, "c1"), begin(store, "c2", caller="13909519999")
    with store.unit_of_work() as uow:
        forget_person(person.id, uow, at=NOW, actor="admin", source="")
        uow.commit()
    assert [call.id for call in listed(store)] == [other]
    with store.unit_of_work() as uow:
        with pytest.raises(CallNotFoundError):
            uow.call_records.get(theirs)
        assert uow.call_records.of_session("call-c1") is None
        (gone,) = uow.call_records.withdrawn(limit=10)
        assert gone.call_id == "c1"
        uow.call_records.remove(gone.id)
        assert not uow.call_records.withdrawn(limit=10)
        uow.commit()
