"""Who could be asked to do an order, as the desk reads it: the best first, with why, and why not the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from backend.domain.order import Order
from backend.services.offer_order import RankedWorker, rank_candidates
from backend.services.ports import UnitOfWork
from backend.web.words import Words

BEST_SHOWN = 5  # at once; the others of those who fit unfold
MOST_FIT, MOST_UNFIT = 60, 20
GONE = "inactive"  # works no longer: can not be asked with any reason
FAR_MINUTES = 120
GOOD = 0.6  # of 1: a criterion worth this much is named


@dataclass(frozen=True, slots=True)
class Shown:
    """A worker in the list. `why`: what speaks for them, or, when they can not be asked (`fits` is false), what against."""

    code: str
    name: str
    provider: str
    fits: bool
    why: str


def candidates_shown(uow: UnitOfWork, order: Order, now: datetime, words: Words) -> list[Shown]:
    """The best of those who can be asked, then some who can not."""
    ranked = rank_candidates(uow, order, now)
    fit = [one for one in ranked if not one.ruled_out][:MOST_FIT]
    others = [one for one in ranked if one.ruled_out and GONE not in one.ruled_out][:MOST_UNFIT]
    names = {one.code: one.name for one in uow.providers.all(order.department)}
    return [_shown(one, names, words) for one in (*fit, *others)]


def _shown(one: RankedWorker, providers: dict[str, str], words: Words) -> Shown:
    worker = one.worker
    score = one.score
    why = against(one.ruled_out, words) if one.ruled_out else in_favour(score.minutes, score.worth, words)
    provider = providers.get(worker.provider, worker.provider)
    return Shown(worker.code, worker.name, provider, not one.ruled_out, "，".join(why))


def in_favour(minutes: float | None, worth: Mapping[str, float], words: Words) -> Sequence[str]:
    """What speaks for somebody, in words: the way in minutes, and each criterion that is worth much (of 1)."""
    told = [] if minutes is None else [_way(round(minutes), words)]
    good = [name for name, value in worth.items() if name != "travel" and value >= GOOD]
    return [*told, *(text for name in good if (text := words.get(f"candidates.{name}", "")))]


def _way(minutes: int, words: Words) -> str:
    if minutes > FAR_MINUTES:
        return words("candidates.far", hours=minutes // 60)
    return words("candidates.travel", minutes=max(1, minutes))


def against(ruled_out: Sequence[str], words: Words) -> Sequence[str]:
    """Why somebody can not be asked, in words."""
    return [words.get(f"candidates.ruled_out.{reason}", reason) for reason in ruled_out]
