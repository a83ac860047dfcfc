"""From «I want …» to an order: open a form for each request, fill it, read it back, place it."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

from backend.domain.order import OPEN, Order, Wanted
from backend.domain.people import Elder
from backend.services.commands import RegisterCaller
from bot.dialogue import cues, forms, phrasing, whom
from bot.dialogue.memory import Form, Pending
from bot.dialogue.talk import Talk
from bot.dialogue.turn import Asks, Choice
from nlu.understanding import Person, Slot

MOST_CHOICES = 3
SURELY_NO = 0.75  # «一直滴水，不是大事» sounds a little like a no
SHORT_WISH = 10  # characters
SHORT_NO = 8
SOON = 8  # characters: a time this near to the «no» is what the «no» is about
PAPERS = ("gov", "soc")  # categories whose words («养老金», «残疾») also tell how somebody lives
# What a form holds about the person it is for.
WHOM = ("beneficiary", "relation", "name", "elder_id", "place", "place_known")


def answer_confirmation(talk: Talk) -> bool:
    """The read-back was answered: yes, no, a correction, something else wanted, or a change of mind."""
    form = talk.form
    if talk.memory.asking != Asks.CONFIRM or form is None or talk.pending is not None:
        return False
    text, heard = talk.text, talk.heard
    says_no = cues.says("opens_no", text) or _means_no(talk)
    says_yes = heard.has("affirm") or (cues.says("opens_yes", text) and not says_no)
    moves = _moves_it(talk)
    others = [item for item in talk.requests() if item != form.item and not moves]
    if says_no and not others and not moves and (instead := talk.other_item([form.item])):
        others = [instead]
    if not others and not moves and (instead := _named_instead(talk, form)):
        others, says_no = [instead], True
    if form.item in talk.requests() and _for_another(talk, form):
        return False
    if not says_no and _belongs_to_it(talk, form, others):
        forms.take_aside(talk, form)
        return True
    if cues.says("drop", text) and (meant := _meant(talk, form)) is not form:
        return drop(talk, meant)
    if others and (says_no or cues.says("replace", text)):
        return replace_item(talk, form, others)
    if (
        (heard.has("cancel_order") or cues.says("drop", text))
        and not says_yes
        and not others
        and not talk.slots("time")
    ):
        return drop(talk, form)
    if heard.has("cancel_order") and not others:
        return False  # «明天的饭不要了»: an order of before, or this form; decided by the flow for orders
    if not others and forms.take_wish(talk, form):
        talk.say("confirm.noted")
        talk.understood = True
        if cues.says("opens_yes", text):
            place(talk, form)
        return True
    changed = forms.fill(talk, form) if not others else set()
    if says_yes and not changed and (talk.heard.sure or cues.says("opens_yes", text)):
        place(talk, form)
        talk.understood = True
        return not others
    if changed:
        talk.say("confirm.changed")
        talk.understood = True
        return not others
    if cues.says("refuse", text) and not others:
        talk.say("refused_more")
        talk.understood = True
        return True
    if not others and forms.take_name(talk, form):
        talk.say("confirm.changed")
        talk.understood = True
        return True
    if not others and cues.says("phone_word", text) and not talk.heard.has("policy_question"):
        return _asks_for_number(talk, form)
    if not others and not says_no and not says_yes and forms.take_note(talk, form):
        talk.say("confirm.noted")
        talk.understood = True
        return True
    if says_no and not others and _twin(talk, form):
        return _leave_it_at_one(talk, form)
    if says_no and not others:
        talk.memory.pending = Pending(kind="wrong_what")
        talk.ask(Asks.DETAIL, "confirm.wrong_what")
        talk.understood = True
        return True
    return False


def _named_instead(talk: Talk, form: Form) -> str | None:
    """«我说的是理发，不是洗澡»: both are named, and the one that was read back is not meant."""
    named = cues.items_mentioned(talk.text)
    others = named - {form.item}
    denies_it = form.item in cues.items_mentioned(cues.after("is_not", talk.text))
    return others.pop() if denies_it and len(others) == 1 else None


def _means_no(talk: Talk) -> bool:
    """A no in other words; «没味儿，就是打不着» only tells how it is."""
    heard, text = talk.heard, talk.text
    sure = heard.has("deny") and heard.labels[0].confidence >= SURELY_NO
    return sure and (len(text) <= SHORT_NO or cues.says("denies", text))


def _asks_for_number(talk: Talk, form: Form) -> bool:
    """«电话换成我的» to the read-back: another number is wanted, and was not said in full."""
    if cues.says("refuse", talk.text) or cues.says("question", talk.text):
        return False
    talk.memory.phone_part = cues.digits(talk.text)
    if talk.memory.phone_part:
        talk.ask(Asks.PHONE, "ask.phone_rest", digits=talk.memory.phone_part)
    else:
        talk.ask(Asks.PHONE, "ask.phone_new")
    talk.understood = True
    return True


def _belongs_to_it(talk: Talk, form: Form, others: Sequence[str]) -> bool:
    """«要轮椅» when somebody is to come along: a wish for this request, not another. So is «就打这个电话»."""
    if len(talk.text) > SHORT_WISH or cues.says("also", talk.text):
        return False
    if others:
        return cues.goes_with(form.item, talk.text)
    return cues.says("this_phone", talk.text) and not talk.heard.has("affirm")


def _moves_it(talk: Talk) -> bool:
    """«不对，后天，明天我要去赶集»: another time with its reason, not another request."""
    times = talk.slots("time")
    return bool(times) and cues.says("opens_no", talk.text) and times[0].start <= SOON


def gives_up(talk: Talk) -> bool:
    """«算了，不交了» while something is being asked: the request is dropped."""
    form, heard = talk.form, talk.heard
    if form is None or talk.memory.asking == Asks.CONFIRM or talk.slots("time"):
        return False
    if cues.says("drop", talk.text) and _meant(talk, form) is not form:
        return drop(talk, form)  # «打扫的算了，就送饭»
    if talk.requests():
        return False
    if not (heard.has("deny") or heard.has("cancel_order")) or not cues.says("drop", talk.text):
        return False
    named = cues.items_mentioned(talk.text)
    return (not named or form.item in named) and drop(talk, form)


def answer_wrong_what(talk: Talk) -> bool:
    """After a bare «no»: what they say now is the correction."""
    form = talk.form
    if form is None or talk.pending is None or talk.pending.kind != "wrong_what":
        return False
    talk.memory.pending = None
    if talk.heard.has("affirm") and not talk.requests():
        talk.understood = True
        return True
    others = [item for item in talk.requests() if item != form.item]
    if others:
        return replace_item(talk, form, others)
    if talk.heard.has("cancel_order") or cues.says("drop", talk.text):
        return drop(talk, form)
    if forms.fill(talk, form):
        talk.say("confirm.changed")
        talk.understood = True
        return True
    wrong = {"time": cues.says("time_word", talk.text), "place": cues.says("place_word", talk.text)}
    if wrong["time"]:
        form.time, talk.understood = None, True
    elif wrong["place"]:
        form.place, form.place_known, talk.understood = None, False, True
    return talk.understood


def new_requests(talk: Talk) -> bool:
    """Open a form for every item asked for. One already under way is filled further instead."""
    items = sorted(talk.requests(), key=lambda item: cues.first_mention(item, talk.text))
    if not items or _only_an_answer(talk, items):
        return False
    current = talk.form
    if current is not None and _tells_how_they_live(talk, current, items):
        forms.note(current, talk.text)
        talk.say("taken_down")
        talk.understood = True
        return True
    if not talk.heard.sure and current is None:
        return offer(talk, items)
    if (
        current
        and current.item not in items
        and cues.says("replace", talk.text)
        and not cues.says("also", talk.text[:5])
    ):
        return replace_item(talk, current, items)
    talk.understood = True
    for item in items:
        form = next(
            (form for form in talk.memory.forms if form.item == item and not _for_another(talk, form)), None
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
            whom.settle(form, _nearest(people, cues.first_mention(item, talk.text)), talk.world.caller)
        else:
            split_by_person(talk, form)
    if len(items) == 1:
        for form in (form for form in talk.memory.forms if form.item == items[0]):
            forms.take_wishes(talk, form)
    for form in talk.memory.forms:
        if form.item in items and form.beneficiary is None:
            _same_as_before(talk, form)
        if form.item in items and cues.says("as_before", talk.text) and (order := _last(talk, form.item)):
            forms.like_before(talk, form, order, whole=form.beneficiary is None)
    later = [form for form in talk.memory.forms if form.item in items and form is not talk.form]
    if later:
        names = list(dict.fromkeys(talk.rules.catalogue[form.item].say for form in later))
        talk.say("order.noted", what=phrasing.joined(names, talk.words(), link="list_comma"))
    return True


def as_before(talk: Talk) -> bool:
    """«老样子», and nothing else: what was ordered last, for another day."""
    if talk.requests() or talk.form is not None or not cues.says("as_before", talk.text):
        return False
    if any(talk.heard.has(name) for name in ("complaint", "order_status", "cancel_order", "reschedule")):
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
    return asked == Asks.DETAIL and len(talk.text) <= 8 and not cues.says("also", talk.text)


def _tells_how_they_live(talk: Talk, form: Form, items: Sequence[str]) -> bool:
    """«我一个月就三百块钱养老金», said while something else is being arranged, asks for nothing."""
    papers = all(talk.rules.catalogue[item].category in PAPERS for item in items)
    return papers and form.item not in items and not cues.says("wants", talk.text)


def _for_another(talk: Talk, form: Form) -> bool:
    """Whether the sentence asks the same item for a second person («给我妈也订一份»)."""
    said = talk.slots("beneficiary", of=form.item)
    if not said or form.beneficiary is None or len(said) != 1:
        return False
    word = "self" if said[0].value == "self" else (said[0].value or said[0].text)
    return word != form.beneficiary and cues.says("also", talk.text) and not cues.says("replace", talk.text)


def _same_as_before(talk: Talk, form: Form) -> None:
    """«再给她找个人打扫»: the person of the order before."""
    before = talk.memory.last_whom
    lost = before and before["elder_id"] is not None and before["elder_id"] not in _speaks_for(talk)
    if before and not lost and before["beneficiary"] != "self" and cues.says("pronoun", talk.text):
        for name, value in before.items():
            if getattr(form, name) in (None, False):
                setattr(form, name, value)


def remember_whom(talk: Talk) -> None:
    """«我爸刚才摔了» … «给他找个人洗澡»: who was spoken of outside any request is who «他» means later."""
    said = [slot for slot in talk.slots("beneficiary") if slot.value != "self"]
    if talk.form is None and len(said) == 1:
        meant = whom.spoken_of(said, talk.world.caller)
        if meant.beneficiary is not None:
            talk.memory.last_whom = _whom(meant)


def _whom(form: Form) -> dict[str, Any]:
    return {name: getattr(form, name) for name in WHOM}


def _speaks_for(talk: Talk) -> set[int | None]:
    """The elders whom the caller may order for as of now."""
    caller = talk.world.caller
    wards = {ward.elder.id for ward in caller.orders_for}
    return wards | {caller.elder.id} if caller.elder else wards


def _named_for_a_later_one(talk: Talk, item: str, person: Slot) -> bool:
    """«残疾证要换，再一个我老伴的认证没做»: whoever is named behind «再一个» is not meant by what stands before it."""
    between = talk.heard.text[cues.first_mention(item, talk.text) : person.start]
    return cues.says("also", between)


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
    people = [
        slot
        for slot in talk.slots("beneficiary", of=form.item)
        if not cues.says("their_name", text[: slot.start]) and not cues.says("my_name", text[: slot.start])
    ]
    if len(people) == 1 and (pair := _with_me(talk, people[0])):
        people = pair
    others = [slot for slot in people if slot.value != "self"]
    if len(others) == 1 and not cues.says("together", text):
        return  # «我想给我妈订»: I ask, she is served
    if len(people) < 2 or cues.says("replace", talk.text):
        return
    homes = {elder.address for slot in people if (elder := _known(talk, slot))}
    homes |= {slot.text for slot in talk.slots("place", of=form.item)}
    if talk.rules.catalogue[form.item].household and len(homes) < 2:
        form.beneficiary = phrasing.joined(
            [slot.value or slot.text for slot in people], talk.words(), link="list_and"
        )
        return
    talk.memory.forms.remove(form)
    starts = [slot.start for slot in people] + [len(talk.heard.text)]
    shared_time = [slot for slot in talk.slots("time", of=form.item) if slot.start < starts[0]]
    for index, person in enumerate(people):
        part = forms.open_form(talk, form.item)
        if goes_on:
            part.time, part.place = deepcopy(form.time), None if form.place_known else form.place
            part.details, part.wishes = list(form.details), list(form.wishes)
        whom.settle(part, person, talk.world.caller)
        own = [
            s
            for s in talk.heard.slots
            if starts[index] <= s.start < starts[index + 1] and s.slot != "beneficiary"
        ]
        forms.fill_from(talk, part, [*shared_time, *own])


def _with_me(talk: Talk, both: Slot) -> list[Slot]:
    """«我和老伴都要洗澡» is heard as one person, and means two; none when it does not."""
    said = talk.heard.text
    start, me = cues.me_and(said, both.start, both.end)
    if not me or both.value == "self":
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
    forms.fill(talk, form)


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


def _meant(talk: Talk, form: Form) -> Form:
    """Which of the requests under way is not wanted («洗澡的不要了»): the one named, else the one talked about."""
    named = cues.items_mentioned(cues.before("drop", talk.text)) - {form.item}
    return next((other for other in talk.memory.forms if other.item in named), form)


def drop(talk: Talk, form: Form) -> bool:
    """The caller does not want this request, or another one that they name, any more."""
    form = _meant(talk, form)
    talk.memory.forms.remove(form)
    talk.memory.dropped = form
    talk.say("order.dropped", what=talk.rules.catalogue[form.item].say)
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
    talk.say(key, what=describe(talk, form))
    talk.happened.append(f"order_placed:{form.item}")


def describe(talk: Talk, form: Form) -> str:
    """「明天中午十二点的送餐」."""
    return named(talk, form.item, form.wanted)


def named(talk: Talk, item: str, wanted: Wanted) -> str:
    """How a request or an order is called: by its time, if it has one, and what it is."""
    what, words = talk.rules.catalogue[item].say, talk.words()
    if wanted.recurrence and not phrasing.last_day(wanted.recurrence):
        return phrasing.of_time(phrasing.recurrence(wanted.recurrence, words), what, words)
    if wanted.iso:
        return phrasing.of_time(phrasing.when(wanted, talk.turn.now, words), what, words)
    return what


def next_question(talk: Talk) -> None:
    """Ask the one thing that is missing next, or read the order back."""
    form = talk.form
    if form is None:
        return None
    ask = forms.missing(talk, form)
    if ask is None:
        return read_back(talk, form)
    key, values = question_key(talk, form, ask)
    memory = talk.memory
    again = (
        memory.misses > 0
        and memory.asking == ask
        and talk.rules.wording.has(f"again.{ask.value}")
        and not form.conflict
    )
    talk.ask(ask, f"again.{ask.value}" if again else key, choices=choices_for(talk, ask), **values)
    return None


def question_key(talk: Talk, form: Form, ask: Asks) -> tuple[str, dict[str, str]]:
    if form.conflict:
        return forms.conflict_question(talk, form)
    other = form.beneficiary not in (None, "self")
    who = whom.polite(form, talk.words())
    if ask == Asks.DETAIL and talk.rules.wording.has(f"ask.detail.{form.item}"):
        return f"ask.detail.{form.item}", {}
    if ask == Asks.TIME and forms.lacks_day(form):
        rhythm = phrasing.recurrence(form.wanted.recurrence or "", talk.words())
        return "ask.day_of_rhythm", {"rhythm": rhythm}
    if ask == Asks.TIME and talk.rules.wording.has(f"ask.time_{form.item}"):
        return f"ask.time_{form.item}", {}
    if ask == Asks.PHONE and talk.memory.phone_part:
        return "ask.phone_rest", {"digits": talk.memory.phone_part}
    if ask in (Asks.PLACE, Asks.NAME) and other:
        return f"ask.{ask.value}_other", {"who": who}
    return f"ask.{ask.value}", {}


def choices_of(talk: Talk, name: str) -> list[Choice]:
    """The quick answers of this name in words.yaml."""
    return [Choice(label, text) for label, text in talk.words()["choice_labels"].get(name, ())]


def choices_for(talk: Talk, ask: Asks) -> list[Choice]:
    if ask == Asks.BENEFICIARY:
        return [
            Choice(ward.elder.name, talk.words()["who"]["other"].format(word=ward.elder.name))
            for ward in talk.world.caller.orders_for[:MOST_CHOICES]
        ]
    return choices_of(talk, ask.value)


def read_back(talk: Talk, form: Form) -> None:
    """Say the whole order and ask whether it is right."""
    talk.reads_back = True
    words, item = talk.words(), talk.rules.catalogue[form.item]
    who = words["who"]["self"]
    if form.beneficiary not in (None, "self"):
        who = words["who"]["other"].format(word=whom.polite(form, words))
    wanted = forms.to_command(talk, form).wanted
    if form.time is not None or wanted.asap:
        talk.say("confirm.what", who=who, what=item.say, when=phrasing.when(wanted, talk.turn.now, words))
    else:
        talk.say("confirm.what_no_time", who=who, what=item.say)
    said = [detail for detail in form.details if "detail" in item.asks or cues.measure(detail)]
    details = [*said, *form.wishes]
    if details:
        talk.say("confirm.details", details=words["list_comma"].join(details))
    if form.place:
        talk.say("confirm.where", place=form.place)
    if form.phone:
        talk.say("confirm.phone", phone=phrasing.phone_groups(form.phone))
    if (twin := _twin(talk, form)) is not None:
        talk.sentences.clear()
        talk.ask(
            Asks.CONFIRM,
            "confirm.twin",
            choices=choices_for(talk, Asks.CONFIRM),
            what=named(talk, twin.item, twin.wanted),
        )
        return
    key = "again.confirm" if talk.memory.asking == Asks.CONFIRM and talk.memory.misses else "confirm.right"
    talk.ask(Asks.CONFIRM, key, choices=choices_for(talk, Asks.CONFIRM))


def _twin(talk: Talk, form: Form) -> Order | None:
    """An order of this very conversation that is the same in every part: said twice, it is rather meant once."""
    wanted = forms.to_command(talk, form).wanted
    for number in talk.memory.orders:
        order = talk.order(number)
        if order and order.state in OPEN and order.item == form.item and order.wanted == wanted:
            same = order.beneficiary == (form.beneficiary or "self") and order.place == form.place
            if same and list(order.details) == [*form.details, *form.wishes]:
                return order
    return None


def _leave_it_at_one(talk: Talk, form: Form) -> bool:
    talk.memory.forms.remove(form)
    talk.memory.asking = None
    talk.say("confirm.only_one")
    talk.understood = True
    talk.happened.append("dropped")
    return True


def offer(talk: Talk, items: Sequence[str]) -> bool:
    """Not sure what is wanted: ask back, with at most three choices."""
    ranked = [
        item.label
        for item in talk.heard.ranking
        if item.label in talk.rules.catalogue and item.confidence >= 0.1
    ]
    offered = list(dict.fromkeys([*items, *ranked]))[:MOST_CHOICES]
    shorts = [talk.rules.catalogue[item].short for item in offered]
    talk.memory.pending = Pending(kind="offer_items", items=offered, said=talk.text)
    choices = [Choice(short, short) for short in shorts]
    if len(offered) == 1:
        talk.ask(Asks.CONFIRM, "unsure.one", choices=choices_for(talk, Asks.CONFIRM), choice=shorts[0])
    else:
        talk.ask(Asks.WHICH_ITEM, "unsure.some", choices=choices, what=phrasing.joined(shorts, talk.words()))
    talk.understood = True
    talk.happened.append("unsure")
    return True
