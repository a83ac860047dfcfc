"""Where to come to, as it is said bit by bit: the county first, the door later, or how to find the house."""

from __future__ import annotations

from bot.dialogue import cues
from bot.dialogue.memory import Form
from bot.dialogue.talk import Talk
from bot.dialogue.turn import Asks
from nlu.slots.place import read_place
from nlu.understanding import Place, Slot

LONGEST_DESCRIPTION = 40  # characters; what is longer tells something else, too


def take_place(talk: Talk, form: Form, slot: Slot) -> bool:
    """Put the address of a slot into the form, or a finer part of it. True when that changed where to come to."""
    place = slot.resolved if isinstance(slot.resolved, Place) else Place(text=slot.text)
    if place.usual:
        home = talk.world.caller.elder
        if form.place is None and home and home.address and form.beneficiary in (None, "self"):
            form.place, form.place_known = home.address, True
            return True
        return False
    if (
        talk.memory.asking == Asks.PLACE
        and cues.says("among_many", talk.text)
        and len(talk.text) <= LONGEST_DESCRIPTION
    ):
        form.place, form.place_known = cues.core(talk.text), False
        return True
    text = _with_region(form, place, slot.value or slot.text) + _description(talk, place, slot)
    finer_only = not (place.county or place.town or place.community)
    if text.isdecimal() and talk.memory.asking != Asks.PLACE:
        return False  # «200» is no door when nobody asked for one
    if finer_only and form.place and (corrected := _corrected(form.place, text)):
        changed = corrected != form.place
        form.place, form.place_known = corrected, form.place_known and not changed
        return changed
    if finer_only and form.place and text not in form.place and not form.place_known:
        form.place += text
    elif finer_only and form.place_known:
        return False  # «三楼» of somebody whose address we know adds nothing
    elif form.place == text:
        return False
    else:
        form.place = text
    form.place_known = False
    return True


def _description(talk: Talk, place: Place, slot: Slot) -> str:
    """«…同心路，那个红色的楼，邮电局后头»: what follows an address without a number tells how to find it."""
    rest = talk.heard.text[slot.end :].rstrip("。！ ")
    numbered = place.building or place.unit or place.door
    more = any(other.start >= slot.end for other in talk.heard.slots)
    if talk.memory.asking != Asks.PLACE or numbered or more or len(rest) > LONGEST_DESCRIPTION:
        return ""
    return rest if cues.says("describes_place", rest) else ""


def _corrected(before: str, said: str) -> str | None:
    """The address with the parts that were said now («三单元») in place of its own; None when one is not in it."""
    left, address = said, before
    for part in cues.patterns("address_parts"):
        found = part.search(said)
        if found and part.search(address):
            address = part.sub(found[0], address, count=1)
            left = left.replace(found[0], "", 1)
    return None if left == said or left.strip() else address


def _with_region(form: Form, place: Place, text: str) -> str:
    """«利通区金积镇» … «秦坝关村三组»: the village lies in the town that was named before."""
    if form.place is None or form.place_known or place.county or not (place.town or place.community):
        return text
    before = read_place(form.place)
    wider = (before.county or before.town) and not before.community and not (before.town and place.town)
    return form.place + text if wider else text
