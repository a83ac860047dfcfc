"""The table of moves: what it allows, what it refuses, and what each move changes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.order import (
    FINAL,
    MOVES,
    OPEN,
    REOPEN_WITHIN,
    STAGES,
    IllegalMoveError,
    Move,
    Order,
    State,
    Wanted,
)
from backend.domain.payload import NEEDS, PayloadError, check_payload, needs_of

from .orders import NOW, PAYLOADS, after, placed


def test_every_state_can_be_reached_and_has_a_stage() -> None:
    reached = {State.PLACED} | {state for moves in MOVES.values() for state in moves.values()}
    assert reached == set(State) == set(MOVES) == set(STAGES)
    assert set(STAGES.values()) == {State.PLACED, State.ROUTED, State.ACCEPTED, State.DONE, State.CANCELLED}


def test_every_order_can_come_to_an_end() -> None:
    ends = set(FINAL)
    while more := {
        state for state, moves in MOVES.items() if state not in ends and ends & set(moves.values()) - {state}
    }:
        ends |= more
    assert ends == set(State)


def test_whoever_still_waits_may_cancel_and_change_the_time() -> None:
    assert {state for state, moves in MOVES.items() if Move.RESCHEDULE in moves} == OPEN
    assert State.DONE not in OPEN


def test_the_long_way_from_the_call_to_the_file() -> None:
    order = after(
        placed(), Move.ROUTE, Move.OFFER, Move.REFUSE, Move.OFFER, Move.ACCEPT, Move.SET_OUT, Move.START, Move.PAUSE,
        Move.RESUME, Move.START, Move.FINISH, Move.CONFIRM, Move.FOLLOW_UP, Move.CLOSE,
    )  # fmt: skip
    assert (order.state, order.assignee, order.offered_to) == (State.CLOSED, "w1", None)
    assert order.version == 15 == len(order.history)


def test_an_illegal_move_names_what_is_allowed_and_changes_nothing() -> None:
    order = after(placed(), Move.ROUTE)
    with pytest.raises(IllegalMoveError) as refused:
        order.moved(Move.FINISH, at=NOW, actor="x")
    assert refused.value.allowed == tuple(MOVES[State.ROUTED])
    assert "allowed: route, offer, accept" in str(refused.value)
    assert order == after(placed(), Move.ROUTE)


def test_an_order_that_was_done_badly_goes_on_within_five_days_and_not_later() -> None:
    done = after(placed(), Move.ROUTE, Move.ACCEPT, Move.FINISH)
    again = done.moved(Move.REOPEN, at=NOW + REOPEN_WITHIN, actor="caller", reason="又坏了")
    assert (again.state, again.assignee) == (State.ROUTED, None)
    with pytest.raises(IllegalMoveError) as refused:
        done.moved(Move.REOPEN, at=NOW + REOPEN_WITHIN + timedelta(seconds=1), actor="caller")
    assert Move.REOPEN not in refused.value.allowed
    assert Move.CLOSE in refused.value.allowed


def test_a_new_time_needs_a_new_yes_but_papers_that_are_missing_stay_missing() -> None:
    moved = after(placed(), Move.ROUTE, Move.ACCEPT, Move.RESCHEDULE)
    assert (moved.state, moved.assignee, moved.wanted) == (State.ROUTED, None, Wanted("2026-11-26"))
    paused = after(placed(), Move.ROUTE, Move.ACCEPT, Move.PAUSE, Move.RESCHEDULE)
    assert (paused.state, paused.assignee) == (State.PAUSED, "x")


def test_reporting_an_order_marks_it_and_leaves_it_where_it_is() -> None:
    order = after(placed(), Move.ROUTE, Move.ESCALATE, Move.ESCALATE)
    assert (order.state, order.escalation) == (State.ROUTED, 2)
    order = order.moved(Move.ESCALATE, at=NOW, actor="system", payload={"level": 4})
    assert order.escalation == 4


def test_what_is_returned_belongs_to_nobody() -> None:
    order = after(placed(), Move.ROUTE, Move.OFFER, Move.RETURN)
    assert (order.state, order.department, order.offered_to) == (State.PLACED, None, None)


@given(st.lists(st.sampled_from(list(Move)), max_size=30))
def test_whatever_is_tried_the_history_tells_it(moves: list[Move]) -> None:
    order: Order = placed()
    for move in moves:
        before = order
        if move not in MOVES[order.state]:
            with pytest.raises(IllegalMoveError):
                after(order, move)
            continue
        order = after(order, move)
        assert order.state is MOVES[before.state][move]
        assert order.history[:-1] == before.history
        assert order.version == len(order.history)
        assert order.history[-1].state is order.state
        assert (order.offered_to is not None) == (order.state is State.OFFERED)


def test_every_move_has_its_needs() -> None:
    assert set(NEEDS) == set(Move)
    for move in Move:
        check_payload(move, State.ACCEPTED, PAYLOADS.get(move, {}), "so")


@pytest.mark.parametrize(
    ("move", "payload", "reason", "problems"),
    [
        (Move.ROUTE, {}, "", {"department"}),
        (Move.CANCEL, {}, "  ", {"reason"}),
        (Move.RETURN, {"department": "town"}, "x" * 501, {"department", "reason"}),
        (Move.START, {}, "", {"position"}),
        (Move.START, {"position": [91, 0]}, "", {"position"}),
        (Move.START, {"position": [38.4, float("nan")]}, "", {"position"}),
        (Move.START, {"position": [True, 1]}, "", {"position"}),
        (Move.PAUSE, {"waiting_for": []}, "", {"waiting_for"}),
        (Move.PAUSE, {"waiting_for": ["x"] * 51}, "", {"waiting_for"}),
        (Move.FINISH, {"readings": {"血压": None}, "photos": "a"}, "", {"readings", "photos"}),
        (Move.FOLLOW_UP, {"satisfaction": 6}, "", {"satisfaction"}),
        (Move.FOLLOW_UP, {"satisfaction": True}, "", {"satisfaction"}),
        (Move.RESCHEDULE, {"iso": "tomorrow"}, "", {"iso"}),
        (Move.RESCHEDULE, {"iso": "2026-11-26T10:00/2026-11-25"}, "", {"iso"}),
        (Move.RESCHEDULE, {"iso": "2026-11-26T10:00+08:00"}, "", {"iso"}),
        (Move.RESCHEDULE, {}, "", {"iso"}),
        (Move.ESCALATE, {"level": 0, "color": "red"}, "", {"level", "color"}),
        (
            Move.RESCHEDULE,
            {"iso": "2026-W48T12:00", "recurrence": "FREQ=WEEKLY;INTERVAL=²"},
            "",
            {"iso", "recurrence"},
        ),
        (Move.OFFER, {"worker": "w\0"}, "", {"worker"}),
        (Move.ACCEPT, {"assignee": "\ud800"}, "", {"assignee"}),
        (Move.OFFER, {"worker": "w", "why": {"a": 10**30}}, "", {"why"}),
        (Move.OFFER, {"worker": "w", "why": {"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}}, "", {"why"}),
        (Move.RESUME, {"x" * 500: 1}, "", {"x" * 40}),
    ],
)
def test_a_move_with_the_wrong_things_says_all_that_is_wrong(
    move: Move, payload: dict[str, object], reason: str, problems: set[str]
) -> None:
    with pytest.raises(PayloadError) as refused:
        check_payload(move, State.ACCEPTED, payload, reason)
    assert set(refused.value.problems) == problems


def test_how_far_up_it_is_reported_is_for_the_system_to_say() -> None:
    check_payload(Move.ESCALATE, State.ROUTED, {"level": 2, "step": "accept"})
    with pytest.raises(PayloadError, match="level is unknown here"):
        check_payload(Move.ESCALATE, State.ROUTED, {"level": 2}, system=False)
    check_payload(Move.ESCALATE, State.ROUTED, {"told": ["值班"]}, system=False)


def test_a_visit_ends_with_evidence_and_an_errand_at_a_counter_need_not() -> None:
    check_payload(Move.FINISH, State.ACCEPTED, {})
    with pytest.raises(PayloadError, match="photos is needed"):
        check_payload(Move.FINISH, State.STARTED, {"items_done": ["擦窗"]})
    for proof in ({"photos": ["a.jpg"]}, {"signature": "sig-1"}, {"spoken_yes": True}):
        check_payload(Move.FINISH, State.STARTED, proof | {"readings": {"体温": 36.5}})
    assert needs_of(Move.FINISH, State.STARTED).known == needs_of(Move.FINISH, State.ACCEPTED).known


def test_the_diagram_of_the_documents_is_the_table() -> None:
    from pathlib import Path

    lines = [
        f"    {state} --> {target}: {move}"
        for state, moves in MOVES.items()
        for move, target in moves.items()
        if move is not Move.ESCALATE
    ]
    document = (Path(__file__).parents[3] / "docs" / "orders.md").read_text("utf-8")
    assert "\n".join(lines) in document, "docs/orders.md must hold:\n" + "\n".join(lines)
