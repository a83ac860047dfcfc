"""Who may do what: a login, an action and a thing in, yes or no out. The table itself is `config/access.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from backend.domain.staff import Role, StaffUser

# Of an emergency often only the city is known: whoever works in a county of it sees it too, so that it lies with nobody's neighbour.
WHEREVER_IT_MAY_BE = "task."


class Scope(StrEnum):
    """What a login must be bound to before it may do something at all."""

    ALL = "all"
    DEPARTMENT = "department"
    PROVIDER = "provider"
    OWN = "own"


class AccessDeniedError(Exception):
    """This login, or the token it uses, may not do this."""

    def __init__(self, action: str) -> None:
        super().__init__(f"{action} is not allowed")
        self.action = action


@dataclass(frozen=True, slots=True)
class Thing:
    """What an action is about, as far as access depends on it."""

    region: str | None = None
    department: str | None = None
    workers: frozenset[str] = frozenset()  # codes of who does it or is asked to


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks: a login, by itself (`grants` is None) or through a token that carries these scopes.

    `crew`: the codes of the workers of the provider that the login is bound to.
    """

    user: StaffUser
    grants: tuple[str, ...] | None = None
    crew: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reach:
    """What of many things an actor reaches with one action. None: not limited in this respect."""

    regions: frozenset[str] | None = None
    department: str | None = None
    workers: frozenset[str] | None = None

    def covers(self, thing: Thing) -> bool:
        """A thing without a region is covered by every region; one without a department by no limited department."""
        return (
            (self.regions is None or thing.region is None or thing.region in self.regions)
            and self.department in (None, thing.department)
            and (self.workers is None or not self.workers.isdisjoint(thing.workers))
        )


@dataclass(frozen=True, slots=True)
class Matrix:
    """The table: scope by action and role, and what lies within each region (itself included)."""

    cells: Mapping[str, Mapping[Role, Scope]]
    within: Mapping[str, frozenset[str]]

    def reach(self, actor: Actor, action: str) -> Reach:
        """What the actor reaches. Raises AccessDeniedError when that is nothing."""
        user = actor.user
        scope = self.cells.get(action, {}).get(user.role)
        if scope is None or not granted(actor.grants, action) or not _bound(user, scope):
            raise AccessDeniedError(action)
        return Reach(
            regions=self._regions(user.region, action),
            department=user.department,
            workers=_workers(actor, scope),
        )

    def inside(self, region: str | None) -> frozenset[str] | None:
        """A region and all that lies in it; None for everywhere: no region, or the one that all others lie in."""
        if region is None:
            return None
        inner = self.within.get(region, frozenset({region}))
        return None if inner == frozenset(self.within) else inner

    def _regions(self, region: str | None, action: str) -> frozenset[str] | None:
        inside = self.inside(region)
        if inside is None or not action.startswith(WHEREVER_IT_MAY_BE):
            return inside
        return inside | {around for around, inner in self.within.items() if region in inner}

    def allows(self, actor: Actor, action: str, thing: Thing | None = None) -> bool:
        """Whether the actor may do this to `thing`; without one, whether there is anything they may do it to."""
        try:
            reach = self.reach(actor, action)
        except AccessDeniedError:
            return False
        return thing is None or reach.covers(thing)

    def require(self, actor: Actor, action: str, thing: Thing | None = None) -> None:
        """Raises AccessDeniedError."""
        if not self.allows(actor, action, thing):
            raise AccessDeniedError(action)


def granted(grants: tuple[str, ...] | None, action: str) -> bool:
    """Whether the scopes of a token cover an action: `order.view`, or `order.*` for all of a group."""
    if grants is None:
        return True
    return action in grants or f"{action.partition('.')[0]}.*" in grants


def _workers(actor: Actor, scope: Scope) -> frozenset[str] | None:
    user = actor.user
    if scope is Scope.OWN and user.worker is not None:
        return frozenset({user.worker})
    if scope is Scope.PROVIDER and user.provider is not None:
        return actor.crew
    return None


def _bound(user: StaffUser, scope: Scope) -> bool:
    binding = {Scope.DEPARTMENT: user.department, Scope.PROVIDER: user.provider, Scope.OWN: user.worker}
    return scope is Scope.ALL or binding[scope] is not None
