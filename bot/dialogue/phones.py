"""The number to ring: whole, in pieces, or still to be asked for."""

from __future__ import annotations

from bot.dialogue import cues
from bot.dialogue.memory import Form
from bot.dialogue.talk import Talk
from bot.dialogue.turn import Asks
from nlu.understanding import Phone, Slot

LONGEST_PHONE = 12  # digits, with the area code


def take_phone(talk: Talk, form: Form, slot: Slot) -> bool:
    phone = slot.resolved
    if not isinstance(phone, Phone):
        return False
    digits = phone.digits
    if talk.memory.asking == Asks.PHONE and _whole(talk.memory.phone_part + digits):
        digits = talk.memory.phone_part + digits
    elif not phone.complete:
        digits = talk.memory.phone_part + digits
        if not _whole(digits):
            _keep_part(talk, digits, phone.digits)
            return False
    talk.memory.phone_part = ""
    changed = form.phone != digits
    form.phone = talk.memory.phone = digits
    return changed


def _keep_part(talk: Talk, digits: str, latest: str) -> None:
    """The first groups of a number. With more digits than a number has they have begun anew, and something was misheard."""
    begun = talk.memory.asking == Asks.PHONE or talk.memory.phone_part or cues.says("phone_word", talk.text)
    fits = len(digits) < LONGEST_PHONE
    talk.memory.phone_part = (digits if fits else latest) if begun else ""
    talk.understood |= bool(begun) and fits
    if begun and fits:
        talk.ask(Asks.PHONE, "ask.phone_rest", digits=digits)


def asks_for_number(talk: Talk) -> bool:
    """«打我儿子电话», and no number: it is asked for. «138» was the beginning of one: the rest was just asked for."""
    if talk.asks is not Asks.PHONE and cues.says("other_phone", talk.text) and not talk.slots("phone"):
        talk.ask(Asks.PHONE, "ask.phone_new")
        talk.understood = True
    return talk.asks is Asks.PHONE


def _whole(digits: str) -> bool:
    return (len(digits) == 11 and digits.startswith("1")) or (
        len(digits) in (10, 11, 12) and digits.startswith("0")
    )
