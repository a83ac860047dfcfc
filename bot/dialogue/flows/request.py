"""From «I want …» to an order: open a form for each request, fill it, read it back, place it."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from itertools import pairwise
from typing import Any

from backend.domain.order import Order
from backend.domain.people import Elder
from backend.services.commands import RegisterCaller
from bot.dialogue import cues, details, forms, notes, phrasing, whom
from bot.dialogue.flows import ask
from bot.dialogue.memory import Form
from bot.dialogue.talk import ABOUT_ORDERS, Talk
from bot.dialogue.told_names import names_told
from bot.dialogue.turn import Asks
from config.lexicon import load
from nlu.clauses import MARKS, begin_of_part
from nlu.slots.person import possible, read_person
from nlu.slots.time import plans_then
from nlu.understanding import Person, Phone, ScoredLabel, Slot

SHORTEST_REQUEST = 4  # characters; «你们» of «你们忙不过来就算了» says nothing
PAPERS = ("gov", "soc")  # categories whose words («养老金», «残疾») also tell how somebody lives
# What a form holds about the person it is for.
WHOM = ("beneficiary", "relation", "name", "elder_id", "place", "place_known")


def without_condition(talk: Talk) -> None:
    """«让人来打扫，做不了那就算了» is a request: what is given up only for a case is read without it."""
    heard = talk.heard
    if not cues.says("drop_if", talk.text) or heard.danger is not None or heard.has("emergency"):
        return
    rest = cues.without("drop_if", talk.text).strip(MARKS + " ")
    expecting = Asks(talk.memory.asking) if talk.memory.asking else None
    if len(rest) >= SHORTEST_REQUEST:
        talk.heard = talk.rules.parser.parse(rest, expecting=expecting, alternatives=(), now=talk.turn.now)
    elif talk.form is not None:
        talk.heard = replace(heard, labels=(ScoredLabel("inform", 1.0),))


def behind_lead_in(talk: Talk) -> None:
    """«对了还有，我要洗澡» is a request, and no mere «对»."""
    rest = cues.without("more_behind", talk.text)
    if rest == talk.text or len(rest) < SHORTEST_REQUEST or talk.requests() or talk.heard.danger is not None:
        return
    heard = talk.rules.parser.parse(rest, expecting=None, alternatives=(), now=talk.turn.now)
    if any(name in talk.rules.catalogue for name in heard.names()):
        talk.heard = heard


def gives_up(talk: Talk) -> bool:
    """«算了，不交了» while something is being asked: the request is dropped."""
    form, heard = talk.form, talk.heard
    if form is None or talk.memory.asking == Asks.CONFIRM or talk.slots("time"):
        return False
    if talk.drops and meant(talk, form) is not form:
        return drop(talk, form)  # «打扫的算了，就送饭»
    if talk.drops and details.drop_detail(talk, form):
        return True
    if talk.requests():
        return False
    if not (heard.has("deny") or heard.has("cancel_order")) or not talk.drops:
        return False
    named = cues.items_mentioned(talk.text)
    return (not named or form.item in named) and drop(talk, form)


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
    if current is not None and _tells_how_they_live(talk, current, items):
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
        if len(items) > 1 and len(people) > 1:
            whom.settle(form, _nearest(people, _first_mention(talk, item)), talk.world.caller)
        else:
            split_by_person(talk, form)
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
    orders = [order for order in talk.world.orders if item in (None, order.item)]
    return max(orders, key=lambda order: order.placed_at, default=None)


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


def _tells_how_they_live(talk: Talk, form: Form, items: Sequence[str]) -> bool:
    """«我一个月就三百块钱养老金», said while something else is being arranged, asks for nothing."""
    papers = all(talk.rules.catalogue[item].category in PAPERS for item in items)
    return papers and form.item not in items and not cues.says("wants", talk.text)


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
    papers = talk.rules.catalogue[form.item].category in PAPERS
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
    elif name := next((part for part in talk.text.split() if whom.is_a_name(part)), None):
        meant = Form(id=0, item="", beneficiary=name, name=name)
    else:
        return
    if meant.beneficiary is not None:
        _take_card(talk, meant)
        talk.memory.last_whom = _whom(meant)


def _spoken_of(talk: Talk) -> list[Slot]:
    """«我妈腿疼，吃啥药好»: a relative for whom nothing is wanted yet; nobody when several are named."""
    spans = possible(talk.heard.text)
    words = [(one.start, one.end, talk.heard.text[one.start : one.end]) for one in spans]
    people = [Slot("beneficiary", word, a, b, word, read_person(word)) for a, b, word in words]
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


def _nearest(people: Sequence[Slot], mention: int) -> Slot:
    """«给我爸理发，给我妈洗澡»: the person named last before the item is."""
    return max(
        (slot for slot in people if slot.start <= mention), key=lambda slot: slot.start, default=people[0]
    )


def split_by_person(talk: Talk, form: Form, *, goes_on: bool = False) -> None:
    """Two people named for one item are two orders, each with the place and time said next to the name.

    What serves a whole household (a meal, cleaning) at one address stays one order for both. `goes_on`: the request was
    talked about before, and what was said of it holds for both.
    """
    text = talk.heard.text
    names = {told.name for told in names_told(text)}  # «帮我妈预约，姓名：于秀琴»
    people = [
        slot
        for slot in _last_meant(_without_parts(talk.slots("beneficiary", of=form.item)), text)
        if slot.text not in names
        and not cues.says("their_name", text[: slot.start])
        and not cues.says("my_name", text[: slot.start])
    ]
    if len(people) == 1:
        people = _with_me(talk, people[0]) or _each_at_home(talk, form, people[0]) or people
    others = [slot for slot in people if slot.value != "self"]
    if len(others) == 1 and not cues.says("together", text):
        return  # «我想给我妈订»: I ask, she is served
    if len(people) < 2 or cues.says("replace", talk.text):
        return
    homes = {elder.address for slot in people if (elder := _known(talk, slot))}
    homes |= {slot.text for slot in talk.slots("place", of=form.item)}
    apart = any(cues.says("one_more_for", text[a.end : b.start]) for a, b in pairwise(people))
    apart |= len(talk.slots("time", of=form.item)) > 1
    if talk.rules.catalogue[form.item].household and len(homes) < 2 and not apart:
        words = [slot.text if slot.value == "self" else slot.value or slot.text for slot in people]
        form.beneficiary = phrasing.joined(words, talk.words(), link="list_and")
        return
    talk.memory.forms.remove(form)
    starts = [
        people[0].start,
        *(_begin_of_part(text, one, before) for before, one in pairwise(people)),
        len(text),
    ]
    shared = _said_once(talk, form, starts[0])
    words = [person.text for person in people]
    for index, person in enumerate(people):
        if person.text in words[:index]:
            continue
        part = forms.open_form(talk, form.item)
        if goes_on:
            part.time, part.place = deepcopy(form.time), None if form.place_known else form.place
            part.details, part.wishes = list(form.details), list(form.wishes)
        whom.settle(part, person, talk.world.caller)
        own = [
            s
            for s in talk.heard.slots
            if person.text in _words_at(words, starts, s) and s.slot != "beneficiary" and s not in shared
        ]
        forms.fill_from(talk, part, [*shared, *own])


def _words_at(words: Sequence[str], starts: Sequence[int], slot: Slot) -> list[str]:
    """Who is spoken of where this slot stands; somebody may be named again («我妈和我婆婆，都要打扫，我妈周六»)."""
    return [
        word for word, (start, end) in zip(words, pairwise(starts), strict=True) if start <= slot.start < end
    ]


def _each_at_home(talk: Talk, form: Form, first: Slot) -> list[Slot]:
    """«先去我爸那打扫，银古小区…，下午去我妈那，怀远小区…»: whoever else has a home of their own beside a second address."""
    text = talk.heard.text
    if len(talk.slots("place", of=form.item)) < 2 or first.value == "self":
        return []
    others = [
        Slot("beneficiary", word, one.start, one.end, word, read_person(word))
        for one in possible(text)
        if one.start >= first.end and (word := text[one.start : one.end]) != first.text
    ]
    homes = [one for one in others if one.value != "self" and cues.says("home_of", text[one.end :])]
    return [first, homes[0]] if len(homes) == 1 else []


def _begin_of_part(text: str, person: Slot, before: Slot) -> int:
    """Where the part of the sentence about this person begins («明天给我妈送饭，后天给我爸送饭»)."""
    start = begin_of_part(text, person.start)
    return start if start > before.end else person.start


def _said_once(talk: Talk, form: Form, first_person: int) -> list[Slot]:
    """What holds for each of several people: a time before the first of them, and what was said only once."""
    once = ("time", "place", "detail")
    said = {name: talk.slots(name, of=form.item) for name in once}
    before = [slot for slot in said["time"] if slot.start < first_person]
    return [
        *before,
        *(slot for name in once if len(said[name]) == 1 for slot in said[name] if slot not in before),
    ]


def _without_parts(people: Sequence[Slot]) -> Sequence[Slot]:
    """«给我爸妈送饭，我妈叫于秀琴，我爸叫马福» names two people, not four."""
    both = any(isinstance(one.resolved, Person) and one.resolved.relation == "parents" for one in people)
    single = ("mother", "father") if both else ()
    return [
        one for one in people if not (isinstance(one.resolved, Person) and one.resolved.relation in single)
    ]


def _last_meant(people: Sequence[Slot], text: str) -> Sequence[Slot]:
    """«给我爸订饭，不对，是给我妈订»: of those named only who stands behind the correction."""
    meant = list(people)
    for before, after in pairwise(people):
        if cues.says("corrects", text[before.end : after.start]):
            meant = [slot for slot in people if slot.start >= after.start]
    return meant


def _with_me(talk: Talk, both: Slot) -> list[Slot]:
    """«我和老伴都要洗澡» is heard as one person, and means two; none when it does not."""
    said = talk.heard.text
    if both.value == "self":
        return []
    start, me = cues.and_me(said)
    if me:  # «给我妈送饭，再给我自己送一份»
        return [both, Slot("beneficiary", me, start, start + len(me), "self", Person(me, relation="self"))]
    start, me = cues.me_and(said, both.start, both.end)
    if not me:
        return []
    own = Slot("beneficiary", me, start, start + len(me), "self", Person(me, relation="self"))
    return [own, replace(both, start=own.end, text=said[own.end : both.end])]


def take_up(talk: Talk, item: str, said: str | None = None) -> None:
    """The caller chose this item from an offer. What they `said` before the offer still counts."""
    form = next((form for form in talk.memory.forms if form.item == item), None)
    form = form or forms.open_form(talk, item)
    form.parked = False
    if said:
        before = talk.rules.parser.parse(said, expecting=None, alternatives=(), now=talk.turn.now)
        forms.fill_from(talk, form, before.slots)
    if talk.heard.has("out_of_scope"):  # by itself «那给我爸申请一个» speaks of nothing of ours
        heard = talk.rules.parser.parse(
            talk.text, expecting=Asks.BENEFICIARY, alternatives=(), now=talk.turn.now
        )
        forms.fill_from(talk, form, heard.slots)
    forms.fill(talk, form)
    if form.beneficiary is None:
        _same_as_before(talk, form)


def _known(talk: Talk, slot: Slot) -> Elder | None:
    return whom.find(slot.resolved, talk.world.caller).elder if isinstance(slot.resolved, Person) else None


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
    if not caller.known and command.beneficiary == "self":
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
    key = "order.placed_with_callback" if form.missing else "order.placed"
    talk.say(key, what=ask.describe(talk, form))
    talk.happened.append(f"order_placed:{form.item}")
