"""The review list on both databases: one row a sentence, bounded, decided once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from backend.domain.review import LabelsError, Reason, Sentence, SentenceNotFoundError
from backend.services import review
from backend.services.review import DecideSentence, NoteSentence, decide_sentence, note_sentence
from backend.store.open import Store

NOW = datetime(2026, 11, 24, 9, 30)


def note(store: Store, said: str, minute: int = 0) -> None:
    at = NOW + timedelta(minutes=minute)
    command = NoteSentence(said, said.strip("。"), ("inform",), Reason.NOT_UNDERSTOOD, "spoken", "detail", at)
    with store.unit_of_work() as uow:
        note_sentence(command, uow)
        uow.commit()


def decide(store: Store, sentence: Sentence, *labels: str) -> bool:
    with store.unit_of_work() as uow:
        done = decide_sentence(DecideSentence(sentence.id, labels, "admin", NOW), uow)
        uow.commit()
    return done


def waiting(store: Store) -> list[Sentence]:
    with store.reading() as uow:
        listed = list(uow.review.waiting(100))
        assert len(listed) == uow.review.count_waiting()
    return listed


def test_the_same_sentence_is_counted_and_the_most_frequent_is_first(store: Store) -> None:
    note(store, "那个啥。")
    note(store, "院里那棵树", 1)
    note(store, "那个啥", 2)
    first, second = waiting(store)
    assert (first.text, first.times, first.first_at) == ("那个啥。", 2, NOW)
    assert first.last_at == NOW + timedelta(minutes=2)
    assert (first.understood, first.reason, first.channel) == (("inform",), Reason.NOT_UNDERSTOOD, "spoken")
    assert (first.asked, first.labels, first.decided_at) == ("detail", (), None)
    assert (second.text, second.times) == ("院里那棵树", 1)


def test_nothing_of_it_is_readable_in_the_database(store: Store) -> None:
    note(store, "院里那棵树")
    with store.engine.connect() as connection:
        (row,) = connection.execute(text("SELECT * FROM review_sentences"))
    assert "树".encode() not in b"".join(
        bytes(value) for value in row if isinstance(value, bytes | memoryview)
    )
    assert not any("树" in str(value) for value in row if isinstance(value, str))


def test_beyond_the_bound_the_oldest_that_wait_go_and_labelled_ones_stay(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review, "MOST_WAITING", 2)
    note(store, "一")
    assert decide(store, waiting(store)[0], "affirm")
    for minute, said in enumerate(("二", "三", "二", "四"), 1):
        note(store, said, minute)
    assert {one.text for one in waiting(store)} == {"二", "四"}
    with store.reading() as uow:
        assert [one.text for one in uow.review.labelled()] == ["一"]


def test_a_sentence_is_decided_once_and_can_be_taken_back(store: Store) -> None:
    note(store, "那个啥")
    (sentence,) = waiting(store)
    assert decide(store, sentence, "meal", "bath")
    assert not decide(store, sentence, "errand")
    assert waiting(store) == []
    note(store, "那个啥", 5)
    assert waiting(store) == [], "it is counted, and stays labelled"
    with store.unit_of_work() as uow:
        (done,) = uow.review.labelled()
        assert (done.labels, done.decided_by, done.decided_at, done.times) == (
            ("meal", "bath"),
            "admin",
            NOW,
            2,
        )
        assert uow.review.take_back(done.id)
        assert not uow.review.take_back(done.id)
        uow.commit()
    (again,) = waiting(store)
    assert (again.labels, again.decided_by) == ((), None)


def test_what_teaches_nothing_is_not_exported_and_does_not_come_back(store: Store) -> None:
    note(store, "咕噜")
    assert decide(store, waiting(store)[0])
    note(store, "咕噜", 1)
    assert waiting(store) == []
    with store.reading() as uow:
        assert list(uow.review.labelled()) == []


def test_a_sentence_that_is_gone_and_too_many_labels_are_refused(store: Store) -> None:
    note(store, "那个啥")
    (sentence,) = waiting(store)
    for labels in (("a", "b", "c", "d"), ("a", "a")):
        with pytest.raises(LabelsError):
            decide(store, sentence, *labels)
    with store.unit_of_work() as uow:
        assert uow.review.keep_newest(0) == 1
        uow.commit()
    assert not decide(store, sentence, "meal")
    with store.reading() as uow, pytest.raises(SentenceNotFoundError):
        uow.review.get(sentence.id)


def test_a_turn_that_is_not_stored_leaves_no_sentence(store: Store) -> None:
    command = NoteSentence("那个啥", "那个啥", (), Reason.UNSURE, "text", None, NOW)
    with store.unit_of_work() as uow:
        note_sentence(command, uow)
    assert waiting(store) == []
