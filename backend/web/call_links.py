"""From the page of an order or a task to the call it came from."""

from __future__ import annotations

from backend.services.call_ports import SESSION_PREFIX, CallRecord
from backend.services.ports import UnitOfWork
from backend.web.guard import Visit


def call_of(uow: UnitOfWork, session: str, visit: Visit) -> CallRecord | None:
    """The call of this conversation, if it was one and this person may listen to it."""
    if not (session.startswith(SESSION_PREFIX) and visit.hears_calls):
        return None
    return uow.call_records.of_session(session)
