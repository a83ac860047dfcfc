"""Where to come to, as it is said bit by bit: the county first, the door later, or how to find the house."""

from __future__ import annotations

import re
from itertools import takewhile

from bot.dialogue import cues, notes
from bot.dialogue.memory import Form
from bot.dialogue.talk import Talk
from bot.dialogue.turn import Asks
from nlu.clauses import MARKS
from nlu.slots.person import read_person
from nlu.slots.place import FINER, read_place
from nlu.slots.place_pieces import Atom, chains_of
from nlu.understanding import Place, Slot

LONGEST_DESCRIPTION = 40  # characters; what is longer tells something else, too
REGION = frozenset({"county", "known", "town"})
NAMED = frozenset({*REGION, "road", "village", "estate"})
READS_WHERE_TO = "medical_escort"  # the item that says where to go, beside where to come
LONGEST_KIN = 6  # characters
WITH_UNIT = 3  # numbers with dashes between them when the unit is among them
SHORTEST_NAME = 2  # characters by which a village is called
SHORT_PLACE = 6  # characters of a place that no word tells to be one
SHORTEST_OVERLAP = 2  # characters of an address that are said again


def take_place(talk: Talk, form: Form, slot: Slot) -> bool:
    """Put the address of a slot into the form, or a finer part of it. True when that changed where to come to."""
    place = slot.resolved if isinstance(slot.resolved, Place) else Place(text=slot.text)
    if _is_not_meant(talk, form, slot):
        return False
    if place.usual:
        return take_usual(talk, form)
    if place.destination or _goes_there(talk, form, place):
        return _take_destination(talk, form, slot)
    if (
        talk.memory.asking == Asks.PLACE
        and cues.says("among_many", talk.text)
        and len(talk.text) <= LONGEST_DESCRIPTION
    ):
        form.place, form.place_known = cues.core(talk.text), False
        return True
    text = (slot.value or slot.text) + _description(talk, place, slot)
    atoms = _atoms(text)
    put_right = cues.says("opens_no", talk.text) or cues.says("part_was_wrong", talk.text)
    if put_right and place.door and {atom.kind for atom in atoms} == {"door"}:
        text = place.door  # «不对，是七零二»
    if text.isdecimal() and talk.memory.asking != Asks.PLACE and not put_right and not _lacks_door(form):
        return False  # «200» is no door when nobody asked for one
    if form.place and form.place_known and atoms and not _names_something(atoms):
        return False  # «三楼» of somebody whose address we know adds nothing
    if talk.memory.asking == Asks.PLACE and not form.place and not form.place_part and _is_poor(text, atoms):
        _ask_for_the_rest(talk, form, text)
        return False
    before = form.place if form.place and not form.place_known else None
    whole = told_further(before, text) if before else with_part(text, form.place_part)
    if whole == form.place:
        return False
    form.place, form.place_known = whole, False
    return True


def _lacks_door(form: Form) -> bool:
    """Whether an address stops at its building or unit: «长城花园3号楼2单元»."""
    atoms = _atoms(form.place or "")
    return bool(atoms) and not form.place_known and atoms[-1].kind in ("building", "unit")


def _is_poor(text: str, atoms: list[Atom]) -> bool:
    """«三零一», «五楼», «小区门口»: nobody finds it by that alone."""
    named = text
    for atom in atoms:
        named = named.replace(atom.text, "", 1)
    named = named.strip(MARKS + " ")
    called = len(named) >= SHORTEST_NAME and not cues.says("bare_landmark", named)  # «十里铺，五队»
    return cues.says("bare_landmark", text) or (bool(atoms) and not called and not _names_something(atoms))


def _ask_for_the_rest(talk: Talk, form: Form, text: str) -> None:
    """Keep the door or the landmark, and ask once for what lies around it."""
    form.place_part = text
    talk.ask(Asks.PLACE, "again.place" if form.beneficiary == "self" else "again.place_other")
    talk.understood = True


def with_part(text: str, part: str) -> str:
    """The address with the door or the landmark that was told before it."""
    return told_further(text, part) if part and part not in text else text


