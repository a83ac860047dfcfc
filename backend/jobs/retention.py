"""Personal data that is older than its purpose is erased at night, when few people wait."""

from __future__ import annotations

from datetime import datetime, timedelta

from backend.jobs.runner import Job
from backend.services.erasure import apply_retention
from backend.services.ports import Stores
from backend.store.pictures import Pictures
from config.retention import load_retention

EVERY_S = 900.0
NIGHT = range(1, 5)  # hours


def retention_job(store: Stores) -> Job:
    """The job; in the daytime it does nothing."""

    def run(now: datetime) -> bool:
        return now.hour in NIGHT and apply_retention(store, load_retention(), now)

    return Job("retention", EVERY_S, run)


def pictures_job(pictures: Pictures) -> Job:
    """The same for pictures, which are files."""

    def run(now: datetime) -> bool:
        if now.hour in NIGHT:
            pictures.forget_before(now - timedelta(days=load_retention().pictures))
        return False

    return Job("pictures", EVERY_S, run)
