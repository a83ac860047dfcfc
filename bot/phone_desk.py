"""Everything a call needs, put together: the conversations of this installation, its ears, its voice and its rules."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from backend.domain.local_time import local_now
from backend.store.sealing import Cipher
from bot.composition import House
from bot.phone import PhoneAnswers
from bot.phone_profiles import SealedProfiles
from config.settings import Settings
from config.turn_taking import load_turn_rules
from voice.call import Desk
from voice.hearing.recogniser import Hearing
from voice.person import Person
from voice.recording import Seal
from voice.speaking.voice import Speaking
from voice.turns.profile import Profiles

RECORDING_CONTEXT = b"call recording"


def open_desk(
    house: House,
    *,
    hearing: Hearing,
    speaking: Speaking,
    profiles: Profiles | None = None,
    clock: Callable[[], datetime] = local_now,
    person: Person | None = None,
) -> Desk:
    """One desk serves all calls of a process. `profiles`: default is the sealed ones of this installation."""
    return Desk(
        hearing=hearing,
        speaking=speaking,
        answers=PhoneAnswers(house.conversations),
        profiles=profiles or kept_profiles(house.settings),
        rules=load_turn_rules(),
        clock=clock,
        person=person,
    )


def kept_profiles(settings: Settings) -> SealedProfiles:
    """How the callers of this installation speak."""
    return SealedProfiles(settings.callers, Cipher(settings.data_key_bytes()))


def recording_seals(settings: Settings) -> tuple[Seal, Seal]:
    """What seals the recordings of this installation, and what opens them."""
    cipher = Cipher(settings.data_key_bytes())
    return (
        lambda plain: cipher.seal(plain, RECORDING_CONTEXT),
        lambda sealed: cipher.open(sealed, RECORDING_CONTEXT),
    )
