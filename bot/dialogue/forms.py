"""Filling a request: what the sentence gives, what is still missing, and the order it becomes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date

from backend.domain.order import Order, Wanted
from backend.services.commands import PlaceOrder
from bot.dialogue import cues, notes, places, times, whom
from bot.dialogue.memory import Form
from bot.dialogue.talk import Talk
from bot.dialogue.turn import Asks
from config.lexicon import load
from nlu.answers import bare_answer
from nlu.clauses import MARKS
from nlu.slots.names import is_surname
from nlu.understanding import Person, Phone, Place, Slot, WantedTime


def open_form(talk: Talk, item: str) -> Form:
    """A new request at the end of the line of requests."""
    talk.memory.form_count += 1
    form = Form(id=talk.memory.form_count, item=item)
    talk.memory.forms.append(form)
    return form


def fill(talk: Talk, form: Form) -> set[str]:
    """Take everything the sentence gives for this form. Returns the names of the slots that changed."""
    mine = [slot for slot in talk.heard.slots if slot.label in (None, form.item)]
    changed = fill_from(talk, form, [slot for slot in mine if _named_at(talk, slot) in (None, form)])
    if (days := cues.lasting(talk.text)) and (
        talk.rules.catalogue[form.item].daily or form.wanted.recurrence
    ):
        changed |= {"time"} if form.lasting != days and form.time else set()
        form.lasting = days
    if not form.details and "detail" in talk.rules.catalogue[form.item].asks:
        form.details += _named_details(form.item, talk.text)
    return changed


def fill_others(talk: Talk) -> bool:
    """Give the requests that wait what is said of them by name. True when one of them changed."""
    shares = [(_named_at(talk, slot), slot) for slot in talk.slots("time")]
    changed = [fill_from(talk, form, [slot]) for form, slot in shares if form not in (None, talk.form)]
    return any(changed)


def _named_at(talk: Talk, slot: Slot) -> Form | None:
    """The one of several requests whose time this is, for it is named beside it («灯先修，米明天送来也行»)."""
    if slot.slot != "time" or len(talk.memory.forms) < 2:
        return None
    text = talk.heard.text
    start = max(text.rfind(mark, 0, slot.start) for mark in MARKS) + 1
    end = min((at for mark in MARKS if (at := text.find(mark, slot.end)) >= 0), default=len(text))
    beside = text[start:end]
    named = [
        form
        for form in talk.memory.forms
        if form.item in cues.items_mentioned(beside) or any(cues.thing(one) in beside for one in form.details)
    ]
    return named[0] if len(named) == 1 else None


def fill_from(talk: Talk, form: Form, slots: Sequence[Slot]) -> set[str]:
    """Like `fill`, from these slots only. The person comes first, because the place may follow from who it is."""
    changed = set()
    for slot in sorted(slots, key=lambda slot: slot.slot != "beneficiary"):
        if not notes.is_code(talk, slot) and _TAKE[slot.slot](talk, form, slot):
            changed.add(slot.slot)
    return changed


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
        return times.begin(form, said)
    if cues.says("and_also", talk.heard.text[: slot.start]) and times.two_days(form, said):
        return True
    if not times.take_time(form, said):
        return False
    if said.vague and said.iso is None:  # «啥时候都行» holds for what else was asked for, too
        for other in talk.memory.forms:
            other.time = other.time or dict(form.time or {})
    if talk.memory.asking == Asks.TIME:  # asked for two people at once, it is answered for both
        for other in talk.memory.forms:
            if other.item == form.item and other.time is None:
                other.time = dict(form.time or {})
    return True


def _take_detail(talk: Talk, form: Form, slot: Slot) -> bool:
    if slot.text in form.details or slot.text in (form.place or ""):
        return False
    if measure := cues.measure(slot.text):  # «两份» … «一份就够了»
        form.details = [detail for detail in form.details if cues.measure(detail) != measure]
    form.details.append(slot.text)
    return True


# Categories of items that nobody needs any more when they have died; papers and benefits do go on.
SERVES_LIVING = ("pub", "home", "care")
LONGEST_PHONE = 12  # digits, with the area code


def _take_place(talk: Talk, form: Form, slot: Slot) -> bool:
    if isinstance(slot.resolved, Place) and slot.resolved.destination:
        return _take_detail(talk, form, slot)
    return places.take_place(talk, form, slot)


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
        if times.lacks_day(form):
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
    if (
        asked in (Asks.TIME, Asks.PLACE)
        and form.elder_id is None
        and not form.name
        and whom.is_a_name(answer)
    ):
        form.name = answer  # said before it was asked for
        return True
    if bare_answer(text, expecting=Asks.CONFIRM):
        return False  # a mere yes or no answers none of these
    if asked == Asks.DETAIL and answer:
        form.details.append(answer)
    elif asked == Asks.NAME and (_may_be_a_name(answer) or is_surname(answer)):
        form.name = answer
    elif asked == Asks.NAME and notes.take_wish(talk, form):
        talk.say("confirm.noted")
    elif asked == Asks.PLACE and len(answer) >= 2 and talk.heard.has("inform") and not talk.heard.slots:
        if cues.says("no_place", answer):
            return False
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


def _may_be_a_name(text: str) -> bool:
    """Names of all peoples, but no sentence («她是糖尿病，不能吃甜的»)."""
    if text.isascii():
        return 2 <= len(text) <= LONGEST_LATIN_NAME
    return 2 <= len(text) <= LONGEST_NAME and not (
        len(text) > LONGEST_HAN_NAME and cues.says("sentence", text)
    )


def take_name(talk: Talk, form: Form) -> bool:
    """«名字错了，是马桂珍» to the read-back."""
    if form.elder_id is not None or not cues.says("name_word", talk.text):
        return False
    name = cues.core(cues.after("name_word", talk.text))
    if not whom.is_a_name(name) or name == form.name:
        return False
    form.name = name
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
        return form.time is not None and not times.lacks_day(form)
    return bool(form.place if ask == "place" else form.details)


def to_command(talk: Talk, form: Form) -> PlaceOrder:
    """The finished form as an order. Its key is the form's, so that a repeated confirmation orders once."""
    item, caller = talk.rules.catalogue[form.item], talk.world.caller
    wanted = times.whole(form)
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
    if form.time and day and len(day) == times.DAY and before and "T" in before:
        form.time |= {"iso": times.at_clock(day, before)}


def copy_order(form: Form, order: Order) -> None:
    """Fill a form with what an earlier order held."""
    form.beneficiary, form.name, form.elder_id = order.beneficiary, order.beneficiary_name, order.elder_id
    form.time, form.place, form.phone = asdict(order.wanted), order.place, order.phone
    form.details = list(order.details)
