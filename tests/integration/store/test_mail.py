"""Letters: posted once, in the order of their lane, taken by one, taken again when whoever took them died."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import text

from backend.domain.mail import LetterState, Posting, pause_after
from backend.store.mail import LEASE, SqlMail
from backend.store.open import Store

NOW = datetime(2026, 11, 23, 10, 0)


def post(store: Store, key: str, lane: str = "lane", due: datetime | None = None) -> bool:
    with store.unit_of_work() as uow:
        fresh = uow.mail.post("box", lane, {"key": key}, key=key, at=NOW, due=due)
        uow.commit()
    return fresh


def take(store: Store, now: datetime = NOW, most: int = 10) -> list[str]:
    with store.unit_of_work() as uow:
        letters = uow.mail.take("box", now, most=most)
        uow.commit()
    return [letter.body["key"] for letter in letters]


def settle(store: Store, state: LetterState = LetterState.DONE) -> None:
    """The first letter, taken a moment ago."""
    with store.unit_of_work() as uow:
        (letter, *_) = uow.mail.take("box", NOW + LEASE, most=1)
        uow.mail.settle(letter, state)
        uow.commit()


def test_the_same_key_is_posted_once_in_a_box_and_again_in_another(store: Store) -> None:
    assert (post(store, "1"), post(store, "1")) == (True, False)
    with store.unit_of_work() as uow:
        assert uow.mail.post("other", "lane", {}, key="1", at=NOW)
        uow.mail.post_all(
            [Posting("box", "lane", {"key": "1"}, "1"), Posting("box", "lane", {"key": "2"}, "2")], NOW
        )
        uow.commit()
    assert take(store) == ["1"]
    settle(store)
    assert take(store) == ["2"]


def test_letters_of_one_lane_go_one_after_another_and_other_lanes_do_not_wait(store: Store) -> None:
    for key, lane in (("a1", "a"), ("a2", "a"), ("b1", "b")):
        post(store, key, lane)
    assert take(store) == ["a1", "b1"]
    assert take(store) == []


def test_a_letter_that_is_not_due_holds_its_lane_up(store: Store) -> None:
    post(store, "tomorrow", due=NOW + timedelta(days=1))
    post(store, "now")
    assert take(store) == []
    assert take(store, NOW + timedelta(days=1)) == ["tomorrow"]


def test_whether_something_of_a_lane_still_waits_is_known(store: Store) -> None:
    boxes = ("in", "own")
    with store.unit_of_work() as uow:
        uow.mail.post("out", "anna", {}, key="1", at=NOW)
        assert not uow.mail.waits(boxes, "anna")
        uow.mail.post("in", "anna", {}, key="2", at=NOW)
        assert uow.mail.waits(boxes, "anna")
        assert not uow.mail.waits(boxes, "berta")
        (letter,) = uow.mail.take("in", NOW, most=5)
        assert uow.mail.waits(boxes, "anna")  # taken is not answered
        uow.mail.settle(letter)
        assert not uow.mail.waits(boxes, "anna")


def test_a_letter_waits_for_an_earlier_one_of_its_lane_in_the_box_beside(store: Store) -> None:
    with store.unit_of_work() as uow:
        uow.mail.post("own", "anna", {}, key="1", at=NOW)
        for lane in ("anna", "berta"):
            uow.mail.post("in", lane, {"of": lane}, key=lane, at=NOW)
        uow.mail.post("own", "berta", {}, key="2", at=NOW)
        taken = uow.mail.take("in", NOW, most=5, beside=("own",))
        assert [letter.body["of"] for letter in taken] == ["berta"]
        (first,) = uow.mail.take("own", NOW, most=5, beside=("in",))
        assert uow.mail.take("in", NOW, most=5, beside=("own",)) == []  # taken is not answered
        uow.mail.settle(first)
        (second,) = uow.mail.take("in", NOW, most=5, beside=("own",))
        assert second.body["of"] == "anna"


def test_a_letter_whose_carrier_died_is_taken_again_after_its_minute(store: Store) -> None:
    post(store, "1")
    assert take(store) == ["1"]
    assert take(store, NOW + LEASE - timedelta(seconds=1)) == []
    assert take(store, NOW + LEASE) == ["1"]


def test_two_who_take_at_once_never_get_the_same_letter(store: Store) -> None:
    for number in range(20):
        post(store, str(number), lane=str(number))
    with store.unit_of_work() as first:
        taken = [letter.body["key"] for letter in first.mail.take("box", NOW, most=10)]
        if store.engine.dialect.name == "postgresql":
            assert not set(taken) & set(take(store))
        first.commit()
    assert not set(taken) & set(take(store))


def test_settled_letters_are_forgotten_and_waiting_ones_are_not(store: Store) -> None:
    post(store, "1", lane="a")
    settle(store, LetterState.GIVEN_UP)
    post(store, "2", lane="b")
    with store.unit_of_work() as uow:
        assert uow.mail.forget_before(NOW + timedelta(days=30)) == 1
        uow.commit()
    assert take(store) == ["2"]


def test_a_reader_of_events_moves_on_once(store: Store) -> None:
    with store.unit_of_work() as uow:
        assert uow.mail.position("news") is None
        assert uow.mail.advance("news", None, 5)
        assert not uow.mail.advance("news", None, 6)
        assert not uow.mail.advance("news", 4, 6)
        assert uow.mail.advance("news", 5, 7)
        assert uow.mail.position("news") == 7
        uow.commit()


def test_pauses_grow_and_stay_bearable() -> None:
    pauses = [pause_after(attempts).total_seconds() for attempts in (1, 2, 3, 9, 1000)]
    assert pauses == [1, 2, 4, 256, 300]


def test_a_letter_is_found_at_once_among_thousands_that_came_in_a_moment(store: Store) -> None:
    """The database knows nothing of them yet: where it looked at each for each, this took eleven seconds."""
    letters = [Posting("box", f"lane {number}", {"key": str(number)}, str(number)) for number in range(6000)]
    with store.unit_of_work() as uow:
        uow.mail.post_all(letters, NOW)
        uow.commit()
    with store.engine.begin() as connection:
        mail = SqlMail(connection, store.tables, store.cipher)
        if connection.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL statement_timeout = '5s'"))
        assert len(mail.take("box", NOW, most=2, beside=("own",))) == 2
        assert mail.waits(("box", "own"), "lane 5999")
