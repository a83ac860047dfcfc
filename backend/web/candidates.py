"""Who could be asked to do an order, as the desk reads it: the best first, with why, and why not the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from backend.domain.order import Order
from backend.services.offer_order import RankedWorker, rank_candidates
from backend.services.ports import UnitOfWork
from backend.web.words import Words

MOST_SHOWN = 8
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
    fit = [one for one in ranked if not one.ruled_out][:MOST_SHOWN]
    others = [one for one in ranked if one.ruled_out][:MOST_SHOWN]
    names = {one.code: one.name for one in uow.providers.all(order.department)}
    return [_shown(one, names, words) for one in (*fit, *others)]


def _shown(one: RankedWorker, providers: dict[str, str], words: Words) -> Shown:
    worker = one.worker
    why = against(one.ruled_out, words) if one.ruled_out else _in_favour(one, words)
    provider = providers.get(worker.provider, worker.provider)
    return Shown(worker.code, worker.name, provider, not one.ruled_out, "，".join(why))


def _in_favour(one: RankedWorker, words: Words) -> Sequence[str]:
    score = one.score
    told = [] if score.minutes is None else [_way(round(score.minutes), words)]
    good = [name for name, worth in score.worth.items() if name != "travel" and worth >= GOOD]
    return [*told, *(text for name in good if (text := words.get(f"candidates.{name}", "")))]


def _way(minutes: int, words: Words) -> str:
    if minutes > FAR_MINUTES:
        return words("candidates.far", hours=minutes // 60)
    return words("candidates.travel", minutes=max(1, minutes))


def against(ruled_out: Sequence[str], words: Words) -> Sequence[str]:
    """Why somebody can not be asked, in words."""
    return [words.get(f"candidates.ruled_out.{reason}", reason) for reason in ruled_out]
