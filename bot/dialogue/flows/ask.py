"""What the line says next about a request: the one thing that is missing, the read-back, or what it might be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from backend.domain.order import OPEN, Order, Wanted
from bot.dialogue import cues, forms, phrasing, times, whom
from bot.dialogue.memory import Form, Pending
from bot.dialogue.talk import ASIDE, LIKELY_INSTEAD, Talk
from bot.dialogue.turn import Asks, Choice
from nlu.slots.amount import find_amounts

MOST_CHOICES = 3
MOST_READ = 44  # characters of details and notes that are read back: two sentences


def next_question(talk: Talk) -> None:
    """Ask the one thing that is missing next, or read the order back."""
    form = talk.form
    if form is None:
        return None
    ask = forms.missing(talk, form)
    if ask == Asks.DETAIL == talk.memory.asking and talk.understood and ASIDE not in talk.happened:
        form.missing.append(ask.value)  # they told something else: staff ask them, and the rest is asked now
        ask = forms.missing(talk, form)
    if ask is None:
        return read_back(talk, form)
    key, values = question_key(talk, form, ask)
    memory = talk.memory
    yes_to_when = ask == Asks.TIME and talk.heard.has("affirm")  # «对» to «what time suits you?»
    again = (
        (memory.misses > 0 or yes_to_when)
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
    if ask == Asks.TIME and times.lacks_day(form):
        rhythm = _told_rhythm(form) or phrasing.recurrence(form.wanted.recurrence or "", talk.words())
        return "ask.day_of_rhythm", {"rhythm": rhythm}
    if ask == Asks.TIME and talk.rules.wording.has(f"ask.time_{form.item}"):
        return f"ask.time_{form.item}", {}
    if ask == Asks.PHONE and talk.memory.phone_part:
        return "ask.phone_rest", {"digits": talk.memory.phone_part}
    if ask in (Asks.PLACE, Asks.NAME) and other:
        return f"ask.{ask.value}_other", {"who": who}
    return f"ask.{ask.value}", {}


def anything_else(talk: Talk, numbers: Sequence[str] = ()) -> None:
    """Something is settled; is there more? `numbers`: orders that were cancelled, should they be wanted after all."""
    talk.memory.pending = Pending(kind="anything_else", numbers=list(numbers))
    talk.ask(None, "anything_else", choices=choices_of(talk, "anything_else"))


def choices_for(talk: Talk, ask: Asks) -> list[Choice]:
    if ask == Asks.BENEFICIARY:
        return [
            Choice(ward.elder.name, talk.words()["who"]["other"].format(word=ward.elder.name))
            for ward in talk.world.caller.orders_for[:MOST_CHOICES]
        ]
    return choices_of(talk, ask.value)


def choices_of(talk: Talk, name: str) -> list[Choice]:
    """The quick answers of this name in words.yaml."""
    return [Choice(label, text) for label, text in talk.words()["choice_labels"].get(name, ())]


def read_back(talk: Talk, form: Form) -> None:
    """Say the whole order and ask whether it is right."""
    talk.reads_back = True
    words, item = talk.words(), talk.rules.catalogue[form.item]
    who = words["who"]["self"]
    if form.beneficiary not in (None, "self"):
        who = words["who"]["other"].format(word=whom.polite(form, words))
    wanted, what = forms.to_command(talk, form).wanted, called(talk, form.item, form.details)
    if form.time is not None or wanted.asap:
        when = phrasing.when(wanted, talk.turn.now, words)
        if told := _told_rhythm(form):
            when = _in_their_words(told, when, wanted, words)
        talk.say("confirm.what", who=who, what=what, when=when)
    else:
        talk.say("confirm.what_no_time", who=who, what=what)
    said = [detail for detail in form.details if "detail" in item.asks or _is_counted(detail)]
    said += phrasing.specific(form.item, [one for one in form.details if one not in said], what, words)
    said = [one for one in said if not any(one in wish for wish in form.wishes)]
    details = _shortly(said, [wish for wish in form.wishes if wish != _told_rhythm(form)])
    if details:
        talk.say("confirm.details", details=words["list_comma"].join(details))
    if form.place:
        talk.say("confirm.where", place=form.place)
    if form.phone:
        talk.say("confirm.phone", phone=phrasing.phone_groups(form.phone))
    if form.name and form.elder_id is None and form.name not in (form.beneficiary, *talk.memory.named):
        if form.name.replace("、", "").replace("·", "").isalpha():
            talk.say("confirm.name", name=form.name)  # once: what was heard of a name is easily wrong
        talk.memory.named.append(form.name)
    if (same := twin(talk, form)) is not None:
        talk.sentences.clear()
        talk.ask(
            Asks.CONFIRM,
            "confirm.twin",
            choices=choices_for(talk, Asks.CONFIRM),
            what=named(talk, same.item, same.wanted, same.details),
        )
        return
    key = "again.confirm" if talk.memory.asking == Asks.CONFIRM and talk.memory.misses else "confirm.right"
    talk.ask(Asks.CONFIRM, key, choices=choices_for(talk, Asks.CONFIRM))


def _is_counted(detail: str) -> bool:
    """«两份», «阿司匹林一盒»."""
    return cues.measure(detail) is not None or any(one.strong for one in find_amounts(detail))


def _shortly(details: Sequence[str], notes: Sequence[str]) -> list[str]:
    """What is read back of the details and notes: of many notes the first, for the rest stands on the order anyway."""
    read = list(details)
    for one in notes:
        if sum(map(len, read)) + len(one) <= MOST_READ or not read:
            read.append(one)
    return read


def _in_their_words(told: str, when: str, wanted: Wanted, words: Mapping[str, Any]) -> str:
    """The wanted time with the rhythm as they told it."""
    if wanted.recurrence:
        return when.replace(phrasing.recurrence(wanted.recurrence, words), told)
    return str(words["recurring"]).format(which=told, first=when) if wanted.iso else told


def _told_rhythm(form: Form) -> str | None:
    """«一个月两回», where no rule can say it: read back in their words, and staff see to the days."""
    rule = form.wanted.recurrence or ""
    if rule and not rule.startswith("FREQ=MONTHLY") and rule != "FREQ=WEEKLY":
        return None
    often = ("told_rhythm", "more_than_once") if rule else ("told_rhythm",)
    return next((wish for wish in form.wishes if any(cues.says(cue, wish) for cue in often)), None)


def twin(talk: Talk, form: Form) -> Order | None:
    """An order that stands and is the same: said twice, or in a second call, it is rather meant once."""
    wanted, told = forms.to_command(talk, form).wanted, forms.told(form)
    for order in talk.world.orders:
        if order.state in OPEN and order.item == form.item and order.wanted == wanted:
            alike = order.beneficiary == (form.beneficiary or "self") and order.place == form.place
            if alike and (list(order.details) == told or order.number not in talk.memory.orders):
                return order
    return None


def offer(talk: Talk, items: Sequence[str]) -> bool:
    """Not sure what is wanted: ask back, with at most three choices."""
    ranked = [
        item.label
        for item in talk.heard.ranking
        if item.label in talk.rules.catalogue and item.confidence >= 0.1
    ]
    offered = list(dict.fromkeys([*items, *ranked]))[:MOST_CHOICES]
    if len(offered) == 1:
        return offer_one(talk, offered[0])
    shorts = [talk.rules.catalogue[item].short for item in offered]
    talk.memory.pending = Pending(kind="offer_items", items=offered, said=talk.text)
    choices = [Choice(short, short) for short in shorts]
    talk.ask(Asks.WHICH_ITEM, "unsure.some", choices=choices, what=phrasing.joined(shorts, talk.words()))
    talk.understood = True
    talk.happened.append("unsure")
    return True


def offer_to_book(talk: Talk, item: str, said: str | None = None) -> None:
    """Whether what was spoken of, in these words, is to be arranged."""
    talk.memory.pending = Pending(kind="offer_items", items=[item], said=said)
    talk.ask(Asks.CONFIRM, "policy.book", choices=choices_for(talk, Asks.CONFIRM))


def offer_one(talk: Talk, item: str, said: str | None = None) -> bool:
    """«您是想打扫卫生，对吗？» What is neither likely nor named is a guess, and only a yes takes it."""
    said = said or talk.text
    heard = max((one.confidence for one in talk.heard.ranking if one.label == item), default=0.0)
    if cues.says("asks_anything", said):
        talk.memory.topic = item
    unsure = heard < LIKELY_INSTEAD or talk.memory.misses > 0
    guessed = unsure and item not in cues.items_mentioned(said)
    talk.memory.pending = Pending(kind="offer_items", items=[item], said=said, guessed=guessed)
    choices = choices_for(talk, Asks.CONFIRM)
    talk.ask(Asks.CONFIRM, "unsure.one", choices=choices, choice=talk.rules.catalogue[item].short)
    talk.understood = True
    talk.happened.append("unsure")
    return True


def describe(talk: Talk, form: Form) -> str:
    """「明天中午十二点的送餐」."""
    if told := _told_rhythm(form):
        return phrasing.of_time(told, called(talk, form.item, form.details), talk.words())
    return named(talk, form.item, times.whole(form), form.details)


def called(talk: Talk, item: str, details: Sequence[str] = ()) -> str:
    """What a service is called, by the specific thing that was asked for («上门理发»), else by its usual name."""
    return phrasing.called(item, details, talk.words()) or talk.rules.catalogue[item].say


def named(talk: Talk, item: str, wanted: Wanted, details: Sequence[str] = ()) -> str:
    """How a request or an order is called: by its time, if it has one, and what it is."""
    what, words = called(talk, item, details), talk.words()
    if wanted.recurrence and not phrasing.twice(wanted):
        return phrasing.of_time(phrasing.recurrence(wanted.recurrence, words), what, words)
    if wanted.iso:
        return phrasing.of_time(phrasing.when(wanted, talk.turn.now, words), what, words)
    return what
