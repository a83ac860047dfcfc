"""From «I want …» to an order: open a form for each request, fill it, read it back, place it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backend.domain.order import Order
from backend.services.commands import RegisterCaller
from bot.dialogue import cues, details, forms, notes, people, phrasing, told, whom
from bot.dialogue.flows import ask, several
from bot.dialogue.memory import Form
from bot.dialogue.people import elder_of
from bot.dialogue.talk import ABOUT_ORDERS, Talk, latest
from bot.dialogue.turn import Asks
from config.lexicon import load
from nlu.clauses import MARKS, begin_of_part
from nlu.slots.person import possible, read_person
from nlu.slots.roles import role_of
from nlu.slots.time import plans_then
from nlu.understanding import Person, Phone, Slot

# What a form holds about the person it is for.
WHOM = ("beneficiary", "relation", "name", "elder_id", "place", "place_known")
LOOKED_AFTER = "looked_after"  # the role of whom the caller looks after: «照顾瘫痪老娘，能算就业困难不»
BESIDE_PLACE = 4  # characters («地址», «她住在»)


def gives_up(talk: Talk) -> bool:
    """«算了，不交了» while something is being asked: the request is dropped."""
    form, heard = talk.form or _parked(talk), talk.heard
    if form is None or talk.memory.asking == Asks.CONFIRM or talk.slots("time"):
        return False
    if talk.drops and meant(talk, form) is not form:
        return drop(talk, form)  # «打扫的算了，就送饭»
    if len(form.details) <= 1 and cues.says("gives_all_up", talk.text):
        return drop(talk, form)
    if talk.drops and details.drop_detail(talk, form):
        return True
    if talk.requests():
        return False
    if not (heard.has("deny") or heard.has("cancel_order")) or not talk.drops:
        return False
    named = cues.items_mentioned(talk.text)
    return (not named or form.item in named) and drop(talk, form)


def _parked(talk: Talk) -> Form | None:
    """The request put aside when a person was fetched that they name now («把理发取消»)."""
    named = cues.items_mentioned(talk.text)
    parked = [form for form in talk.memory.forms if form.parked and form.item in named]
    return parked[0] if len(parked) == 1 and talk.heard.has("cancel_order") else None


def new_requests(talk: Talk) -> bool:
    """Open a form for every item asked for. One already under way is filled further instead."""
    items = sorted(talk.requests(), key=lambda item: _first_mention(talk, item))
    if not items or _only_an_answer(talk, items):
        return False
    if talk.form is None and cues.says("preamble", talk.text):
        return False  # «想问个事»
    current = talk.form
    if current is not None and (_that_one(talk) or _at_home_too(talk, items)):
        return False
    if current is not None and notes.is_wish(talk) and not cues.items_mentioned(talk.text) & set(items):
        return False  # «来两个人行不» sounds like company
    if current is not None and tells_how_they_live(talk, current.item):
        notes.note(current, talk.text)
        talk.say("taken_down")
        talk.understood = True
        return True
    if not talk.heard.sure and current is None:
        return ask.offer(talk, items)
    if (
        current
        and current.item not in items
        and cues.says("replace", talk.text)
        and not cues.says("also", talk.text[:5])
    ):
        return replace_item(talk, current, items)
    talk.understood = True
    known = talk.memory.form_count
    talk.memory.together |= len(items) > 1 and (cues.says("for_all", talk.text) or talk.are_papers(items))
    for item in items:
        form = next(
            (form for form in talk.memory.forms if form.item == item and not for_another(talk, form)), None
        )
        if form is None:
            form = forms.open_form(talk, item)
        form.parked = False
        people = talk.slots("beneficiary")
        if len(items) > 1 and len(people) == 1 and _named_for_a_later_one(talk, item, people[0]):
            own = [slot for slot in talk.heard.slots if slot.label in (None, item) and slot not in people]
            forms.fill_from(talk, form, own)
            continue
        forms.fill(talk, form)
        if len(items) > 1 and people and (me := _wanted_for_me(talk, item)):
            whom.settle(form, me, talk.world.caller)
        elif len(items) > 1 and (elder := elder_of(_part_of(talk, item))):
            whom.settle(form, elder, talk.world.caller)
        elif len(items) > 1 and len(people) > 1:
            person = _nearest(people, _first_mention(talk, item))
            whom.settle(form, person, talk.world.caller)
            form.beside = several.at_home_with(person, people) if cues.says("all_alike", talk.text) else None
        else:
            several.split_by_person(talk, form)
    if len(items) == 1:
        for form in (form for form in talk.memory.forms if form.item == items[0]):
            if notes.take_wishes(talk, form) and form is current:
                talk.say("taken_down")
    for form in talk.memory.forms:
        if form.item in items and form.beneficiary is None:
            _same_as_before(talk, form)
        if form.item in items and cues.says("as_before", talk.text) and (order := _last(talk, form.item)):
            forms.like_before(talk, form, order, whole=form.beneficiary is None)
    forms.fill_others(talk)
    told.keep(talk, talk.heard, [form for form in talk.memory.forms if form.item in items])
    _say_noted(talk, [form for form in talk.memory.forms if form.id > known and form is not talk.form])
    return True


def _say_noted(talk: Talk, later: Sequence[Form]) -> None:
    """Which of several requests wait, and which comes first."""
    first = ask.called(talk, talk.form.item, talk.form.details) if talk.form else ""
    waiting = dict.fromkeys(ask.called(talk, form.item, form.details) for form in later)
    names = [name for name in waiting if name != first]
    if names:
        what = phrasing.joined(names, talk.words(), link="list_comma")
        talk.say("order.noted", what=what, first=first)


def _first_mention(talk: Talk, item: str) -> int:
    """Where the sentence first speaks of the item, by its words or by what belongs to it alone («灯不亮了，再买十斤米»)."""
    own = (slot.start for slot in talk.heard.slots if slot.label == item)
    return min(cues.first_mention(item, talk.text), *own, len(talk.text))


def as_before(talk: Talk) -> bool:
    """«老样子», and nothing else: what was ordered last, for another day."""
    if talk.requests() or talk.form is not None or not cues.says("as_before", talk.text):
        return False
    if any(talk.heard.has(name) for name in ABOUT_ORDERS):
        return False
    order = _last(talk)
    if order is None:
        return False
    form = forms.open_form(talk, order.item)
    forms.fill(talk, form)
    forms.like_before(talk, form, order, whole=form.beneficiary is None)
    talk.understood = True
    return True


def _last(talk: Talk, item: str | None = None) -> Order | None:
    """The latest order that the caller may mean, of this item if one was named."""
    return latest(order for order in talk.world.orders if item in (None, order.item))


def _only_an_answer(talk: Talk, items: Sequence[str]) -> bool:
    """«电费» to «which bill?» is an answer, though it could be a request; a name or an address is never a request."""
    form, asked = talk.form, talk.memory.asking
    if form is None or asked is None or form.item in items:
        return False
    if asked in (Asks.NAME, Asks.PHONE):
        return not talk.heard.sure
    if asked == Asks.TIME and talk.slots("time") and plans_then(talk.text, talk.turn.now):
        return True  # «礼拜五我要去复查，礼拜六吧»
    return asked == Asks.DETAIL and len(talk.text) <= 8 and not cues.says("also", talk.text)


def _that_one(talk: Talk) -> bool:
    """«那给她办一个», «那你给我订上，后天上午»: go on with it; nothing else is named."""
    if cues.says("that_one", talk.text):
        return True
    return cues.says("then_book", talk.text) and not (cues.items_mentioned(talk.text) or talk.slots("detail"))


def _at_home_too(talk: Talk, items: Sequence[str]) -> bool:
    """«那帮我约一个上门的吧» asks for what is being arranged at home, not for a visit of its own."""
    visits = all(talk.rules.catalogue[item].category == "care" for item in items)
    return visits and cues.says("at_home", talk.text)


def tells_how_they_live(talk: Talk, item: str) -> bool:
    """«我一个月就三百块钱养老金», said while something else is being arranged or offered, asks for nothing."""
    papers = talk.requests()
    return talk.are_papers(papers) and item not in papers and not cues.says("wants", talk.text)


def for_another(talk: Talk, form: Form) -> bool:
    """Whether the sentence asks the same item for a second person («给我妈也订一份»)."""
    said = talk.slots("beneficiary", of=form.item)
    if not said or form.beneficiary is None or len(said) != 1:
        return False
    word = "self" if said[0].value == "self" else (said[0].value or said[0].text)
    return word != form.beneficiary and cues.says("also", talk.text) and not cues.says("replace", talk.text)


def _same_as_before(talk: Talk, form: Form) -> None:
    """«再给她找个人打扫», or «想洗个澡» after «我妈»: the person spoken of before."""
    before = talk.memory.last_whom
    lost = before and before["elder_id"] is not None and before["elder_id"] not in _speaks_for(talk)
    if (
        before
        and not lost
        and before["beneficiary"] != "self"
        and _goes_on_about(talk, form, before["relation"])
    ):
        for name, value in before.items():
            if getattr(form, name) in (None, False):
                setattr(form, name, value)


def _goes_on_about(talk: Talk, form: Form, relation: str | None) -> bool:
    """Whether nobody else can be meant than the relative spoken of: a child arranges for the parents, not for itself."""
    if cues.says("pronoun", talk.text):
        return True
    if talk.world.caller.elder is not None or cues.says("for_me", talk.text):
        return False
    looked_after: dict[str, list[str]] = load("relations")["looked_after"]
    papers = talk.are_papers([form.item])
    return relation in looked_after["always"] or (papers and relation in looked_after["papers"])


def remember_whom(talk: Talk) -> None:
    """«我爸刚才摔了» … «给他找个人洗澡»: who was spoken of outside any request is who «他» means later."""
    if talk.form is not None:
        return
    said = [slot for slot in talk.slots("beneficiary") if slot.value != "self"] or _spoken_of(talk)
    kin = [
        slot
        for slot in said
        if isinstance(slot.resolved, Person) and slot.resolved.relation not in whom.NOT_KIN
    ]
    if len(kin or said) == 1:
        meant = whom.spoken_of(kin or said, talk.world.caller)
        meant.name = meant.name or _name_told(talk, said)
        people.call_by_relation(meant, talk.heard.text)
    elif name := next((part for part in talk.text.split() if whom.is_a_name(part)), None):
        meant = Form(id=0, item="", beneficiary=name, name=name)
    else:
        _remember_home(talk)
        return
    if meant.beneficiary is not None:
        _take_card(talk, meant)
        talk.memory.last_whom = _whom(meant)


def _remember_home(talk: Talk) -> None:
    """The address of whoever was spoken of before, in a message of its own («我妈 83岁», «地址银古小区2-4-101»)."""
    places, last = talk.slots("place"), talk.memory.last_whom
    if last and len(places) == 1 and len(talk.text) - len(places[0].text) <= BESIDE_PLACE:
        last |= {"place": places[0].text, "place_known": False}


def _spoken_of(talk: Talk) -> list[Slot]:
    """«我妈腿疼，吃啥药好»: a relative for whom nothing is wanted yet; nobody when several are named."""
    spans = possible(talk.heard.text)
    words = [(one.start, one.end, talk.heard.text[one.start : one.end]) for one in spans]
    people = [Slot("beneficiary", word, a, b, word, read_person(word)) for a, b, word in words]
    people = [one for one in people if role_of(talk.heard.text, one.start, one.end) != LOOKED_AFTER]
    kin = [one for one in people if isinstance(one.resolved, Person) and one.resolved.relation != "self"]
    return kin if len({one.text for one in kin}) == 1 else []


def _name_told(talk: Talk, people: Sequence[Slot]) -> str | None:
    """«我妈叫于秀琴»."""
    text = talk.heard.text
    named = (slot for slot in people if cues.says("their_name", text[: slot.start]))
    return next((slot.text for slot in named if not cues.says("my_name", text[: slot.start])), None)


def _take_card(talk: Talk, meant: Form) -> None:
    """«于秀琴 13995123456 银古小区2-4-101», and only then «给她订个饭»: as it is sent on from an address book."""
    places = talk.slots("place")
    phones = [
        one.resolved
        for one in talk.slots("phone")
        if isinstance(one.resolved, Phone) and one.resolved.complete
    ]
    if len(phones) == 1:
        talk.memory.phone = phones[0].digits
    if len(places) == 1 and (len(phones) == 1 or cues.says("lives", talk.heard.text[: places[0].start])):
        meant.place, meant.place_known = places[0].text, False


def _whom(form: Form) -> dict[str, Any]:
    return {name: getattr(form, name) for name in WHOM}


def _speaks_for(talk: Talk) -> set[int | None]:
    """The elders whom the caller may order for as of now."""
    caller = talk.world.caller
    wards = {ward.elder.id for ward in caller.orders_for}
    return wards | {caller.elder.id} if caller.elder else wards


def _named_for_a_later_one(talk: Talk, item: str, person: Slot) -> bool:
    """«残疾证要换，再一个我老伴的认证没做», «给我理发，给我老伴洗澡»: whoever is named behind is not meant by what stands before."""
    text, mention = talk.heard.text, _first_mention(talk, item)
    between = text[mention : person.start]
    own = cues.says("for_me", text[:mention]) and any(mark in between for mark in MARKS)
    return cues.says("also", between) or own


def _wanted_for_me(talk: Talk, item: str) -> Slot | None:
    """«给我妈打扫，我自己也想洗个澡»: the caller, where the part that names this item says it is for them."""
    part = _part_of(talk, item)
    start = talk.heard.text.find(part)
    named = any(
        start <= one.start < start + len(part) for one in talk.slots("beneficiary") if one.value != "self"
    )
    return several.me_at(start) if cues.says("i_want_too", part) and not named else None


def _part_of(talk: Talk, item: str) -> str:
    """The part of the sentence that names the item; the first where none does."""
    text, at = talk.heard.text, _first_mention(talk, item)
    return cues.clause(text, begin_of_part(text, at) if at < len(text) else 0)


def _nearest(people: Sequence[Slot], mention: int) -> Slot:
    """«给我爸理发，给我妈洗澡»: the person named last before the item is."""
    return max(
        (slot for slot in people if slot.start <= mention), key=lambda slot: slot.start, default=people[0]
    )


def take_up(talk: Talk, item: str, said: str | None = None) -> None:
    """The caller chose this item from an offer. What they `said` before the offer still counts."""
    form = next((form for form in talk.memory.forms if form.item == item), None)
    form = form or forms.open_form(talk, item)
    form.parked = False
    before = None
    if said:
        before = talk.read(said)
        forms.fill_from(talk, form, before.slots)
        if form.beneficiary is None and (wanting := people.who_wants(said)):
            whom.settle(form, wanting, talk.world.caller)
    if talk.heard.has("out_of_scope"):  # by itself «那给我爸申请一个» speaks of nothing of ours
        heard = talk.read(talk.text, expecting=Asks.BENEFICIARY)
        forms.fill_from(talk, form, heard.slots)
    forms.fill(talk, form)
    if form.beneficiary is None:
        _same_as_before(talk, form)
    for heard in filter(None, (before, talk.heard)):
        told.keep(talk, heard, [form])


def replace_item(talk: Talk, form: Form, items: Sequence[str]) -> bool:
    """A change of mind about what is wanted: the time, place and person already given stay."""
    form.item, *rest = items
    form.details.clear()
    forms.fill(talk, form)
    for item in rest:
        forms.fill(talk, forms.open_form(talk, item))
    talk.say("confirm.changed")
    talk.understood = True
    return True


def meant(talk: Talk, form: Form) -> Form:
    """Which of the requests under way is not wanted («洗澡的不要了»): the one named, else the one talked about."""
    named = cues.items_mentioned(cues.before("drop", talk.text)) - {form.item}
    return next((other for other in talk.memory.forms if other.item in named), form)


def drop(talk: Talk, form: Form) -> bool:
    """The caller does not want this request, or another one that they name, any more."""
    form = meant(talk, form)
    talk.memory.forms.remove(form)
    talk.memory.dropped = form
    if form.beneficiary not in (None, "self"):
        talk.memory.last_whom = _whom(form)
    talk.say("order.dropped", what=ask.called(talk, form.item, form.details))
    talk.memory.pending = None
    talk.memory.asking = None
    talk.understood = True
    talk.happened.append("dropped")
    return True


def place(talk: Talk, form: Form) -> None:
    """The order as a command. An unknown caller who ordered for themselves is known from now on."""
    command = forms.to_command(talk, form)
    talk.commands.append(command)
    caller, memory = talk.world.caller, talk.memory
    if not (caller.known or memory.borrowed) and command.beneficiary == "self":
        memory.tell("self", name=form.name, place=form.place)
        if memory.name or memory.place:
            talk.commands.append(
                RegisterCaller(
                    sender=caller.sender,
                    at=talk.turn.now,
                    name=memory.name,
                    address=memory.place,
                    phone=command.phone,
                )
            )
    memory.last_whom = _whom(form)
    memory.forms.remove(form)
    memory.topic = None
    for other in memory.forms:  # «人民医院», told when it was asked of the first
        if other.beside == form.beneficiary and other.item == form.item:
            other.details += [one for one in form.details if one not in other.details]
    key = "order.placed_with_callback" if form.missing else "order.placed"
    talk.say(key, what=ask.describe(talk, form))
    talk.happened.append(f"order_placed:{form.item}")
