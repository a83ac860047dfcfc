"""Places on the line: first come, first served, on a clock of our own."""

from __future__ import annotations

import pytest

from voice.line.waiting_queue import Limits, Talking, TooLong, TooMany, Waiting, WaitingQueue

LIMITS = Limits(talking=2, waiting=2, longest_s=60)


@pytest.fixture
def full() -> WaitingQueue:
    queue = WaitingQueue(LIMITS)
    for call in "ab":
        assert queue.arrive(call, 0) == Talking()
    return queue


def test_who_comes_when_all_talk_waits_in_order(full: WaitingQueue) -> None:
    assert full.arrive("c", 1) == Waiting(0)
    assert full.arrive("d", 2) == Waiting(1)
    assert full.counts == (2, 2)


def test_one_more_than_may_wait_is_too_many_and_leaves_no_trace(full: WaitingQueue) -> None:
    full.arrive("c", 1)
    full.arrive("d", 2)
    assert full.arrive("e", 3) == TooMany()
    full.leave("e")
    assert full.counts == (2, 2)


def test_the_first_gets_the_place_that_becomes_free(full: WaitingQueue) -> None:
    full.arrive("c", 1)
    full.arrive("d", 2)
    full.leave("a")
    assert full.standing("c", 3) == Talking()
    assert full.standing("d", 3) == Waiting(0)


def test_who_hangs_up_while_waiting_lets_the_others_move_up(full: WaitingQueue) -> None:
    full.arrive("c", 1)
    full.arrive("d", 2)
    full.leave("c")
    assert full.standing("d", 3) == Waiting(0)
    with pytest.raises(KeyError):
        full.standing("c", 3)


def test_nobody_overtakes_even_when_a_place_is_free(full: WaitingQueue) -> None:
    full.arrive("c", 1)
    full.leave("a")
    full.leave("b")
    assert full.standing("c", 2) == Talking()
    assert full.arrive("d", 2) == Talking()
    assert full.arrive("e", 2) == Waiting(0)


def test_after_the_longest_time_it_is_too_long_and_a_place_still_comes(full: WaitingQueue) -> None:
    full.arrive("c", 1)
    assert full.standing("c", 60.9) == Waiting(0)
    assert full.standing("c", 61) == TooLong(0)
    full.leave("b")
    assert full.standing("c", 62) == Talking()
