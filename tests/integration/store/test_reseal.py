"""A new data key: everything is sealed with it, batch by batch, and found by its indexes as before."""

from __future__ import annotations

import pytest

from backend.services.place_order import place_order
from backend.store.open import Store, open_store
from backend.store.reseal import left_to_reseal, reseal
from backend.store.sealing import VERSION, Cipher, SealError
from config.settings import Settings
from tests.integration.store.examples import PLACE, elder, place

OLD, NEW = bytes(range(32)), bytes(range(32, 64))


def fill(store: Store, count: int) -> None:
    with store.unit_of_work() as uow:
        for index in range(count):
            place_order(place(f"k{index}"), uow)
        uow.people.save(elder("k"))
        uow.commit()


def with_keys(settings: Settings, url: str, keys: bytes) -> Store:
    import base64

    from pydantic import SecretStr

    text = ",".join(base64.b64encode(keys[start : start + 32]).decode() for start in range(0, len(keys), 32))
    return open_store(settings.model_copy(update={"data_key": SecretStr(text)}), url=url)


def test_everything_is_sealed_anew_and_found_as_before(
    settings: Settings, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.store.reseal.BATCH", 3)
    old = with_keys(settings, url, OLD)
    fill(old, 7)
    old.close()
    both = with_keys(settings, url, OLD + NEW)
    before = left_to_reseal(both)
    assert before > 7

    def stopped(rows: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reseal(both, stopped)
    assert 0 < left_to_reseal(both) < before
    fill(both, 0)
    assert reseal(both) > 0
    assert left_to_reseal(both) == 0
    with both.reading() as uow:
        assert len(uow.orders.search("13909510001")) == 7
        assert uow.people.find_caller("13909510001").elder is not None
        assert uow.orders.by_key(PLACE.key.replace("web:m1", "k3")) is not None
    both.close()
    swapped = with_keys(settings, url, OLD + NEW)  # opens again: the check of the key was sealed anew, too
    with swapped.engine.connect() as connection:
        phones = connection.exec_driver_sql("SELECT phone FROM orders").scalars().all()
    assert all(bytes(phone).startswith(VERSION + Cipher(NEW).key_id) for phone in phones)
    swapped.close()


def test_the_audit_trail_holds_after_a_new_key(settings: Settings, url: str) -> None:
    old = with_keys(settings, url, OLD)
    fill(old, 2)
    key = old.audit_key
    old.close()
    both = with_keys(settings, url, OLD + NEW)
    reseal(both)
    both.close()
    again = with_keys(settings, url, OLD + NEW)
    assert again.audit_key == key
    with again.reading() as uow:
        assert all(row.hash for order in uow.orders.queue() for row in order.history)
    again.close()


def test_values_from_before_there_were_key_ids_still_open() -> None:
    cipher = Cipher(OLD)
    sealed = cipher.seal(b"x", b"a")
    without_id = b"\x01" + sealed[5:]
    assert Cipher(NEW + OLD).open(without_id, b"a") == b"x"
    with pytest.raises(SealError):
        Cipher(NEW).open(without_id, b"a")


def test_the_newest_key_seals_the_oldest_makes_indexes() -> None:
    ring = Cipher(OLD + NEW)
    assert ring.open(Cipher(OLD).seal(b"x", b"a"), b"a") == b"x"
    assert Cipher(NEW).open(ring.seal(b"x", b"a"), b"a") == b"x"
    assert ring.index("k", "t") == Cipher(OLD).index("k", "t")
