"""Who is the best to do an order, and why: what rules somebody out, and what counts for them. Pure.

Every candidate gets a Score that says each criterion's worth (0 to 1) and weight, or the reasons that rule them out. It is stored
with the offer, so that anybody can ask later «why this worker» and «why not that one».
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from backend.domain.geography import Position, distance_km, travel_minutes
from backend.domain.providers import Worker
from config.dispatch import DispatchRules

UNRATED = 4.0  # stars
BEST = 5.0
SHOWN = 3  # of the others, in an explanation


@dataclass(frozen=True, slots=True)
class Job:
    """What has to be done, as far as it matters for who does it."""

    item: str
    region: str | None
    position: Position | None = None  # of the home; None: not known
    gender: str | None = None  # of the elder
    wants_gender: str | None = None  # what the elder wished for
    language: str | None = None
    asked: frozenset[str] = frozenset()  # workers and providers who refused or did not answer
    providers: frozenset[str] | None = None  # the only ones that are asked there; None: any
    absent: frozenset[str] = frozenset()  # workers who are not there on the day it is wanted


@dataclass(frozen=True, slots=True)
class Candidate:
    """A worker and what the records say about them now."""

    worker: Worker
    open_orders: int = 0
    visits: int = 0  # to this very elder, so far
    answers: int = 0  # how often people said how content they were
    stars: float = 0.0  # the sum of what they gave, 1 to 5 each


@dataclass(frozen=True, slots=True)
class Score:
    """What was found about one candidate. `ruled_out`: why they can not be asked; then the total does not count."""

    worker: str
    total: float = 0.0
    worth: dict[str, float] = field(default_factory=dict)  # criterion → 0..1, before its weight
    minutes: float | None = None  # of travel
    km: float | None = None
    ruled_out: tuple[str, ...] = ()

    def explained(self) -> dict[str, Any]:
        """For the records: plain values, rounded."""
        told: dict[str, Any] = {"worker": self.worker, "total": round(self.total, 3)}
        told["worth"] = {name: round(value, 3) for name, value in self.worth.items()}
        if self.minutes is not None and self.km is not None:
            told |= {"minutes": round(self.minutes), "km": round(self.km, 1)}
        return told | ({"ruled_out": list(self.ruled_out)} if self.ruled_out else {})


def rank(job: Job, candidates: Iterable[Candidate], rules: DispatchRules) -> list[Score]:
    """All candidates, the best first, those ruled out last. Equal ones in the order of their codes, so that it is always the same."""
    scores = [score(job, candidate, rules) for candidate in candidates]
    return sorted(scores, key=lambda one: (bool(one.ruled_out), -one.total, one.worker))


def score(job: Job, candidate: Candidate, rules: DispatchRules) -> Score:
    """One candidate for one job."""
    worker = candidate.worker
    km, minutes = _travel(job, worker, rules)
    ruled_out = tuple(_ruled_out(job, candidate, km, rules))
    worth = {
        # Nobody knows how far it is: neither near nor far.
        "travel": 0.5 if minutes is None else max(0.0, 1 - minutes / rules.comfortable_minutes),
        "continuity": 1 - 0.5**candidate.visits,
        "rating": _stars(candidate, rules) / BEST,
        "load": max(0.0, 1 - candidate.open_orders / max(1, worker.a_day)),
        "language": 1.0 if not job.language or job.language in worker.languages else 0.0,
        "gender": _gender_worth(job, worker, rules),
    }
    total = sum(rules.weights[name] * value for name, value in worth.items())
    return Score(worker.code, total, worth, minutes, km, ruled_out)


def explanation(chosen: Score, ranked: Sequence[Score], rules: DispatchRules) -> dict[str, Any]:
    """«Why this worker»: the score, the weights, and the next best with theirs."""
    others = [one for one in ranked if one.worker != chosen.worker and not one.ruled_out]
    return {
        "chosen": chosen.explained(),
        "weights": {name: weight for name, weight in rules.weights.items() if weight},
        "next": [one.explained() for one in others[:SHOWN]],
        "looked_at": len(ranked),
    }


def position_of(position: Position | None, region: str | None, rules: DispatchRules) -> Position | None:
    """Where somebody is: as known, else the middle of their county."""
    if position is not None or region is None:
        return position
    centre = rules.centres.get(region[:6])
    return None if centre is None else Position(*centre)


def _travel(job: Job, worker: Worker, rules: DispatchRules) -> tuple[float | None, float | None]:
    home = position_of(job.position, job.region, rules)
    start = position_of(worker.position, worker.region, rules)
    if home is None or start is None:
        return None, None
    minutes = travel_minutes(start, home, road_factor=rules.road_factor, speed_kmh=rules.speed_kmh)
    return distance_km(start, home) * rules.road_factor, minutes


def _ruled_out(job: Job, candidate: Candidate, km: float | None, rules: DispatchRules) -> Iterable[str]:
    worker = candidate.worker
    if not worker.active:
        yield "inactive"
    if job.providers is not None and worker.provider not in job.providers:
        yield "provider"
    if worker.code in job.absent:
        yield "absent"
    if not job.asked.isdisjoint((worker.code, worker.provider)):
        yield "asked"
    if job.item not in worker.items:
        yield "item"
    if rules.skills.get(job.item, frozenset()) - set(worker.skills):
        yield "skill"
    if candidate.open_orders >= worker.a_day:
        yield "full"
    # A distance between the middles of two counties says nothing about the way to somebody's door.
    known = job.position is not None and worker.position is not None
    radius = worker.radius_km if worker.radius_km is not None else rules.radius_km
    if known and km is not None and km > radius:
        yield "radius"
    wanted = job.wants_gender or (job.gender if job.item in rules.gender_must else None)
    if wanted is not None and worker.gender != wanted:
        yield "gender"


def _stars(candidate: Candidate, rules: DispatchRules) -> float:
    """What the list says, moved by what people said afterwards: as if the list's stars had been given `rating_weight` times."""
    listed = candidate.worker.rating if candidate.worker.rating is not None else UNRATED
    if not candidate.answers:
        return listed
    return (listed * rules.rating_weight + candidate.stars) / (rules.rating_weight + candidate.answers)


def _gender_worth(job: Job, worker: Worker, rules: DispatchRules) -> float:
    wanted = job.wants_gender or (job.gender if job.item in rules.same_gender else None)
    return 1.0 if wanted is None or worker.gender == wanted else 0.0
