"""Filling a request: what the sentence gives, what is still missing, and the order it becomes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from backend.domain.order import Order, Wanted
from backend.services.commands import PlaceOrder
from bot.dialogue import cues, whom
from bot.dialogue.memory import Form
from bot.dialogue.talk import Talk
from bot.dialogue.turn import Asks
from config.lexicon import load
from nlu.answers import bare_answer
from nlu.clauses import clauses
from nlu.slots.names import is_surname, name_at
from nlu.slots.place import read_place
from nlu.understanding import Person, Phone, Place, Slot, WantedTime


def open_form(talk: Talk, item: str) -> Form:
    """A new request at the end of the line of requests."""
    talk.memory.form_count += 1
    form = Form(id=talk.memory.form_count, item=item)
    talk.memory.forms.append(form)
    return form


def fill(talk: Talk, form: Form) -> set[str]:
    """Take everything the sentence gives for this form. Returns the names of the slots that changed."""
    changed = fill_from(talk, form, [slot for slot in talk.heard.slots if slot.label in (None, form.item)])
    if not form.details and "detail" in talk.rules.catalogue[form.item].asks:
        form.details += _named_details(form.item, talk.text)
    return changed


def fill_from(talk: Talk, form: Form, slots: Sequence[Slot]) -> set[str]:
    """Like `fill`, from these slots only. The person comes first, because the place may follow from who it is."""
    changed = set()
    for slot in sorted(slots, key=lambda slot: slot.slot != "beneficiary"):
        if not _is_code(talk, slot) and _TAKE[slot.slot](talk, form, slot):
            changed.add(slot.slot)
    return changed


def _is_code(talk: Talk, slot: Slot) -> bool:
    return cues.says("code_word", talk.heard.text[max(0, slot.start - CODE_BEFORE) : slot.end])


def _take_person(talk: Talk, form: Form, slot: Slot) -> bool:
    asked = talk.memory.asking
    person = slot.resolved if isinstance(slot.resolved, Person) else None
    before = talk.heard.text[: slot.start]
    if cues.says("owns_phone", talk.heard.text[slot.end :]):
        return False  # «打我女儿的电话»
    behind = talk.heard.text[slot.end :]
    if form.beneficiary and cues.says("comes_or_goes", behind):
        return False  # «明天我闺女来，后天吧»
    if talk.rules.catalogue[form.item].category in SERVES_LIVING and cues.says("has_died", behind):
        return False  # «我老伴前年走了，来个人陪我去»
    if asked == Asks.NAME and person and (person.name or person.relation in NOT_KIN):
        form.name = person.name or slot.text
        return True
    if person and person.name and cues.says("my_name", before):
        talk.memory.tell("self", name=person.name)
        if form.beneficiary in (None, "self"):
            form.name = person.name
        return True
    if person and person.name and form.beneficiary and cues.says("their_name", before):
        form.name = person.name
        return True
    if asked == Asks.NAME and person and person.relation == "self":
        return False
    return whom.settle(form, slot, talk.world.caller)


def _take_time(talk: Talk, form: Form, slot: Slot) -> bool:
    said = slot.resolved
    if not isinstance(said, WantedTime) or cues.says("wait", slot.text):
        return False
    if said.recurrence and cues.says("free_then", talk.heard.text[slot.end :]):
        return False  # «哪天都行，我天天在家»
    if form.time and form.wanted.recurrence and cues.says("starts", talk.heard.text[slot.end :]):
        return _begin(form, said)
    if cues.says("and_also", talk.heard.text[: slot.start]) and _next_day_too(form, said):
        return True
    if not take_time(form, said):
        return False
    if said.vague and said.iso is None:  # «啥时候都行» holds for what else was asked for, too
        for other in talk.memory.forms:
            other.time = other.time or dict(form.time or {})
    if talk.memory.asking == Asks.TIME:  # asked for two people at once, it is answered for both
        for other in talk.memory.forms:
            if other.item == form.item and other.time is None:
                other.time = dict(form.time or {})
    return True


def _begin(form: Form, said: WantedTime) -> bool:
    """«每天中午» … «从明天开始»: the rhythm stays, and has a first day."""
    if not said.iso or not said.day_said:
        return False
    clock = (form.wanted.iso or "")[10:].split("/")[0]
    form.time = (form.time or {}) | {"iso": said.iso[:10] + (said.iso[10:] or clock)}
    return True


def _take_detail(talk: Talk, form: Form, slot: Slot) -> bool:
    if slot.text in form.details or slot.text in (form.place or ""):
        return False
    if measure := cues.measure(slot.text):  # «两份» … «一份就够了»
        form.details = [detail for detail in form.details if cues.measure(detail) != measure]
    form.details.append(slot.text)
    return True


def _next_day_too(form: Form, said: WantedTime) -> bool:
    """«明天和后天中午», «周三和周五上午九点»: two days, at the same time."""
    first = form.wanted.iso
    if not first or not said.iso or form.wanted.recurrence or said.recurrence or not said.day_said:
        return False
    day, last = date.fromisoformat(first[:DAY]), date.fromisoformat(said.iso[:DAY])
    if not 0 < (last - day).days < len(WEEKDAYS):
        return False
    by_day = f";BYDAY={WEEKDAYS[day.weekday()]},{WEEKDAYS[last.weekday()]}"
    rule = "FREQ=DAILY" if (last - day).days == 1 else "FREQ=WEEKLY" + by_day
    form.time = asdict(Wanted(iso=_at_clock(first[:DAY], said.iso), recurrence=f"{rule};UNTIL={last:%Y%m%d}"))
    return True


def take_time(form: Form, said: WantedTime) -> bool:
    """Put a time into the form. A bare hour keeps the day that was given before, a bare day keeps the hour."""
    if form.time and said.vague and said.iso is None:
        return False  # «明天或者后天都行»: the days count
    if said.conflict:
        form.conflict = said.conflict
        return True
    wanted = merged(form.wanted if form.time else None, said)
    form.conflict = None
    if form.time is not None and form.time == asdict(wanted):
        return False
    form.time = asdict(wanted)
    if "time" in form.missing:
        form.missing.remove("time")
    return True


def merged(before: Wanted | None, said: WantedTime) -> Wanted:
    """A corrected time: what was said now over what was wanted before."""
    if before and (kept := _rhythm_kept(before, said)):
        return kept
    iso = said.iso
    if before and before.iso and iso and "/" not in before.iso[:10]:
        day, clock = before.iso[:DAY], before.iso[DAY:]
        if not said.day_said and said.clock_said and not before.recurrence:
            iso = _at_clock(day, iso)
        elif said.day_said and not said.clock_said and clock.startswith("T") and len(iso) == DAY:
            iso = _at_clock(iso, before.iso)
    return Wanted(iso=iso, asap=said.asap and iso is None, recurrence=said.recurrence)


def _rhythm_kept(before: Wanted, said: WantedTime) -> Wanted | None:
    """A rhythm and its day or hour, or a span of days and its hour, said one after the other belong together."""
    only_hour = said.iso and said.clock_said and not said.day_said and not said.recurrence
    if before.recurrence and before.iso and only_hour:
        return Wanted(iso=_at_clock(before.iso[:DAY], said.iso), recurrence=before.recurrence)
    if before.recurrence and not before.iso and said.iso and not said.recurrence:
        day = date.fromisoformat(said.iso[:10])
        weekly = before.recurrence == "FREQ=WEEKLY" and said.day_said
        rule = f"FREQ=WEEKLY;BYDAY={WEEKDAYS[day.weekday()]}" if weekly else before.recurrence
        return Wanted(iso=said.iso, recurrence=rule)
    days, other = (before.iso, said) if _is_days(before.iso) else (said.iso, before)
    if days is None or not _is_days(days) or not other.iso or "T" not in other.iso:
        return None
    by_the_day = other.recurrence in (None, "FREQ=DAILY")
    if not by_the_day or (other is said and said.day_said and not said.recurrence):
        return None
    first, last = days.split("/")
    return Wanted(iso=_at_clock(first, other.iso), recurrence=f"FREQ=DAILY;UNTIL={last.replace('-', '')}")


def _at_clock(day: str, iso: str | None) -> str:
    """That day at the hour, or from hour to hour, of `iso`."""
    return "/".join(day + part[DAY:] for part in (iso or "").split("/"))


def _is_days(iso: str | None) -> bool:
    """Whether it is a span of whole days («下周一到周五»)."""
    return iso is not None and "/" in iso and "T" not in iso


WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
DAY = 10  # characters of a date
# Categories of items that nobody needs any more when they have died; papers and benefits do go on.
SERVES_LIVING = ("pub", "home", "care")
CODE_BEFORE = 5  # characters from the word that names a code to its digits
LONGEST_PHONE = 12  # digits, with the area code


def _take_place(talk: Talk, form: Form, slot: Slot) -> bool:
    place = slot.resolved if isinstance(slot.resolved, Place) else Place(text=slot.text)
    if place.usual:
        home = talk.world.caller.elder
        if form.place is None and home and home.address and form.beneficiary in (None, "self"):
            form.place, form.place_known = home.address, True
            return True
        return False
    if place.destination:
        return _take_detail(talk, form, slot)
    if (
        talk.memory.asking == Asks.PLACE
        and cues.says("among_many", talk.text)
        and len(talk.text) <= LONGEST_WISH
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
    if talk.memory.asking != Asks.PLACE or numbered or more or len(rest) > LONGEST_WISH:
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


def _take_phone(talk: Talk, form: Form, slot: Slot) -> bool:
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
    asked = talk.memory.asking == Asks.PHONE
    fits = len(digits) < LONGEST_PHONE
    talk.memory.phone_part = (digits if fits else latest) if asked else ""
    talk.understood |= asked and fits


_TAKE: dict[str, Callable[[Talk, Form, Slot], bool]] = {
    "beneficiary": _take_person,
    "time": _take_time,
    "place": _take_place,
    "phone": _take_phone,
    "detail": _take_detail,
}


# Words that say how somebody is called rather than what they are to the caller («马老师»).
NOT_KIN = (None, "other", "neighbour", "friend", "elder")
LONGEST_NAME = 16  # characters
LONGEST_LATIN_NAME = 40
LONGEST_HAN_NAME = 4
LONGEST_WISH = 40  # characters; what is longer tells something else, too


def _whole(digits: str) -> bool:
    return (len(digits) == 11 and digits.startswith("1")) or (
        len(digits) in (10, 11, 12) and digits.startswith("0")
    )


def take_answer(talk: Talk, form: Form) -> bool:
    """The question just asked may have been answered in words that carry no recognisable slot."""
    asked, text = talk.memory.asking, talk.text
    if asked is None or len(text) > 60:
        return False
    if (
        cues.says("refuse", text)
        or cues.says("enough", text)
        or (asked != Asks.CONFIRM and cues.says("unknown", text))
    ):
        return _leave_out(talk, form, asked)
    if asked == Asks.BENEFICIARY and (ward := whom.by_name(text, talk.world.caller)):
        form.beneficiary = ward.name
        whom.take_profile(form, whom.Match(elder=ward), talk.world.caller)
        return True
    if asked == Asks.TIME and (cues.says("any", text) or (talk.heard.has("affirm") and talk.heard.sure)):
        form.time = {"iso": None, "asap": False, "recurrence": form.wanted.recurrence}
        if lacks_day(form):
            form.missing.append("time")
        return True
    if asked != Asks.PHONE and "detail" in talk.rules.catalogue[form.item].asks and cues.says("money", text):
        form.details.append(cues.core(text))
        return True
    if asked == Asks.PHONE and (cues.says("this_phone", text)):
        form.phone = talk.world.caller.phone
        return form.phone is not None or _leave_out(talk, form, asked)
    if asked == Asks.DETAIL and cues.says("any", text):
        return _leave_out(talk, form, asked, quietly=True)
    if not (
        talk.heard.has("inform") or talk.heard.has("out_of_scope") or talk.requests() or not talk.heard.sure
    ):
        return False
    answer = cues.core(text)
    if asked in (Asks.TIME, Asks.PLACE) and form.elder_id is None and not form.name and _is_a_name(answer):
        form.name = answer  # said before it was asked for
        return True
    if bare_answer(text, expecting=Asks.CONFIRM):
        return False  # a mere yes or no answers none of these
    if asked == Asks.DETAIL and answer:
        form.details.append(answer)
    elif asked == Asks.NAME and (_may_be_a_name(answer) or is_surname(answer)):
        form.name = answer
    elif asked == Asks.NAME and take_wish(talk, form):
        talk.say("confirm.noted")
    elif asked == Asks.PLACE and len(answer) >= 2 and talk.heard.has("inform") and not talk.heard.slots:
        form.place, form.place_known = answer, False
    elif asked == Asks.BENEFICIARY and 1 <= len(answer) <= 8 and talk.heard.has("inform"):
        form.beneficiary = answer
    else:
        return False
    return True


def says_again(talk: Talk, form: Form) -> bool:
    """What they say is known already («随便哪天», when any day will do)."""
    if cues.says("any", talk.text) and form.time is not None:
        return True
    return talk.heard.has("inform") and any(talk.slots(name) for name in ("time", "place"))


def take_wish(talk: Talk, form: Form) -> bool:
    """A note for whoever comes, in the caller's own words. A question is none."""
    if not is_wish(talk):
        return False
    note(form, cues.without("opens_yes", talk.text))
    return True


