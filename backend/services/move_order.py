"""The one door for every move of an order: checked by the table, by its payload and by its version, stored with its history row."""

from __future__ import annotations

from dataclasses import replace

from backend.domain.local_time import local_time
from backend.domain.order import Move, Order
from backend.domain.payload import check_payload
from backend.services.clocks import set_clocks
from backend.services.commands import MoveOrder
from backend.services.events import moved_event
from backend.services.ports import StaleError, UnitOfWork
from backend.services.rate_worker import count_satisfaction
from config.organisation import load_departments
from config.sla import load_sla

SYSTEM = "system"  # who makes the moves of the clock


class UnknownDepartmentError(ValueError):
    """No department has this code."""


class UnknownWorkerError(ValueError):
    """No worker has this code."""


def move_order(command: MoveOrder, uow: UnitOfWork) -> Order:
    """The order after the move. The same `key` a second time changes nothing and gives the order as it stands.

    Raises OrderNotFoundError, IllegalMoveError (it lists what is allowed), PayloadError (it lists what is missing or wrong),
    UnknownDepartmentError, UnknownWorkerError, or StaleError when the order is no longer of `expected_version`.
    """
    command = replace(command, at=local_time(command.at))
    if command.key is not None and not uow.orders.claim_move(command.number, command.move, command.key):
        return uow.orders.get(command.number)
    order = uow.orders.get(command.number)
    if command.expected_version not in (None, order.version):
        raise StaleError(
            f"order {order.number} is of version {order.version}, not {command.expected_version}"
        )
    order.check(command.move, command.at)
    system = command.actor == SYSTEM
    check_payload(command.move, order.state, command.payload, command.reason, at=command.at, system=system)
    _check_names(command, uow)
    if command.move is Move.ESCALATE:
        command = replace(command, payload={**command.payload, "level": _level(command, order)})
    moved = order.moved(
        command.move,
        at=command.at,
        actor=command.actor,
        reason=command.reason,
        origin=command.origin,
        payload=command.payload,
    )
    # It asks what runs: a question costs least before anything is written.
    set_clocks(moved, command.at, uow, before=order.state)
    uow.orders.save(moved)
    count_satisfaction(moved, uow)
    uow.publish(moved_event(command.move, moved))
    return moved


def _level(command: MoveOrder, order: Order) -> int:
    """How far up it is reported: as the system says, else one level further; never beyond the last."""
    level: int = command.payload.get("level") or order.escalation + 1
    return min(level, len(load_sla().levels))


def _check_names(command: MoveOrder, uow: UnitOfWork) -> None:
    if command.move is Move.ROUTE and command.payload["department"] not in load_departments().by_code:
        raise UnknownDepartmentError(command.payload["department"])
    if command.move is Move.OFFER:
        code = command.payload["worker"]
        if uow.providers.worker(code) is None and uow.providers.provider(code) is None:
            raise UnknownWorkerError(code)
