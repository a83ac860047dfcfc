"""An emergency and the family: who is told, who is on the way, and what happens when nobody answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from backend.domain.people import Elder
from backend.services.events import ALERT_ACKNOWLEDGED
from backend.services.family_commands import AcknowledgeAlert
from backend.services.ports import Event, UnitOfWork

OPEN_FOR = timedelta(hours=12)  # «on my way» after that belongs to something else


def to_be_told(elder: Elder, uow: UnitOfWork) -> Sequence[str]:
    """Phone numbers and channel ids of everybody who is called in an emergency of this elder; each person once.

    Bound relatives come first: a message reaches them at once. Contacts of the list follow by their number.
    """
    if elder.id is None:
        return ()
    bound = [binding.sender for binding in uow.families.of_elder(elder.id) if binding.rights.emergency]
    listed = [contact.phone for contact in elder.contacts if contact.emergency and contact.phone]
    return tuple(dict.fromkeys((*bound, *listed)))


def acknowledge_alert(command: AcknowledgeAlert, uow: UnitOfWork) -> bool:
    """Somebody is on the way. False when they had said so before."""
    if not uow.alerts.acknowledge(command.alert_id, command.at):
        return False
    uow.publish(Event(ALERT_ACKNOWLEDGED, str(command.alert_id), {}))
    return True
