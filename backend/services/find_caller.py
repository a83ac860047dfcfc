"""Who a sender is: an elder, the contact of elders, both, or nobody we know."""

from __future__ import annotations

from backend.domain.people import Caller
from backend.services.ports import UnitOfWork


def find_caller(sender: str, uow: UnitOfWork) -> Caller:
    """`sender` is a phone number in any writing, or a channel id."""
    return uow.people.find_caller(sender)
