"""All times of this house are naive local ones; there has been no summer time since 1991."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Asia/Shanghai")


def local_now() -> datetime:
    """The naive local time of this moment."""
    return datetime.now(LOCAL).replace(tzinfo=None)


def local_time(at: datetime) -> datetime:
    """The local time of a moment; one without an offset is local already."""
    return at if at.tzinfo is None else at.astimezone(LOCAL).replace(tzinfo=None)
