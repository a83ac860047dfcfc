"""The jobs of every installation."""

from __future__ import annotations

from datetime import datetime, timedelta

from backend.jobs.runner import Job
from backend.services.fire_deadlines import fire_due
from backend.services.ports import StaleError
from backend.services.replan import replan_next
from backend.store.anchors import add_anchor
from backend.store.engine import AWAY
from backend.store.open import Store

DEADLINES_S = 0.5  # how late a clock may speak, at most
ANCHORS_S = 60.0
TIDY_S = 3600.0
PLANS_S = 2.0
OUTBOX_KEPT = timedelta(days=14)
PLANS_KEPT = timedelta(days=90)


def standard_jobs(store: Store) -> tuple[Job, ...]:
    """Deadlines, anchors of the audit trail, plans of days made anew, and the end of old events and plans."""

    def tidy(now: datetime) -> bool:
        with store.unit_of_work() as uow:
            removed = uow.outbox.tidy(now - OUTBOX_KEPT)
            uow.day_plans.tidy((now - PLANS_KEPT).date())
            uow.commit()
        return removed > 0

    def replan(now: datetime) -> bool:
        try:
            with store.unit_of_work() as uow:
                read = replan_next(uow, now)
                uow.commit()
        except StaleError:
            return True  # somebody planned this very moment: once more, with their plan
        return read > 0

    return (
        Job("deadlines", DEADLINES_S, lambda now: fire_due(store, now, away=AWAY)),
        Job("anchors", ANCHORS_S, lambda now: add_anchor(store, now)),
        Job("plans", PLANS_S, replan),
        Job("outbox", TIDY_S, tidy),
    )
