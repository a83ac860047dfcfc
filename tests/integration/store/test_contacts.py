"""What conversations remember, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from backend.services.ports import ContactRecord, Line, StaleError
from backend.store.open import Store

from .examples import NOW

RECORD = ContactRecord("s1", "13809510001", "spoken", {"forms": [{"item": "meal"}], "说": None}, NOW, 1)
SAID = [Line(NOW, "caller", "订饭"), Line(NOW, "line", "好的。")]


def test_a_conversation_comes_back_with_its_memory_and_everything_said_in_order(store: Store) -> None:
    with store.unit_of_work() as uow:
        uow.contacts.save(RECORD, SAID)
        uow.contacts.save(replace(RECORD, version=2, memory={"a": 1}), [Line(NOW, "caller", "明天")])
        uow.commit()
    with store.reading() as uow:
        assert uow.contacts.get("s1") == replace(RECORD, version=2, memory={"a": 1})
        assert uow.contacts.lines("s1") == [*SAID, Line(NOW, "caller", "明天")]
        assert uow.contacts.get("s2") is None
        assert uow.contacts.lines("s2") == []


@pytest.mark.parametrize("version", [1, 3])
def test_a_turn_that_another_one_overtook_is_refused_and_leaves_nothing(store: Store, version: int) -> None:
    with store.unit_of_work() as uow:
        uow.contacts.save(RECORD, SAID)
        uow.commit()
    with store.unit_of_work() as uow, pytest.raises(StaleError):
        uow.contacts.save(replace(RECORD, version=version), SAID)
    with store.reading() as uow:
        assert len(uow.contacts.lines("s1")) == len(SAID)


def test_the_newest_contact_of_a_sender_is_found_in_any_writing_of_the_number(store: Store) -> None:
    later = NOW + timedelta(minutes=5)
    with store.unit_of_work() as uow:
        uow.contacts.save(RECORD, [])
        uow.contacts.save(replace(RECORD, session="s2", updated_at=later), [])
        uow.contacts.save(
            replace(RECORD, session="s3", sender="other", updated_at=later + timedelta(hours=1)), []
        )
        newest = uow.contacts.latest_of("+86 138 0951 0001", since=NOW)
        assert newest is not None
        assert newest.session == "s2"
        assert uow.contacts.latest_of("13809510001", since=later + timedelta(seconds=1)) is None


def test_the_answer_to_a_message_is_remembered_for_that_message_of_that_session_only(store: Store) -> None:
    with store.unit_of_work() as uow:
        uow.contacts.remember_reply("s1", "m1", {"sentences": ["好的。"]})
        uow.commit()
    with store.reading() as uow:
        assert uow.contacts.reply_to("s1", "m1") == {"sentences": ["好的。"]}
        assert uow.contacts.reply_to("s1", "m2") is None
        assert uow.contacts.reply_to("s2", "m1") is None
        assert uow.contacts.reply_to("s", "1m1") is None


def test_two_answers_to_one_message_are_not_both_remembered(store: Store) -> None:
    with store.unit_of_work() as uow:
        uow.contacts.remember_reply("s1", "m1", {"a": 1})
        with pytest.raises(StaleError):
            uow.contacts.remember_reply("s1", "m1", {"a": 2})


def test_words_of_any_kind_are_remembered(store: Store) -> None:
    odd = "\0\ud800<b>😀" + "长" * 100_000
    with store.unit_of_work() as uow:
        uow.contacts.save(
            replace(RECORD, session=odd, sender=odd, memory={"x": odd, "n": 2**80}),
            [Line(NOW, "caller", odd)],
        )
        uow.commit()
    with store.reading() as uow:
        record = uow.contacts.get(odd)
        assert record is not None
        assert record.memory == {"x": odd, "n": 2**80}
        assert uow.contacts.lines(odd)[0].text == odd.replace("\ud800", "?")