def _is_not_meant(talk: Talk, form: Form, slot: Slot) -> bool:
    """«不是6号楼» is denied; «我在银川» tells where somebody else than the person served is, where both are told."""
    before = talk.heard.text[: slot.start]
    behind = talk.heard.text[slot.end :]
    again = cues.says("not_that_but", before) and any(
        other.start < slot.start for other in talk.slots("place")
    )  # «燕鸽村六队，不是，七队»
    if (cues.says("not_there", before) and not again) or cues.says("identity", before):
        return True
    if cues.says("part_was_wrong", behind) and {atom.kind for atom in _atoms(slot.text)} <= FINER:
        return True  # «五零一错了，是五零二»
    if cues.says("stop_of_it", behind) and {atom.kind for atom in _atoms(slot.text)} <= REGION:
        return True  # «银川站», «银川国龙医院»
    if cues.says("a_room", slot.text):
        notes.note(form, slot.text)  # «客厅的»: where in the house
        return True
    if cues.says("no_place", slot.text) and not {atom.kind for atom in _atoms(slot.text)} & NAMED:
        return True  # «自己在家»
    if _is_another_door(talk, form, slot):
        notes.note(form, cues.clause(talk.heard.text, slot.start))  # «钥匙在邻居王姨那2-4-102»
        return True
    if form.beneficiary is None or not cues.says("is_at", before):
        return False
    atoms = _atoms(slot.value or slot.text)
    alone = len(talk.slots("place")) == 1 and not {atom.kind for atom in atoms} <= REGION
    said = cues.before("is_at", before)
    who = read_person(said[max(map(said.rfind, MARKS)) + 1 :][-LONGEST_KIN:])
    if alone or who.relation is None or cues.says("we_live", said):
        return False
    return who.relation != ("self" if form.beneficiary == "self" else form.relation or who.relation)


def _is_another_door(talk: Talk, form: Form, slot: Slot) -> bool:
    """Whether it is told of the neighbours, beside the address itself: where the key is."""
    if not cues.says("other_door", cues.clause(talk.heard.text, slot.start)):
        return False
    return form.place is not None or any(other.start < slot.start for other in talk.slots("place"))


def _take_destination(talk: Talk, form: Form, slot: Slot) -> bool:
    """Where somebody is to be taken: read back, and known to whoever comes along."""
    note = talk.words()["goes_to"].format(
        place=slot.text.replace(" ", "").removeprefix(talk.words()["goes_to"][:1])
    )
    if note in form.wishes:
        return False
    notes.note(form, note)
    return True


def take_same(talk: Talk, form: Form) -> bool:
    """«…理发，也是这个地址» in the request itself: where the one before it was."""
    return form.place is None and cues.says("same_place_too", talk.text) and take_usual(talk, form)


def take_bed(talk: Talk, form: Form) -> bool:
    """«宁医大总院心脏外科12床»: who lies in bed there is looked after there, whatever was asked."""
    part = cues.part("bed", talk.text)
    if form.place is not None or not part:
        return False
    form.place, form.place_known = part, False
    return True


def take_usual(talk: Talk, form: Form) -> bool:
    """«老地方», «一样的地址», «跟我妈一起住»: what the records or this conversation know already."""
    home, memory = talk.world.caller.elder, talk.memory
    if form.place is not None:
        return False
    if home and home.address and form.beneficiary in (None, "self"):
        form.place, form.place_known = home.address, True
        return True
    if cues.says("same_place", talk.text) or cues.says("same_place_too", talk.text):
        named = [facts.get("place") for word, facts in memory.told.items() if word in talk.text]
        latest = (memory.last_whom or {}).get("place")
        form.place = next((place for place in (*named, latest) if place), None)
    return form.place is not None


def _goes_there(talk: Talk, form: Form, place: Place) -> bool:
    """«附属医院心内科» to «where do you live», when somebody is to come along to the hospital."""
    if form.item != READS_WHERE_TO or place.building or place.unit or place.door:
        return False
    return cues.says("visited", place.text) and not cues.says("lies_there", talk.text)


def _description(talk: Talk, place: Place, slot: Slot) -> str:
    """«…同心路，那个红色的楼，邮电局后头»: what follows an address without a number tells how to find it."""
    rest = talk.heard.text[slot.end :].rstrip("。！ ")
    numbered = place.building or place.unit or place.door
    more = any(other.start >= slot.end and not _only_describes(other) for other in talk.heard.slots)
    if talk.memory.asking != Asks.PLACE or numbered or more or len(rest) > LONGEST_DESCRIPTION:
        return ""
    return rest if cues.says("describes_place", rest) else ""


def _only_describes(slot: Slot) -> bool:
    """«北第三家», «小卖部门口»: a place that only tells how to find the one before."""
    return slot.slot == "place" and {atom.kind for atom in _atoms(slot.text)} <= {"side", "near"}


def may_be_one(text: str) -> bool:
    """«幸福里», «老电厂后头», but not «她一个人住», «要热的啊»."""
    if (
        cues.says("a_room", text)
        or cues.says("no_place", text)
        or cues.says("any", text)
        or cues.says("question", text)
    ):
        return False
    return cues.says("place_sign", text) or (len(text) <= SHORT_PLACE and not cues.says("sentence", text))