def note(form: Form, text: str) -> None:
    """Keep what was said for whoever comes, once."""
    note = cues.without("at_a_loss", text).strip("，,。！!？? ")
    if note and note not in form.wishes:
        form.wishes.append(note)


def _is_a_name(text: str) -> bool:
    return len(text) > 1 and name_at(text, 0) == text


def _may_be_a_name(text: str) -> bool:
    """Names of all peoples, but no sentence («她是糖尿病，不能吃甜的»)."""
    if text.isascii():
        return 2 <= len(text) <= LONGEST_LATIN_NAME
    return 2 <= len(text) <= LONGEST_NAME and not (
        len(text) > LONGEST_HAN_NAME and cues.says("sentence", text)
    )


def take_wishes(talk: Talk, form: Form) -> bool:
    """What is said of how it is to be done («送份饭，软和点»): each part of the sentence that is a wish is noted."""
    before = len(form.wishes)
    for part in clauses(talk.heard.text):
        inside = [slot for slot in talk.heard.slots if part.start <= slot.start < part.end]
        if any(_is_code(talk, slot) for slot in inside):
            note(form, part.text)
            continue
        mere = all(slot.slot == "detail" for slot in inside) and not any(
            slot.text in form.details and "detail" in talk.rules.catalogue[form.item].asks for slot in inside
        )
        names_it = cues.first_mention(form.item, part.text) < len(part.text)
        if mere and not names_it and cues.says("wish", part.text) and not cues.says("question", part.text):
            note(form, part.text)
    return len(form.wishes) > before


