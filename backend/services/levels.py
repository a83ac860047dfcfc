"""Who an order is reported to: each level of `config/sla.yaml` is a region around the order, and the duty staff bound to it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import dropwhile

from backend.domain.staff import Role, StaffUser
from backend.services.ports import UnitOfWork
from config.organisation import load_regions
from config.sla import load_sla

ON_DUTY = frozenset({Role.DUTY, Role.OPERATOR})


def region_of_level(region: str | None, level: int) -> str | None:
    """The region that stands for this level (1: the first of `levels`) around `region`; None: nobody knows where it is.

    The last level is a city, the one before a county, and so on down. Where the place is known less finely than the level
    asks for, the finest that is known stands for it.
    """
    if region is None:
        return None
    around = _around(region)  # province first
    below_province = len(load_sla().levels) - level + 1
    return around[min(max(below_province, 0), len(around) - 1)]


def on_duty_for(region: str | None, uow: UnitOfWork) -> Sequence[str]:
    """Logins of the duty staff bound to this very region; where there are none, of the next one around it that has some, then
    those who are bound to no region, then everybody on duty."""
    duty = [user for user in uow.staff.all() if user.active and user.role in ON_DUTY]
    around = reversed(_around(region)) if region is not None else iter(())
    found: Sequence[StaffUser] = next(
        dropwhile(lambda bound: not bound, (_bound_to(one, duty) for one in (*around, None))), duty
    )
    return [user.login for user in found]


def _bound_to(region: str | None, duty: Sequence[StaffUser]) -> Sequence[StaffUser]:
    return [user for user in duty if user.region == region]


def _around(region: str) -> list[str]:
    """The region and everything it lies in, the widest first. A code that is in no list stands for itself."""
    regions = load_regions()
    found: list[str] = []
    at: str | None = region
    while at is not None:
        found.insert(0, at)
        at = regions[at].parent if at in regions else None
    return found
