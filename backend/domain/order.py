"""The life of an order: what it holds, which moves exist, and the one table that says what may follow what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType


class State(StrEnum):
    PLACED = "placed"  # 点单: it stands in the queue
    ROUTED = "routed"  # 送单: a department has it
    ACCEPTED = "accepted"  # 接单: somebody is going to do it
    DONE = "done"  # 办结
    CANCELLED = "cancelled"


class Move(StrEnum):
    ROUTE = "route"
    ACCEPT = "accept"
    FINISH = "finish"
    CANCEL = "cancel"
    RESCHEDULE = "reschedule"


MOVES: Mapping[State, Mapping[Move, State]] = MappingProxyType(
    {
        State.PLACED: {Move.ROUTE: State.ROUTED, Move.RESCHEDULE: State.PLACED, Move.CANCEL: State.CANCELLED},
        State.ROUTED: {
            Move.ROUTE: State.ROUTED,  # reassigned to another department
            Move.ACCEPT: State.ACCEPTED,
            Move.RESCHEDULE: State.ROUTED,
            Move.CANCEL: State.CANCELLED,
        },
        State.ACCEPTED: {
            Move.ROUTE: State.ROUTED,
            Move.RESCHEDULE: State.ROUTED,  # a new time needs a new yes from whoever does it
            Move.FINISH: State.DONE,
            Move.CANCEL: State.CANCELLED,
        },
        State.DONE: {},
        State.CANCELLED: {},
    }
)

OPEN = frozenset(state for state, moves in MOVES.items() if moves)


class OrderError(Exception):
    """Everything that can go wrong with an order; `IllegalMoveError` and `OrderNotFoundError` are its children."""


class IllegalMoveError(OrderError):
    """The move is not in the table for this state. Nothing was changed."""

    def __init__(self, order: Order, move: Move) -> None:
        allowed = ", ".join(MOVES[order.state]) or "nothing"
        super().__init__(f"order {order.number} is {order.state}: {move} is not allowed, allowed: {allowed}")
        self.order, self.move = order, move


class OrderNotFoundError(OrderError):
    """No order has this number."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """When it is wanted. `iso` is a point `2026-11-24T12:00`, a day `2026-11-24`, a range `A/B`, or None (no date)."""

    iso: str | None = None
    asap: bool = False
    recurrence: str | None = None  # RFC 5545 RRULE without DTSTART; `iso` is then the first time


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One change of one order: who did what when, and why."""

    at: datetime
    actor: str  # "caller", "system" or a staff login
    move: str  # "place" or a Move
    state: State  # the state after it
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    number: str  # what people read out: 8 digits, month, day and a count: "11240017"
    item: str  # code in config/catalogue.yaml
    beneficiary: str  # "self" or the word the caller used
    beneficiary_name: str | None
    elder_id: int | None  # the person in our records, when known
    caller: str  # the sender: a phone number or channel id
    wanted: Wanted
    place: str | None
    phone: str | None
    details: tuple[str, ...]
    session: str  # the conversation it came from
    placed_at: datetime
    state: State = State.PLACED
    department: str | None = None  # code in config/departments.yaml
    assignee: str | None = None  # login or name of whoever accepted
    missing: tuple[str, ...] = ()  # details the caller did not want to give: staff call back
    version: int = 1
    history: tuple[HistoryRow, ...] = field(default=())

    def moved(self, move: Move, *, at: datetime, actor: str, reason: str = "", **changes: object) -> Order:
        """This order after `move`. Raises `IllegalMoveError` and changes nothing when the table does not allow it."""
        if move not in MOVES[self.state]:
            raise IllegalMoveError(self, move)
        state = MOVES[self.state][move]
        row = HistoryRow(at=at, actor=actor, move=move, state=state, reason=reason)
        return replace(
            self,
            state=state,
            version=self.version + 1,
            history=(*self.history, row),
            **changes,  # type: ignore[arg-type]
        )
