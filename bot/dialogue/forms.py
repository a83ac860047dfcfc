"""Filling a request: what the sentence gives, what is still missing, and the order it becomes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date

from backend.domain.order import Order, Wanted
from backend.services.commands import PlaceOrder
from bot.dialogue import cues, notes, phrasing, places, times, whom
from bot.dialogue.memory import Form
from bot.dialogue.talk import Talk
from bot.dialogue.turn import Asks
from config.lexicon import load
from nlu.answers import bare_answer
from nlu.clauses import MARKS, begin_of_part
from nlu.slots.names import is_surname
from nlu.slots.time import days_left_out, left_out, meal_hour
from nlu.understanding import Person, Phone, Place, Slot, WantedTime


def open_form(talk: Talk, item: str) -> Form:
    """A new request at the end of the line of requests."""
    talk.memory.form_count += 1
    form = Form(id=talk.memory.form_count, item=item)
    talk.memory.forms.append(form)
    return form


def fill(talk: Talk, form: Form) -> set[str]:
    """Take everything the sentence gives for this form. Returns the names of the slots that changed."""
    mine = [slot for slot in talk.heard.slots if slot.label in (None, form.item) or _for_all(talk, slot)]
    unknown = form.beneficiary is None
    changed = fill_from(
        talk,
        form,
        [s for s in mine if (unknown and s.slot == "beneficiary") or _named_at(talk, s) in (None, form)],
    )
    if (days := _lasting(talk, form)) is not None:
        changed |= {"time"} if form.lasting != days and form.time else set()
        form.lasting = days
    if talk.rules.catalogue[form.item].daily:
        form.hour = meal_hour(talk.text) or form.hour
    if form.wanted.recurrence and times.without_days(form, days_left_out(talk.text, talk.turn.now)):
        changed.add("time")
    elif talk.memory.asking in (Asks.TIME, Asks.CONFIRM) and cues.says("rules_out", talk.text):
        known = len(form.wishes)
        notes.note(form, talk.text)  # «除了周三都行», «别太早»
        changed |= {"wish"} if talk.memory.asking == Asks.CONFIRM and len(form.wishes) > known else set()
    if _no_hurry(talk, form):
        changed.add("time")
    if not form.details and "detail" in talk.rules.catalogue[form.item].asks:
        form.details += _named_details(form.item, talk.text)
    _keep_whole(talk, form)
    if form.name is None and form.relation in PARENTS:
        form.name = cues.child_of(talk.text)
    return changed


def _keep_whole(talk: Talk, form: Form) -> None:
    """«来打扫卫生，把玻璃也擦了» is not the windows alone: the service itself is kept before them."""
    say = talk.rules.catalogue[form.item].say
    text = say if cues.says("also", talk.text) and talk.memory.asking else talk.text
    whole = phrasing.whole_service(form.item, say, text, talk.words())
    if whole and form.details and not any(whole in detail for detail in form.details):
        form.details.insert(0, whole)


def _no_hurry(talk: Talk, form: Form) -> bool:
    """«不急，过了这阵子来修» of what is else done as soon as possible."""
    item = talk.rules.catalogue[form.item]
    if form.time is not None or item.default_time != "asap" or not cues.says("no_hurry", talk.text):
        return False
    form.time = asdict(Wanted())
    form.wishes.append(talk.text if len(talk.text) <= SHORT_TEXT else cues.clause(talk.text, 0))
    return True


def _lasting(talk: Talk, form: Form) -> int | None:
    """For how many days it is to come, day after day; `times.FOREVER` when no end is told."""
    by_the_day = talk.rules.catalogue[form.item].daily
    days = cues.lasting(talk.text) if by_the_day or form.wanted.recurrence else None
    if (
        days is None
        and form.lasting is None
        and by_the_day
        and (cues.says("goes_on", talk.text) or cues.says("begins", talk.text))
    ):
        return times.FOREVER
    return days or cues.staying(talk.text)


def _for_all(talk: Talk, slot: Slot) -> bool:
    """«给公公订饭，给婆婆打扫，都是明天»: the only time of the sentence, and nothing else in its clause."""
    alone = slot.slot == "time" and len(talk.slots("time")) == 1
    return alone and len(cues.clause(talk.heard.text, slot.start)) - len(slot.text) <= BESIDE


def fill_others(talk: Talk) -> bool:
    """Give the requests that wait what is said of them by name. True when one of them changed."""
    shares = [(_named_at(talk, slot), slot) for slot in talk.heard.slots]
    changed = [fill_from(talk, form, [slot]) for form, slot in shares if form not in (None, talk.form)]
    return any(changed)


def _named_at(talk: Talk, slot: Slot) -> Form | None:
    """The one of several requests that this time or name is for: its thing or its person is named beside it.

    «灯先修，米明天送来也行», «我爸是星期四，我妈是星期五», «我爸叫王建国，我妈叫李桂花».
    """
    if slot.slot not in SHARED or len(talk.memory.forms) < 2 or cues.says("opens_no", talk.text):
        return None
    text = talk.heard.text
    start = begin_of_part(text, slot.start, BORDERS)
    end = min((at for mark in BORDERS if (at := text.find(mark, slot.end)) >= 0), default=len(text))
    beside = text[start:end]
    named = [form for form in talk.memory.forms if _is_for_one_named(form, beside)]
    if not named and slot.slot == "time":
        named = [form for form in talk.memory.forms if _is_named(form, beside)]
    return named[0] if len(named) == 1 else None


def _is_for_one_named(form: Form, text: str) -> bool:
    if form.beneficiary == "self":
        return cues.says("i_am_at", text)
    return form.beneficiary is not None and form.beneficiary in text


def _is_named(form: Form, text: str) -> bool:
    return form.item in cues.items_mentioned(text) or any(cues.thing(one) in text for one in form.details)


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
    if notes.owns_phone(talk, slot) and not whom.is_mere_name(slot):
        return False  # «打我女儿的电话»
    if person and not person.name and cues.says("i_am", before):
        return False  # «我是她孙女»
    if form.beneficiary not in (None, "self") and cues.says("mere_person", slot.text):
        return False  # «老人冻着呢» is who was named before
    if form.beneficiary and _is_one_of(form, slot):
        return False  # «婆婆吃素», when the meal is for her and him
    if form.beneficiary and person and _is_only_mentioned(talk, form, slot, person):
        return False  # «我爸说不用», beside the question
    behind = talk.heard.text[slot.end :]
    if form.beneficiary and cues.says("comes_or_goes", behind):
        return False  # «明天我闺女来，后天吧»
    if talk.rules.catalogue[form.item].category in SERVES_LIVING and cues.says("has_died", behind):
        return False  # «我老伴前年走了，来个人陪我去»
    if whom.is_anothers_name(form, slot, talk.slots("beneficiary"), own=cues.says("my_name", before)):
        return False  # «我妈叫陈淑珍，我叫李娜»
    if asked == Asks.NAME and person and (person.name or person.relation in NOT_KIN):
        form.name = person.name or slot.text
        if cues.says("of_both", form.beneficiary or "") and cues.says("of_both", talk.text):
            form.name = cues.core(talk.text)  # «丁学礼和马玉英»
        return True
    if person and person.name and cues.says("my_name", before):
        talk.memory.tell("self", name=person.name)
        if form.beneficiary in (None, "self"):
            form.name = person.name
        return True
    if person and person.name and form.beneficiary and cues.says("their_name", before):
        both = form.name and form.name in before and cues.says("of_both", form.beneficiary)
        form.name = f"{form.name}、{person.name}" if both else person.name
        return True
    if asked == Asks.NAME and person and person.relation == "self":
        return False
    return whom.settle(form, slot, talk.world.caller)


def _amount_corrected(form: Form, amount: str) -> str | None:
    """«五斤» after «二斤鸡蛋» is five pounds of eggs, where only one thing is counted so."""
    measure = cues.measure(amount)
    counted = [
        one for one in form.details if measure and cues.counted(one) == measure and cues.thing(one) != one
    ]
    return amount + cues.thing(counted[0]) if len(counted) == 1 else None


def _is_only_mentioned(talk: Talk, form: Form, slot: Slot, person: Person) -> bool:
    """Whether something else was asked, and this relative is spoken of without anything being wanted for them."""
    text = talk.heard.text
    if (
        talk.memory.asking in (None, Asks.BENEFICIARY)
        or talk.requests()
        or person.name
        or person.relation in NOT_KIN
    ):
        return False
    if cues.says("serves", text[: slot.start]) or any(cues.says(cue, text) for cue in MEANT_BY):
        return False
    if form.beneficiary == "self" and talk.slots("place"):
        return False  # «我妈在光华小区5号楼»
    return len(text) - (slot.end - slot.start) > MERELY


def _is_one_of(form: Form, slot: Slot) -> bool:
    """Whether it is for several people, and this is one of them."""
    word = slot.text.removeprefix("我")
    person = slot.resolved if isinstance(slot.resolved, Person) else None
    several = cues.says("of_both", form.beneficiary or "")
    return several and word in (form.beneficiary or "") and not (person and person.name)


def _take_time(talk: Talk, form: Form, slot: Slot) -> bool:
    said = slot.resolved
    if not isinstance(said, WantedTime) or cues.says("wait", slot.text):
        return False
    if said.recurrence and cues.says("free_then", talk.heard.text[slot.end :]):
        return False  # «哪天都行，我天天在家»
    text = talk.heard.text
    if form.time and talk.memory.asking != Asks.TIME and times.is_remark(text, slot):
        notes.note(form, cues.clause(text, slot.start))
        if talk.memory.asking != Asks.CONFIRM:
            talk.say("taken_down")
        talk.understood = True
        return False
    if form.time and form.wanted.recurrence and cues.says("starts", text[slot.end :]):
        return times.begin(form, said)
    if not form.wanted.recurrence and left_out(text, slot.start, slot.end):
        return False
    if times.end(form, slot, said, text) or times.leave_out(form, slot, said, text):
        return True
    if _other_job(talk, form, slot, said):
        return True
    said = times.as_series(
        said, slot.text, talk.turn.now,
        daily=talk.rules.catalogue[form.item].daily,
        endless=form.lasting == times.FOREVER or cues.says("goes_on", text) or times.weekly(form),
    )  # fmt: skip
    if cues.says("and_also", talk.heard.text[: slot.start]) and times.two_days(form, said):
        return True
    if (lunar := times.lunar_month(said, slot.text, talk.turn.now)) and slot.text not in form.wishes:
        said = lunar
        form.wishes.append(slot.text)
    if times.any_day_at(form, said) and cues.says("any", text):
        notes.note(form, cues.clause(text, slot.start))  # «都可以，最好上午»
        return False
    if said.recurrence == "FREQ=MONTHLY" and cues.says("more_than_once", slot.text):
        notes.note(form, slot.text)  # «一个月两回»: a rule can not say it
    by_day = talk.rules.catalogue[form.item].daily
    if not times.take_time(form, said, by_day=by_day or cues.says("from_to", slot.text)):
        return False
    if said.vague and said.iso is None and not said.recurrence and cues.says("condition", slot.text):
        form.wishes.append(slot.text)  # «等我闺女来了再说»
    if (
        said.vague and said.iso is None and not said.recurrence
    ):  # «啥时候都行» holds for what else was asked for, too
        for other in talk.memory.forms:
            other.time = other.time or dict(form.time or {})
    if talk.memory.asking == Asks.TIME:  # asked for two people at once, it is answered for both
        for other in talk.memory.forms:
            if other.item == form.item and other.time is None:
                other.time = dict(form.time or {})
    return True


def _other_job(talk: Talk, form: Form, slot: Slot, said: WantedTime) -> bool:
    """«指甲就明天剪» beside what comes every morning: a second job of the same request with a rhythm of its own, kept in
    their words."""
    if form.time is None or form.wanted.iso is None or bool(said.recurrence) == bool(form.wanted.recurrence):
        return False
    clause = cues.clause(talk.heard.text, slot.start)
    things = [slot.text for slot in talk.slots("detail")] + form.details
    mine = {cues.thing(one) for one in things}
    named = {one for one in mine if one[-2:] in clause}
    if not named or named == mine or clause in form.wishes:
        return False
    form.wishes.append(clause)
    return True


def _take_detail(talk: Talk, form: Form, slot: Slot) -> bool:
    if len(slot.text) == 1 and notes.is_wish(talk):
        return False  # «盐少些» wants no salt
    if slot.text in form.details or slot.text in (form.place or ""):
        return False
    if unwanted := cues.part("without", talk.heard.text[: slot.start]):
        notes.note(form, unwanted + slot.text)  # «她不吃羊肉»
        return True
    if (whole := _amount_corrected(form, slot.text)) is not None:
        form.details = [
            whole if cues.counted(one) and cues.thing(one) in whole else one for one in form.details
        ]
        return True
    if measure := cues.measure(slot.text):  # «两份» … «一份就够了»
        form.details = [detail for detail in form.details if cues.measure(detail) != measure]
    form.details.append(slot.text)
    return True


SHARED = ("time", "place", "beneficiary")  # slots that are said of one request among several
BORDERS = MARKS + " "
BUYS = "errand"
PARENTS = ("mother", "father")  # relations whose name a child tells with its own: «我是李秀英的女儿»
MEANT_BY = ("corrects", "replace", "together")  # cues of sentences in which a relative is meant
MERELY = 2  # characters around a relative's name that say nothing more («是我妈», «我妈啊»)
# Categories of items that nobody needs any more when they have died; papers and benefits do go on.
SERVES_LIVING = ("pub", "home", "care")
LONGEST_PHONE = 12  # digits, with the area code


def _take_place(talk: Talk, form: Form, slot: Slot) -> bool:
    goes = isinstance(slot.resolved, Place) and slot.resolved.destination
    if goes and form.item != places.READS_WHERE_TO:
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
    begun = talk.memory.asking == Asks.PHONE or talk.memory.phone_part or cues.says("phone_word", talk.text)
    fits = len(digits) < LONGEST_PHONE
    talk.memory.phone_part = (digits if fits else latest) if begun else ""
    talk.understood |= bool(begun) and fits
    if begun and fits:
        talk.ask(Asks.PHONE, "ask.phone_rest", digits=digits)


def _asks_for_number(talk: Talk) -> bool:
    """«打我儿子电话», and no number: it is asked for. «138» was the beginning of one: the rest was just asked for."""
    if talk.asks is not Asks.PHONE and cues.says("other_phone", talk.text) and not talk.slots("phone"):
        talk.ask(Asks.PHONE, "ask.phone_new")
        talk.understood = True
    return talk.asks is Asks.PHONE


_TAKE: dict[str, Callable[[Talk, Form, Slot], bool]] = {
    "beneficiary": _take_person,
    "time": _take_time,
    "place": _take_place,
    "phone": _take_phone,
    "detail": _take_detail,
}


BESIDE = 3  # characters («都是明天吧»)
SHORT_TEXT = 24  # characters
# Words that say how somebody is called rather than what they are to the caller («马老师»).
NOT_KIN = (None, "other", "neighbour", "friend", "elder")
SHORT_PLACE = 6  # characters of a place that no word tells to be one
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
    if asked is None or len(text) > 60 or _asks_for_number(talk):
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
    if asked == Asks.TIME and cues.says("rules_out", text):
        notes.note(form, text)  # «不要太早»
        talk.understood = True
        if not cues.says("any", text):
            talk.say("taken_down")
            return False
    if asked == Asks.TIME and cues.says("any", text):
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
    if bare_answer(text, expecting=Asks.CONFIRM) or (asked != Asks.DETAIL and notes.is_wish(talk)):
        return False  # a mere yes or no answers none of these, nor does how it is to be done
    if asked == Asks.DETAIL and answer:
        form.details.append(answer)
    elif asked == Asks.NAME and (_may_be_a_name(answer) or is_surname(answer)):
        if cues.says("no_name", answer):
            return _tells_besides(talk, form)
        form.name = answer
    elif asked == Asks.PLACE and len(answer) >= 2 and talk.heard.has("inform") and not talk.heard.slots:
        if not _may_be_a_place(answer):
            return _tells_besides(talk, form)
        form.place, form.place_known = answer, False
    elif asked == Asks.BENEFICIARY and 1 <= len(answer) <= 8 and talk.heard.has("inform"):
        form.beneficiary = answer
    else:
        return False
    return True


def _may_be_a_place(text: str) -> bool:
    """«幸福里», «老电厂后头», but not «她一个人住», «要热的啊»."""
    if cues.says("no_place", text) or cues.says("any", text) or cues.says("question", text):
        return False
    return cues.says("place_sign", text) or (len(text) <= SHORT_PLACE and not cues.says("sentence", text))


def _tells_besides(talk: Talk, form: Form) -> bool:
    """«她刚做完手术», «她腰不好»: no answer, and worth telling whoever comes."""
    if not cues.says("tells_of", talk.text) or cues.says("question", talk.text):
        return False
    notes.note(form, talk.text)
    talk.say("taken_down")
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
    if form.elder_id is not None:
        return False
    corrected = whom.corrected_name(form, talk.text)
    if not corrected and not cues.says("name_word", talk.text):
        return False
    name = corrected or cues.core(cues.after("name_word", talk.text))
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
    if item == BUYS and not found and (thing := cues.bought(text)):
        found.append(thing)
    return found


def drop_detail(talk: Talk, form: Form) -> bool:
    """«肉不要了»: one of several things is taken off the list, and the rest stays. False when all or nothing of it is named."""
    before = cues.before("drop", talk.text)
    named = [detail for detail in form.details if cues.thing(detail) in before]
    if not named or len(named) == len(form.details):
        return False
    form.details = [detail for detail in form.details if detail not in named]
    talk.say("confirm.changed")
    talk.understood = True
    return True


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