# --- what was said before and what is said now -----------------------------------------------------------------


def _atoms(text: str) -> list[Atom]:
    return [atom for chain in chains_of(text) for atom in chain.atoms]


def _names_something(atoms: list[Atom]) -> bool:
    """Whether there is more than numbers: a street, an estate, something that stands there."""
    return any(atom.kind in NAMED or atom.kind == "near" for atom in atoms)


def told_further(before: str, text: str) -> str:
    """The address so far with what is said now put right, added, or put in its place. A poorer one replaces no fuller."""
    atoms = _atoms(text)
    kinds, known = {atom.kind for atom in atoms}, {atom.kind for atom in _atoms(before)}
    if atoms and not _names_something(atoms):
        return _corrected(before, text) or (before if text in before else _added(before, text))
    if text in before:
        return before
    if kinds & NAMED and known and known <= FINER:
        return text + before  # «三号楼二单元501» … «凤凰花园»
    if not kinds & NAMED:  # «村口小卖部旁边»
        return f"{before}，{text}" if known & NAMED else text
    if kinds <= REGION and not known & REGION:
        return text + before
    return _from_the_same(before, text, atoms) or _with_region(before, text)


def _corrected(before: str, said: str) -> str | None:
    """The address with the parts that were said now («三单元») in place of its own; None when one is not in it."""
    if (other := _in_the_dashes(before, said)) is not None:
        return other
    left, address = said, before
    for part in cues.patterns("address_parts"):
        found = part.search(said)
        if found and part.search(address):
            address = part.sub(found[0], address, count=1)
            left = left.replace(found[0], "", 1)
    if left == said:
        return None
    return _from_there(before, said) if left.strip() else address


def _in_the_dashes(before: str, said: str) -> str | None:
    """«3号楼», told of «…2-4-101»; None when it is another part, or nothing stands there with dashes."""
    atoms, place = _atoms(said), read_place(said)
    dashes = next((atom for atom in _atoms(before) if atom.kind == "dashes"), None)
    number = {"building": place.building, "unit": place.unit}.get(atoms[0].kind) if len(atoms) == 1 else None
    if dashes is None or number is None:
        return None
    pieces = re.split("[-－—]", dashes.text)
    if atoms[0].kind == "unit" and len(pieces) < WITH_UNIT:
        return None
    pieces[0 if atoms[0].kind == "building" else 1] = number
    return before[: dashes.start] + "-".join(pieces) + before[dashes.end :]


def _from_there(before: str, said: str) -> str | None:
    """«…五号楼» and «六号楼二单元301»: put right from its first part on, where nothing that was told is lost by it."""
    parts = cues.patterns("address_parts")
    known = next((found for part in parts if part.match(said) and (found := part.search(before))), None)
    if known is None or any(part.search(before[known.end() :]) and not part.search(said) for part in parts):
        return None
    return before[: known.start()] + said


def _added(before: str, text: str) -> str:
    """The finer part behind the address; what of it was said before is not said twice («…五楼», «五楼东户»)."""
    most = min(len(before), len(text))
    said = next((n for n in range(most, SHORTEST_OVERLAP - 1, -1) if before.endswith(text[:n])), 0)
    digits = before[-1:].isdigit() and text[said:][:1].isdigit()
    return f"{before}{'，' if digits else ''}{text[said:]}"


def _from_the_same(before: str, text: str, atoms: list[Atom]) -> str | None:
    """«…老车站后头铁路小区», «铁路小区三号楼»: it goes on from a name that was said before."""
    first = atoms[0]
    at = before.find(first.text)
    if first.kind == "county" or first.kind not in NAMED or not text.startswith(first.text) or at < 0:
        return None
    names = list(takewhile(lambda atom: atom.kind in NAMED and atom.text in before, atoms))
    numbers = text[names[-1].end :]
    if numbers and all(atom.kind == "zone" for atom in atoms[len(names) :]):
        known = at + len(text) - len(numbers)
        return before[:at] + text + before[known:]  # «长城花园C区», told of «…长城花园3号楼2单元501»
    return (numbers and _corrected(before, numbers)) or before[:at] + text


def _with_region(before: str, text: str) -> str:
    """«利通区金积镇» … «秦坝关村三组»: the village lies in the town that was named before."""
    told, now = read_place(before), read_place(text)
    wider = (told.county or told.town) and not told.community and not (told.town and now.town)
    return before + text if wider and not now.county else text
