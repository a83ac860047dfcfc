"""Filling a request: what the sentence gives, what is still missing, and the order it becomes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date

from backend.domain.order import Order, Wanted
from backend.services.commands import PlaceOrder
from bot.dialogue import cues, details, notes, people, phones, places, shares, times, wanted_time, whom
from bot.dialogue.memory import Form
from bot.dialogue.talk import Talk
from bot.dialogue.turn import Asks
from nlu.understanding import Place, Slot

MEAL = "meal"
TOLD_LATER = ("name", "place")  # missing no more once they are told after all


def open_form(talk: Talk, item: str) -> Form:
    """A new request at the end of the line of requests."""
    talk.memory.form_count += 1
    form = Form(id=talk.memory.form_count, item=item)
    talk.memory.forms.append(form)
    fits = [one for one in talk.memory.diets if item == MEAL or not cues.says("diet", one)]
    form.wishes = fits
    talk.memory.diets = [one for one in talk.memory.diets if one not in fits]
    return form


def fill(talk: Talk, form: Form) -> set[str]:
    """Take everything the sentence gives for this form. Returns the names of the slots that changed."""
    changed = fill_from(talk, form, shares.mine(talk, form))
    if places.take_bed(talk, form) or places.take_same(talk, form):
        changed.add("place")
    changed |= wanted_time.take_rhythm(talk, form)
    details.take_named(talk, form)
    if people.take_told_names(talk, form):
        changed.add("name")
    if "time" in changed and (talk.memory.together or cues.says("for_all", talk.text)):
        _share_time(talk, form)
    return changed


def _share_time(talk: Talk, form: Form) -> None:
    """«都后天», «一起来，明天»: the time of one request is that of all that have none yet."""
    for other in talk.memory.forms:
        if other.time is None and form.time is not None:
            other.time = dict(form.time)


def fill_others(talk: Talk) -> bool:
    """Give the requests that wait what is said of them by name. True when one of them changed."""
    named = [(shares.named_at(talk, slot), slot) for slot in talk.heard.slots]
    changed = [fill_from(talk, form, [slot]) for form, slot in named if form not in (None, talk.form)]
    return any(changed)


def fill_from(talk: Talk, form: Form, slots: Sequence[Slot]) -> set[str]:
    """Like `fill`, from these slots only. The person comes first, because the place may follow from who it is."""
    changed = set()
    for slot in sorted(slots, key=lambda slot: slot.slot != "beneficiary"):
        if not notes.is_code(talk, slot) and _TAKE[slot.slot](talk, form, slot):
            changed.add(slot.slot)
    form.missing = [name for name in form.missing if name not in changed]  # told after all
    return changed


def _take_place(talk: Talk, form: Form, slot: Slot) -> bool:
    goes = isinstance(slot.resolved, Place) and slot.resolved.destination
    if goes and form.item != places.READS_WHERE_TO:
        return details.take_detail(talk, form, slot)
    if form.place and talk.memory.asking == Asks.NAME and whom.is_home_of_named(slot.text):
        return False  # «刘德胜家», to the name: the address was told before
    return places.take_place(talk, form, slot)


_TAKE: dict[str, Callable[[Talk, Form, Slot], bool]] = {
    "beneficiary": people.take_person,
    "time": wanted_time.take_time,
    "place": _take_place,
    "phone": phones.take_phone,
    "detail": details.take_detail,
}


def missing(talk: Talk, form: Form) -> Asks | None:
    """What must still be asked before the order can be read back; None when nothing is."""
    caller, item = talk.world.caller, talk.rules.catalogue[form.item]
    if form.conflict:
        return Asks.TIME
    whom.default(form, caller)
    if form.beneficiary is None:
        return Asks.BENEFICIARY
    form.missing = [name for name in form.missing if not (name in TOLD_LATER and getattr(form, name))]
    told = talk.memory.told.get(form.beneficiary, {})
    if not form.place and "place" not in form.missing:
        theirs = talk.memory.told.get(form.beside or "", {}).get("place")
        form.place = told.get("place") or theirs or (talk.memory.place if whom.is_spouse(form) else None)
    form.name = form.name or told.get("name")
    if form.elder_id is None:
        # What the records say of somebody is asked of them each time: the caller may lose the right to hear it.
        talk.memory.tell(form.beneficiary, name=form.name, place=form.place)
    for ask in item.asks:
        if ask not in form.missing and not _has(form, ask):
            return Asks(ask)
    known = caller.known and not talk.memory.name  # who told us their name a moment ago was a stranger
    if form.elder_id is None and not form.name and not known and "name" not in form.missing:
        return Asks.NAME
    if not (form.phone or talk.memory.phone or caller.phone) and "phone" not in form.missing:
        return Asks.PHONE
    return None


def _has(form: Form, ask: str) -> bool:
    if ask == "time":
        return form.time is not None and not times.lacks_day(form)
    return bool(form.place if ask == "place" else form.details)


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
        details=tuple(told(form)),
        missing=tuple(form.missing),
    )


def told(form: Form) -> list[str]:
    """What is told of the job, each thing once: a piece is left out where the whole is told («门锁», «门锁打不开»)."""
    known = list(dict.fromkeys((*form.details, *form.wishes)))
    return [one for one in known if not any(one in other and one != other for other in known)]


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
