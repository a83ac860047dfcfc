"""What dispatch needs of the store besides providers and orders: plans of days, and who is not there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from backend.domain.day_plan import DayPlan, PlanId, Stop
from backend.domain.geography import Position


@dataclass(frozen=True, slots=True)
class StopChange:
    """What became of one visit since the plan before. None: it was, or is, in no route."""

    key: str
    before: Stop | None
    after: Stop | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one stop when its plan was adopted: a code of `adopt_plan`, and the moves or reasons that explain it."""

    key: str
    worker: str
    outcome: str
    because: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Adoption:
    """A plan was taken over: which version, when, by whom, what became of its stops, and the stops themselves."""

    version: int
    at: datetime
    by: str
    outcomes: tuple[Outcome, ...]
    stops: tuple[Stop, ...]


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
    changes: tuple[StopChange, ...] = ()  # since the version that was adopted, else since the one before
    at: Mapping[str, Position] = field(default_factory=dict)  # where workers were when it was made
    seen: Mapping[str, int] = field(default_factory=dict)  # number → version of the order that was planned
    adoption: Adoption | None = None  # the last one, of this version or an earlier one

    @property
    def id(self) -> PlanId:
        return PlanId(self.department, self.region, self.day, self.version)

    @property
    def key(self) -> str:
        """What events call it, whichever version."""
        return f"{self.department}/{self.region}/{self.day}"

    @property
    def is_adopted(self) -> bool:
        """Whether this very version was."""
        return self.adoption is not None and self.adoption.version == self.version


class DayPlans(Protocol):
    def get(self, department: str, region: str, day: date) -> StoredPlan | None: ...
    def keys(self, since: date) -> Sequence[tuple[str, str, date]]:
        """Department, region and day of every plan from this day on."""
        ...

    def of_day(self, day: date) -> Sequence[StoredPlan]: ...
    def save(self, plan: StoredPlan) -> None:
        """Raises StaleError when it does not follow the version that stands (1: none does). The adoption that is stored stays."""
        ...

    def adopt(self, plan: StoredPlan) -> None:
        """Store the plan's adoption. Raises StaleError when it was made anew since."""
        ...

    def absent(self, day: date) -> frozenset[str]: ...  # codes of the workers who are not there
    def set_absent(self, worker: str, day: date, *, absent: bool) -> bool: ...  # False: it was so already
    def tidy(self, before: date) -> int: ...  # plans and absences of earlier days go; how many