def take_aside(talk: Talk, form: Form) -> None:
    """Something said to a read-back that changes nothing of it: the number to ring, or what to bring."""
    if cues.says("this_phone", talk.text):
        form.phone = talk.world.caller.phone or form.phone
    else:
        note(form, talk.text)
    talk.say("confirm.noted")
    talk.understood = True


def is_wish(talk: Talk) -> bool:
    """Whether the sentence tells how something is to be done, and nothing else."""
    text = talk.text
    others = [slot for slot in talk.heard.slots if slot.slot != "detail"]
    return (
        cues.says("wish", text)
        and not cues.says("question", text)
        and len(text) <= LONGEST_WISH
        and not others
    )


def take_name(talk: Talk, form: Form) -> bool:
    """«名字错了，是马桂珍» to the read-back."""
    if form.elder_id is not None or not cues.says("name_word", talk.text):
        return False
    name = cues.core(cues.after("name_word", talk.text))
    if not _is_a_name(name) or name == form.name:
        return False
    form.name = name
    return True


def take_note(talk: Talk, form: Form) -> bool:
    """What is added to a read-back without being a slot («厨房的», «一直滴水»): kept for whoever comes."""
    heard, text = talk.heard, talk.text
    said = heard.has("inform") or heard.has(form.item)
    guesses = cues.says("guess", text) and not heard.has("emergency")
    hurries = cues.says("urges", text)
    if not (said or guesses or hurries or heard.has("deny")) or heard.slots or len(text) > LONGEST_WISH:
        return False
    against = (
        ("refuse", "hesitates", "any") if guesses else ("question", "unknown", "refuse", "hesitates", "any")
    )
    if any(cues.says(cue, text) for cue in against):
        return False
    if form.elder_id is None and not form.name and _is_a_name(cues.core(text)):
        form.name = cues.core(text)
        return True
    note(form, text)
    return True


