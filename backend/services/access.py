"""The access table of this installation, read from `config/access.yaml`, and what a thing is to it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from backend.domain.access import Actor, Matrix, Reach, Scope, Thing
from backend.domain.order import Move, Order
from backend.domain.queue import Task, TaskKind
from backend.domain.staff import Role, StaffUser
from backend.services.ports import UnitOfWork
from config.organisation import load_regions

NEVER = "-"


class AccessTableError(ValueError):
    """`config/access.yaml` is wrong; the message says where."""


@cache
def load_matrix() -> Matrix:
    """Read and check the table. Raises AccessTableError."""
    return read_matrix(yaml.safe_load(_text()))


@cache
def load_actions_of_moves() -> Mapping[Move, str]:
    """Which action each move of an order is."""
    return read_moves(yaml.safe_load(_text()))


def read_matrix(raw: Mapping[str, Any]) -> Matrix:
    """The table from its parsed file."""
    if set(raw["roles"]) != {role.value for role in Role} or len(raw["roles"]) != len(Role):
        raise AccessTableError(
            f"config/access.yaml: roles must be these, once each: {', '.join(role.value for role in Role)}"
        )
    roles = [Role(role) for role in raw["roles"]]
    cells: dict[str, dict[Role, Scope]] = {}
    for action, scopes in raw["actions"].items():
        if len(scopes) != len(roles):
            raise AccessTableError(
                f"config/access.yaml: {action} has {len(scopes)} cells for {len(roles)} roles"
            )
        try:
            cells[action] = {
                role: Scope(scope) for role, scope in zip(roles, scopes, strict=True) if scope != NEVER
            }
        except ValueError as problem:
            raise AccessTableError(f"config/access.yaml: {action}: {problem}") from None
    return Matrix(cells, _within())


def read_moves(raw: Mapping[str, Any]) -> Mapping[Move, str]:
    """Move → action. Raises AccessTableError for a move or an action that is none; a move left out is nobody's."""
    unknown = [move for moves in raw["moves"].values() for move in moves if move not in set(Move)]
    if unknown or not set(raw["moves"]) <= set(raw["actions"]):
        raise AccessTableError(f"config/access.yaml: unknown moves {unknown} or actions in `moves`")
    return {Move(move): action for action, moves in raw["moves"].items() for move in moves}


def thing_of(order: Order) -> Thing:
    """What an order is to the table."""
    workers = frozenset(code for code in (order.assignee, order.offered_to) if code)
    return Thing(order.region, order.department, workers)


def thing_of_task(task: Task) -> Thing:
    """What an emergency, a hand-off or a complaint is to the table: it belongs to a region, and to no department."""
    return Thing(task.region)


def is_in_reach(task: Task, actor: Actor, matrix: Matrix, action: str = "task.view") -> bool:
    """Whether a task is this actor's to see or take.

    What was reported to a level is not for those below it to put away: there a region counts with what lies in it alone.
    """
    if task.kind is TaskKind.LATE and not Reach(matrix.inside(actor.user.region)).covers(Thing(task.region)):
        return False
    return matrix.allows(actor, action, thing_of_task(task))


def actor_of(user: StaffUser, uow: UnitOfWork, grants: tuple[str, ...] | None = None) -> Actor:
    """The login as the table knows it, with the workers of its provider, and the provider itself, which may be asked as a whole."""
    if user.provider is None:
        return Actor(user, grants)
    crew = frozenset(worker.code for worker in uow.providers.workers(user.provider))
    return Actor(user, grants, crew | {user.provider})


def _within() -> Mapping[str, frozenset[str]]:
    """Each region with everything that lies in it."""
    found: dict[str, set[str]] = {}
    regions = load_regions()
    for code in regions:
        above: str | None = code
        while above is not None:
            found.setdefault(above, set()).add(code)
            above = regions[above].parent
    return {code: frozenset(inner) for code, inner in found.items()}


def _text() -> str:
    return files("config").joinpath("access.yaml").read_text("utf-8")
