"""What the conversation may know of relatives and codes, read for the sentences that are about them."""

from __future__ import annotations

from backend.domain.people import Caller
from backend.services.alerts import OPEN_FOR
from backend.services.bind_family import fresh_code
from backend.services.ports import UnitOfWork
from bot.dialogue.flows.family import code_said, concerns
from bot.dialogue.memory import Memory
from bot.dialogue.turn import Family, Turn


def family_of(uow: UnitOfWork, turn: Turn, memory: Memory, caller: Caller) -> Family:
    """Empty for every sentence that has nothing to do with it: reading this would make each turn slower."""
    text = (turn.text or "").strip()
    if not concerns(memory, text):
        return Family()
    said, elder_id = code_said(memory, text), caller.elder.id if caller.elder else None
    guesses = uow.families.guesses(turn.sender, turn.now)
    open_code = None if said is None or guesses.too_many else uow.families.code(said, turn.now)
    contacts = {contact.phone for contact in caller.elder.contacts} if caller.elder else set()
    return Family(
        relatives=tuple(uow.families.of_elder(elder_id)) if elder_id is not None else (),
        shut_out=frozenset(phone for phone in contacts if uow.families.is_shut_out(phone, elder_id)),
        own=tuple(uow.families.of_sender(turn.sender)),
        code=open_code,
        guesses=guesses,
        fresh_code=fresh_code(),
        alerts=tuple(alert.id for alert in uow.alerts.open_of(turn.sender, since=turn.now - OPEN_FOR)),
    )
