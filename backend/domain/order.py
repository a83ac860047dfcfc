"""The life of an order: what it holds, and the one table that says which move may follow which state.

Errors: OrderError, and its children IllegalMoveError, PayloadError (backend/domain/payload.py) and OrderNotFoundError.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from backend.domain.wanted import is_time


class State(StrEnum):
    PLACED = "placed"  # 点单: nobody has it yet, or it came back to the desk
    ROUTED = "routed"  # 送单: a department has it
    OFFERED = "offered"  # 派工: one worker is asked
    ACCEPTED = "accepted"  # 接单: somebody is going to do it
    ON_THE_WAY = "on_the_way"
    STARTED = "started"  # checked in at the door
    PAUSED = "paused"  # waits for papers; deadlines stand still
    DONE = "done"  # 办结
    CONFIRMED = "confirmed"  # the elder agrees that it is done
    FOLLOWED_UP = "followed_up"  # 回访
    CLOSED = "closed"  # 归档
    CANCELLED = "cancelled"


class Move(StrEnum):
    ROUTE = "route"
    OFFER = "offer"
    REFUSE = "refuse"
    LAPSE = "lapse"  # an offer that nobody answered in time
    ACCEPT = "accept"
    SET_OUT = "set_out"
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    FINISH = "finish"
    CONFIRM = "confirm"
    FOLLOW_UP = "follow_up"
    CLOSE = "close"
    RETURN = "return"
    REOPEN = "reopen"
    RESCHEDULE = "reschedule"
    ESCALATE = "escalate"
    CANCEL = "cancel"


_AT_THE_DEPARTMENT = {
    Move.ROUTE: State.ROUTED,  # to another department
    Move.OFFER: State.OFFERED,  # to a worker, or to another one
    Move.ACCEPT: State.ACCEPTED,
    Move.RETURN: State.PLACED,
}
_BEING_DONE = {
    Move.ROUTE: State.ROUTED,
    Move.REFUSE: State.ROUTED,  # whoever had accepted can not come after all
    Move.PAUSE: State.PAUSED,
    Move.FINISH: State.DONE,
}
_EVERY_OPEN_ORDER = {Move.CANCEL: State.CANCELLED, Move.RESCHEDULE: State.ROUTED}
_AFTER_THE_WORK = {Move.FOLLOW_UP: State.FOLLOWED_UP, Move.CLOSE: State.CLOSED, Move.REOPEN: State.ROUTED}

# What may follow what. `ESCALATE` marks an order without changing where it stands (see `_table`).
_MOVES: dict[State, dict[Move, State]] = {
    State.PLACED: {Move.ROUTE: State.ROUTED} | _EVERY_OPEN_ORDER | {Move.RESCHEDULE: State.PLACED},
    State.ROUTED: _AT_THE_DEPARTMENT | _EVERY_OPEN_ORDER,
    State.OFFERED: _AT_THE_DEPARTMENT
    | {Move.REFUSE: State.ROUTED, Move.LAPSE: State.ROUTED}
    | _EVERY_OPEN_ORDER,
    # A new time needs a new yes from whoever does it: RESCHEDULE leads back to the department.
    # FINISH without START: errands done at a counter have no check-in at a door.
    State.ACCEPTED: _BEING_DONE
    | {Move.OFFER: State.OFFERED, Move.SET_OUT: State.ON_THE_WAY, Move.START: State.STARTED}
    | {Move.RETURN: State.PLACED}
    | _EVERY_OPEN_ORDER,
    State.ON_THE_WAY: {Move.START: State.STARTED, Move.REFUSE: State.ROUTED, Move.ROUTE: State.ROUTED}
    | _EVERY_OPEN_ORDER,
    State.STARTED: _BEING_DONE | _EVERY_OPEN_ORDER,
    State.PAUSED: {Move.RESUME: State.ACCEPTED, Move.ROUTE: State.ROUTED, Move.RETURN: State.PLACED}
    | _EVERY_OPEN_ORDER
    | {Move.RESCHEDULE: State.PAUSED},
    State.DONE: {Move.CONFIRM: State.CONFIRMED} | _AFTER_THE_WORK,
    State.CONFIRMED: _AFTER_THE_WORK,
    State.FOLLOWED_UP: {Move.CLOSE: State.CLOSED, Move.REOPEN: State.ROUTED},
    State.CLOSED: {Move.REOPEN: State.ROUTED},
    State.CANCELLED: {},
}

# Orders that somebody still has to work on.
OPEN = frozenset(state for state, moves in _MOVES.items() if Move.CANCEL in moves)
FINAL = frozenset({State.CLOSED, State.CANCELLED})


def _table() -> Mapping[State, Mapping[Move, State]]:
    return MappingProxyType(
        {
            state: MappingProxyType(moves if state in FINAL else moves | {Move.ESCALATE: state})
            for state, moves in _MOVES.items()
        }
    )


MOVES = _table()

# What callers and scripts are told of an order: five stages, the steps within an office are not theirs to follow.
STAGES: Mapping[State, State] = MappingProxyType(
    {state: state for state in (State.PLACED, State.ROUTED, State.ACCEPTED, State.DONE, State.CANCELLED)}
    | {State.OFFERED: State.ROUTED}
    | dict.fromkeys((State.ON_THE_WAY, State.STARTED, State.PAUSED), State.ACCEPTED)
    | dict.fromkeys((State.CONFIRMED, State.FOLLOWED_UP, State.CLOSED), State.DONE)
)

# 办结 is not the last word: this long an elder may say that it was not done well, and the same order goes on.
REOPEN_WITHIN = timedelta(days=5)


class OrderError(Exception):
    """Everything that can go wrong with an order."""


class IllegalMoveError(OrderError):
    """The move is not in the table for this state, or comes too late. Nothing was changed."""

    def __init__(self, order: Order, move: Move, allowed: tuple[Move, ...]) -> None:
        told = ", ".join(allowed) or "nothing"
        super().__init__(f"order {order.number} is {order.state}: {move} is not allowed, allowed: {told}")
        self.order, self.move, self.allowed = order, move, allowed


class OrderNotFoundError(OrderError):
    """No order has this number."""


class Urgency(StrEnum):
    NORMAL = "normal"
    URGENT = "urgent"


@dataclass(frozen=True, slots=True)
class Wanted:
    """When it is wanted. `iso` is a point `2026-11-24T12:00`, a day `2026-11-24`, a range `A/B`, or None (no date)."""

    iso: str | None = None
    asap: bool = False
    recurrence: str | None = (
        None  # RFC 5545 RRULE without DTSTART; `iso` is then the first time. Rules: backend/domain/wanted.py
    )

    @property
    def begins(self) -> str | None:
        """The point or day itself, or the first of a range; None without one that can be read."""
        return str(self.iso).split("/")[0] if is_time(self.iso) else None

    @property
    def ends(self) -> str | None:
        """The point or day itself, or the last of a range; None without one that can be read."""
        return str(self.iso).split("/")[-1] if is_time(self.iso) else None


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One change of one order: who did what when, from where, and why."""

    at: datetime
    actor: str  # "caller", "system", a staff login or a worker's code
    move: str  # "place" or a Move
    state: State  # the state after it
    reason: str = ""
    origin: str = ""  # the way it came in and its masked address: "web 192.168.*.*" (backend/domain/audit.py)
    payload: Mapping[str, Any] = field(
        default_factory=dict
    )  # what the move came with: see backend/domain/payload.py
    hash: bytes | None = field(default=None, compare=False)  # in the audit trail; None until it is stored


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
    assignee: str | None = None  # login, name or worker's code of whoever accepted
    missing: tuple[str, ...] = ()  # details the caller did not want to give: staff call back
    version: int = 1
    history: tuple[HistoryRow, ...] = field(default=())
    region: str | None = None  # code in config/regions.yaml, as fine as the address tells
    offered_to: str | None = None  # code of the worker who is asked just now
    escalation: int = 0  # how far up it was reported: 0 nobody, then the levels of config/dispatch.yaml
    bundle: str | None = None  # orders of one request that belong together (一件事) carry the same mark

    @property
    def urgency(self) -> Urgency:
        return Urgency.URGENT if self.wanted.asap else Urgency.NORMAL

    @property
    def stage(self) -> State:
        """Where it stands for people outside."""
        return STAGES[self.state]

    @property
    def finished_at(self) -> datetime | None:
        """When the work was last done; None while it never was."""
        return next((row.at for row in reversed(self.history) if row.move == Move.FINISH), None)

    def allowed(self, at: datetime) -> tuple[Move, ...]:
        """What may be done with this order at this moment, in the order of the table."""
        finished = self.finished_at
        late = finished is not None and at > finished + REOPEN_WITHIN
        return tuple(move for move in MOVES[self.state] if not (late and move is Move.REOPEN))

    def check(self, move: Move, at: datetime) -> None:
        """Raises IllegalMoveError when the move is not allowed at this moment."""
        allowed = self.allowed(at)
        if move not in allowed:
            raise IllegalMoveError(self, move, allowed)

    def moved(
        self,
        move: Move,
        *,
        at: datetime,
        actor: str,
        reason: str = "",
        origin: str = "",
        payload: Mapping[str, Any] | None = None,
    ) -> Order:
        """This order after `move`. Raises IllegalMoveError and changes nothing when the table does not allow it.

        `payload` is taken as it is: `check_payload` tells beforehand whether it is complete.
        """
        self.check(move, at)
        payload = payload or {}
        state = MOVES[self.state][move]
        row = HistoryRow(at, actor, move, state, reason, origin, payload)
        changes = _changes(self, move, actor, payload)
        return replace(self, state=state, version=self.version + 1, history=(*self.history, row), **changes)


def _changes(order: Order, move: Move, actor: str, payload: Mapping[str, Any]) -> dict[str, Any]:
    """What a move changes besides the state."""
    nobody = {"assignee": None, "offered_to": None}
    match move:
        case Move.ROUTE:
            return nobody | {"department": payload["department"]}
        case Move.RETURN:
            return nobody | {"department": None}
        case Move.OFFER:
            return nobody | {"offered_to": payload["worker"]}
        case Move.REFUSE | Move.LAPSE:
            return nobody
        case Move.ACCEPT:
            return {"assignee": payload.get("assignee") or order.offered_to or actor, "offered_to": None}
        case Move.RESCHEDULE:
            wanted = Wanted(payload.get("iso"), bool(payload.get("asap")), payload.get("recurrence"))
            return {"wanted": wanted} | ({} if order.state is State.PAUSED else nobody)
        case Move.ESCALATE:
            return {"escalation": payload.get("level", order.escalation + 1)}
        case Move.REOPEN:
            return nobody | {"escalation": 0}
        case Move.CANCEL:
            return {"offered_to": None}
    return {}