def _leave_out(talk: Talk, form: Form, asked: str, *, quietly: bool = False) -> bool:
    """The caller can not or does not want to say it: the order goes on, staff call back."""
    if asked == Asks.CONFIRM:
        return False
    if asked not in form.missing:
        form.missing.append(asked)
    if asked == Asks.TIME:
        form.time = {"iso": None, "asap": False, "recurrence": None}
    if asked == Asks.BENEFICIARY:
        form.beneficiary = "self"
    if not quietly:
        talk.say("refused")
    return True


def conflict_question(talk: Talk, form: Form) -> tuple[str, dict[str, str]]:
    """The phrase that asks about a contradiction in the time said."""
    kind, *rest = (form.conflict or "").split(":")
    words = talk.words()
    if kind == "weekday" and rest:
        day = date.fromisoformat(rest[0])
        distance = (day - talk.turn.now.date()).days
        said = words["days"].get(distance) or words["date_short"].format(month=day.month, day=day.day)
        return "conflict.weekday", {"day": said, "weekday": words["weekdays"][day.weekday()]}
    return ("conflict.past" if kind == "past" else "conflict.other"), {}


def missing(talk: Talk, form: Form) -> Asks | None:
    """What must still be asked before the order can be read back; None when nothing is."""
    caller, item = talk.world.caller, talk.rules.catalogue[form.item]
    if form.conflict:
        return Asks.TIME
    whom.default(form, caller)
    if form.beneficiary is None:
        return Asks.BENEFICIARY
    told = talk.memory.told.get(form.beneficiary, {})
    if not form.place and "place" not in form.missing:
        form.place = told.get("place") or (talk.memory.place if whom.is_spouse(form) else None)
    form.name = form.name or told.get("name")
    if form.elder_id is None:
        # What the records say of somebody is asked of them each time: the caller may lose the right to hear it.
        talk.memory.tell(form.beneficiary, name=form.name, place=form.place)
    for ask in item.asks:
        if ask not in form.missing and not _has(form, ask):
            return Asks(ask)
    if form.elder_id is None and not form.name and not caller.known and "name" not in form.missing:
        return Asks.NAME
    if not (form.phone or talk.memory.phone or caller.phone) and "phone" not in form.missing:
        return Asks.PHONE
    return None


