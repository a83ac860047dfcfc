"""Which clocks run in which state, and what they say when."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from backend.domain.deadlines import WARNING, Clocks, Deadline, promised_end
from backend.domain.order import Move, Order, Wanted
from backend.domain.working_time import WorkingTime
from config.sla import SlaError, load_sla, read_sla

from .orders import NOW, after, placed

SLA = load_sla()
CLOCKS = Clocks(SLA, WorkingTime(SLA.hours), frozenset({"town"}))


def run(order: Order, *moves: tuple[Move, datetime]) -> tuple[Order, dict[str, Deadline]]:
    """The order and its clocks after the moves."""
    order = after(order, Move.ROUTE, at=order.placed_at)
    running = CLOCKS.after_move(order, order.placed_at)
    for move, at in moves:
        before = order.state
        order = after(order, move, at=at)
        running = CLOCKS.after_move(order, at, before=before, running=running)
    return order, {clock.step: clock for clock in running}


def test_a_new_order_has_clocks_for_being_offered_taken_and_finished() -> None:
    _, clocks = run(placed())
    assert set(clocks) == {"dispatch", "accept", "finish"}
    assert clocks["dispatch"].next_at == NOW
    # four working hours from 9:10, over noon; the warning one working hour earlier
    assert clocks["accept"] == Deadline(
        "accept", WARNING, datetime(2026, 11, 23, 15, 10), datetime(2026, 11, 23, 14, 10)
    )
    assert clocks["finish"].due_at == datetime(2026, 11, 26, 9, 10)


def test_a_department_that_is_not_automatic_offers_by_itself() -> None:
    clocks = replace(CLOCKS, automatic=frozenset())
    assert {clock.step for clock in clocks.after_move(after(placed(), Move.ROUTE), NOW)} == {
        "accept",
        "finish",
    }


def test_what_is_urgent_is_urgent_at_night_too() -> None:
    night = datetime(2026, 11, 22, 2, 0)  # a Sunday
    _, clocks = run(placed("emergency_repair", at=night, wanted=Wanted(asap=True)))
    assert clocks["accept"].due_at == night + timedelta(minutes=15)
    assert clocks["accept"].next_at == night + timedelta(minutes=10)


def test_every_offer_has_a_clock_of_its_own() -> None:
    later = NOW + timedelta(minutes=4)
    _, clocks = run(placed(), (Move.OFFER, NOW), (Move.OFFER, later))
    assert clocks["answer"] == Deadline(
        "answer", 1, later + timedelta(minutes=10), later + timedelta(minutes=10)
    )
    assert clocks["accept"].due_at == datetime(2026, 11, 23, 15, 10)
    assert "dispatch" not in clocks
    _, clocks = run(placed(), (Move.OFFER, NOW), (Move.LAPSE, later))
    assert clocks["dispatch"].next_at == later
    assert "answer" not in clocks


def test_the_worker_is_expected_at_the_promised_time() -> None:
    order = placed(wanted=Wanted("2026-11-24T14:00/2026-11-24T16:00"))
    _, clocks = run(order, (Move.ACCEPT, NOW))
    assert clocks["arrive"].due_at == datetime(2026, 11, 24, 16, 30)
    assert clocks["arrive"].next_at == datetime(2026, 11, 24, 15, 45)
    assert "accept" not in clocks
    _, clocks = run(order, (Move.ACCEPT, NOW), (Move.SET_OUT, NOW), (Move.START, NOW))
    assert set(clocks) == {"finish"}


def test_without_a_promise_nobody_is_late() -> None:
    assert "arrive" not in run(placed(), (Move.ACCEPT, NOW))[1]


def test_an_order_for_next_week_is_not_overdue_this_week() -> None:
    _, clocks = run(placed(wanted=Wanted("2026-12-01")))
    assert clocks["finish"].due_at == datetime(2026, 12, 4, 18, 0)
    _, clocks = run(placed(), (Move.RESCHEDULE, NOW))
    assert clocks["finish"].due_at > datetime(2026, 11, 30)


def test_while_papers_are_missing_the_clock_stands_still() -> None:
    stopped_at = datetime(2026, 11, 24, 9, 10)
    order = placed("disability_certificate")
    _, clocks = run(order, (Move.ACCEPT, NOW), (Move.PAUSE, stopped_at))
    finish = clocks["finish"]
    assert finish.next_at is None
    assert finish.left_s == 30 * 7.5 * 3600  # one of 31 working days has passed
    assert set(clocks) == {"finish", "papers"}
    again_at = datetime(2026, 12, 8, 9, 10)
    _, clocks = run(order, (Move.ACCEPT, NOW), (Move.PAUSE, stopped_at), (Move.RESUME, again_at))
    assert clocks["finish"].due_at == CLOCKS.calendar.add(again_at, timedelta(hours=30 * 7.5))
    assert "papers" not in clocks


def test_a_mark_does_not_start_a_clock_that_has_told_everybody() -> None:
    order = after(placed(), Move.ROUTE)
    running = [clock for clock in CLOCKS.after_move(order, NOW) if clock.step == "finish"]
    marked = after(order, Move.ESCALATE)
    assert CLOCKS.after_move(marked, NOW, before=order.state, running=running) == tuple(running)


def test_a_clock_warns_then_tells_one_level_after_the_other() -> None:
    order, clocks = run(placed())
    clock, told = clocks["accept"], []
    now = clock.next_at
    while clock.next_at is not None:
        now = clock.next_at
        told.append((clock.level, now))
        clock = CLOCKS.after_firing(order, clock, now) or replace(clock, next_at=None, left_s=0)
    assert [level for level, _ in told] == [WARNING, 1, 2, 3, 4]
    assert told[1][1] == datetime(2026, 11, 23, 15, 10)
    assert told[2][1] == CLOCKS.calendar.add(told[1][1], timedelta(hours=4))
    assert clock.spent
    assert clock.due_at == told[1][1]


def test_a_clock_that_has_told_everybody_stays_till_its_step_is_over() -> None:
    due = NOW + timedelta(hours=4)
    told = Deadline("finish", 4, due, None)
    order = after(placed(), Move.ROUTE)

    def moved(move: Move, order: Order, clock: Deadline) -> tuple[Order, dict[str, Deadline]]:
        later = after(order, move, at=due)
        clocks = CLOCKS.after_move(later, due, before=order.state, running=[clock])
        return later, {one.step: one for one in clocks}

    for move in (Move.ESCALATE, Move.ACCEPT, Move.PAUSE, Move.RESUME):
        order, clocks = moved(move, order, told)
        assert clocks["finish"] == told, move
    assert not moved(Move.RESCHEDULE, order, told)[1]["finish"].spent
    assert "finish" not in moved(Move.FINISH, order, told)[1]


def test_an_offer_that_ran_out_leaves_no_clock() -> None:
    order, clocks = run(placed(), (Move.OFFER, NOW))
    assert CLOCKS.after_firing(order, clocks["answer"], NOW) is None


def test_what_was_done_is_followed_up_and_then_filed() -> None:
    _, clocks = run(placed(), (Move.ACCEPT, NOW), (Move.FINISH, NOW))
    assert set(clocks) == {"follow_up", "close"}
    assert clocks["close"] == Deadline("close", 1, NOW + timedelta(days=7), NOW + timedelta(days=7))
    _, clocks = run(placed(), (Move.ACCEPT, NOW), (Move.FINISH, NOW), (Move.FOLLOW_UP, NOW))
    assert set(clocks) == {"close"}
    _, clocks = run(placed(), (Move.ACCEPT, NOW), (Move.FINISH, NOW), (Move.CLOSE, NOW))
    assert clocks == {}


def test_a_reopened_order_gets_its_time_anew() -> None:
    later = NOW + timedelta(days=2)
    _, clocks = run(placed(), (Move.ACCEPT, NOW), (Move.FINISH, NOW), (Move.REOPEN, later))
    assert clocks["finish"].due_at == datetime(2026, 11, 30, 9, 10)


@pytest.mark.parametrize(
    ("iso", "end"),
    [
        (None, None),
        ("2026-11-24", datetime(2026, 11, 24, 23, 59)),
        ("2026-11-24T12:00", datetime(2026, 11, 24, 12)),
        ("2026-11-24T12:00/2026-11-24T13:00", datetime(2026, 11, 24, 13)),
        ("2026-11-24/2026-11-26", datetime(2026, 11, 26, 23, 59)),
    ],
)
def test_a_promise_ends_with_its_time(iso: str | None, end: datetime | None) -> None:
    assert promised_end(placed(wanted=Wanted(iso))) == end


RAW = {
    "levels": ["a"], "working_hours": ["08:00-12:00"], "holidays": [], "make_up_days": [],
    "steps": {"accept": {"states": ["routed"], "from": "step", "does": "escalate"}},
    "normal": {"accept": {"within": "4h"}}, "urgent": {}, "items": {},
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"working_hours": ["12:00-08:00"]}, "working_hours"),
        ({"working_hours": ["morning"]}, "'morning' is no span of hours"),
        ({"normal": {"accept": {"within": "soon"}}}, "'soon' is no span of time"),
        ({"normal": {}}, "have no normal limit"),
        ({"urgent": {"fly": {"within": "1m"}}}, "are no steps"),
        ({"items": {"flying": {}}}, "not in catalogue.yaml"),
        ({"steps": {"accept": {"states": [], "from": "now", "does": "escalate"}}}, "from is one of"),
    ],
)
def test_a_wrong_rule_is_told_with_its_remedy(changes: dict[str, object], words: str) -> None:
    assert read_sla(RAW).limit("x", "accept", "urgent").within == timedelta(hours=4)
    with pytest.raises(SlaError, match=words):
        read_sla(RAW | changes)
