"""What dispatch needs of the store besides providers and orders: plans of days, and who is not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from backend.domain.day_plan import DayPlan, Stop
from backend.domain.geography import Position


@dataclass(frozen=True, slots=True)
class StopChange:
    """What became of one visit since the plan before. None: it was, or is, in no route."""

    key: str
    before: Stop | None
    after: Stop | None


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """The plan of a department for a region and a day, as it stands."""

    department: str
    region: str
    day: date
    version: int
    made_at: datetime
    cause: str  # why it was made anew: see `plan_day`
    plan: DayPlan
    reasons: Mapping[str, str] = field(default_factory=dict)  # number → a code: see `plan_day`
    changes: tuple[StopChange, ...] = ()
    at: Mapping[str, Position] = field(default_factory=dict)  # where workers were when it was made


class DayPlans(Protocol):
    def get(self, department: str, region: str, day: date) -> StoredPlan | None: ...
    def keys(self, since: date) -> Sequence[tuple[str, str, date]]:
        """Department, region and day of every plan from this day on."""
        ...

    def of_day(self, day: date) -> Sequence[StoredPlan]: ...
    def save(self, plan: StoredPlan) -> None:
        """Raises StaleError when it does not follow the version that stands (1: none does)."""
        ...

    def absent(self, day: date) -> frozenset[str]: ...  # codes of the workers who are not there
    def set_absent(self, worker: str, day: date, *, absent: bool) -> bool: ...  # False: it was so already
    def tidy(self, before: date) -> int: ...  # plans and absences of earlier days go; how many