def _named_details(item: str, text: str) -> list[str]:
    """What the sentence names of the things this item is about («轮椅», «公园»), longest words first."""
    found: list[str] = []
    for word in sorted(load("details")["items"].get(item, ()), key=len, reverse=True):
        if word in text and not any(word in longer for longer in found):
            found.append(word)
    return found


def _has(form: Form, ask: str) -> bool:
    if ask == "time":
        return form.time is not None and not lacks_day(form)
    return bool(form.place if ask == "place" else form.details)


def lacks_day(form: Form) -> bool:
    """«每个礼拜来一回»: how often is known, and not on which day."""
    return bool(form.wanted.recurrence) and form.wanted.iso is None


def to_command(talk: Talk, form: Form) -> PlaceOrder:
    """The finished form as an order. Its key is the form's, so that a repeated confirmation orders once."""
    item, caller = talk.rules.catalogue[form.item], talk.world.caller
    wanted = form.wanted
    if form.time is None and item.default_time == "asap":
        wanted = Wanted(asap=True)
    return PlaceOrder(
        key=f"{talk.turn.session}:{form.id}",
        item=form.item,
        beneficiary=form.beneficiary or "self",
        beneficiary_name=form.name,
        elder_id=form.elder_id,
        caller=talk.turn.sender,
        session=talk.turn.session,
        at=talk.turn.now,
        wanted=wanted,
        place=form.place,
        phone=form.phone or talk.memory.phone or caller.phone,
        details=(*form.details, *form.wishes),
        missing=tuple(form.missing),
    )


def like_before(talk: Talk, form: Form, order: Order, *, whole: bool) -> None:
    """«跟上回一样»: what was not said now is as it was then; the day never is. `whole`: whom and where, too."""
    kept = form.details if "detail" in talk.rules.catalogue[form.item].asks else form.wishes
    kept += [detail for detail in order.details if detail not in kept]
    if whole:
        form.beneficiary, form.name, form.elder_id = order.beneficiary, order.beneficiary_name, order.elder_id
        form.place = order.place
    day, before = form.wanted.iso, order.wanted.iso
    if form.time and day and len(day) == DAY and before and "T" in before:
        form.time |= {"iso": _at_clock(day, before)}


def copy_order(form: Form, order: Order) -> None:
    """Fill a form with what an earlier order held."""
    form.beneficiary, form.name, form.elder_id = order.beneficiary, order.beneficiary_name, order.elder_id
    form.time, form.place, form.phone = asdict(order.wanted), order.place, order.phone
    form.details = list(order.details)


def past(wanted: Wanted, now: datetime) -> bool:
    """Whether a wanted time lies before the call."""
    end = wanted.ends
    if end is None:
        return False
    return datetime.fromisoformat(end) < now if "T" in end else date.fromisoformat(end) < now.date()


def as_wanted(said: WantedTime) -> dict[str, Any]:
    return asdict(Wanted(iso=said.iso, asap=said.asap, recurrence=said.recurrence))
