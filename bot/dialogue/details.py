"""The things a request is about: what is to be bought, mended, brought, and how much of it."""

from __future__ import annotations

from dataclasses import replace

from bot.dialogue import cues, notes, phrasing, whom
from bot.dialogue.memory import Form
from bot.dialogue.talk import Talk
from bot.dialogue.turn import Asks
from config.lexicon import load
from nlu.clauses import begin_of_part
from nlu.slots.detail import as_meant
from nlu.understanding import Slot

BUYS = "errand"
# What is never lost of a sentence about these items: cues of a medicine by its name, of a hospital.
NAMED = {"errand": ("medicine",), "medical_escort": ("medicine", "hospital")}


def take_detail(talk: Talk, form: Form, slot: Slot) -> bool:
    slot = replace(slot, text=as_meant(slot.text, form.item))
    if len(slot.text) == 1 and notes.is_wish(talk):
        return False  # «盐少些» wants no salt
    if slot.text in load("details")["unnamed"]:
        return False  # «买点东西»
    if slot.text in form.details or slot.text in (form.place or ""):
        return False
    if talk.memory.asking == Asks.DETAIL and form.elder_id is None and whom.is_a_name(cues.core(talk.text)):
        form.name = cues.core(talk.text)  # a name is nothing that is bought, and nowhere to go
        return True
    before = talk.heard.text[: slot.start]
    if before.endswith(f"{slot.text[0]}不"):
        return False  # «擦不擦玻璃»
    if unwanted := cues.part("without", before):
        notes.note(form, unwanted + slot.text)  # «她不吃羊肉»
        return True
    if not cues.measure(slot.text) and _is_said_aside(talk, form):
        notes.note(form, cues.clause(talk.heard.text, slot.start))  # «邻居李婶有钥匙» is more than the key
        return True
    if counts := _what_it_counts(talk, slot):
        form.details.append(as_meant(counts, form.item) + slot.text)  # «感冒灵两盒»
        return True
    if (whole := _amount_corrected(talk, form, slot.text)) is not None:
        form.details = [
            whole if cues.counted(one) and cues.thing(one) in whole else one for one in form.details
        ]
        return True
    if measure := cues.measure(slot.text):  # «两份» … «一份就够了»
        form.details = [
            detail for detail in form.details if cues.measure(detail) != measure or _beside_it(talk, detail)
        ]
    form.details.append(slot.text)
    return True


def _is_said_aside(talk: Talk, form: Form) -> bool:
    """Whether something else was asked than what this item is about, and a thing is only named in what they tell."""
    asked = talk.memory.asking in (Asks.PLACE, Asks.NAME, Asks.PHONE)
    return asked and "detail" not in talk.rules.catalogue[form.item].asks and not talk.requests()


def _what_it_counts(talk: Talk, slot: Slot) -> str:
    """The thing right before a bare amount; empty when none is named there."""
    begin = begin_of_part(talk.heard.text, slot.start)
    return cues.part("counted_thing", talk.heard.text[begin : slot.start]) if cues.measure(slot.text) else ""


def _amount_corrected(talk: Talk, form: Form, amount: str) -> str | None:
    """«五斤» after «二斤鸡蛋» is five pounds of eggs, where only one thing is counted so."""
    measure = cues.measure(amount)
    counted = [
        one
        for one in form.details
        if measure and cues.counted(one) == measure and cues.thing(one) != one and not _beside_it(talk, one)
    ]
    return amount + cues.thing(counted[0]) if len(counted) == 1 else None


def _beside_it(talk: Talk, detail: str) -> bool:
    """«两份羊杂碎，一份不要葱»: said in one breath, and not put right, both amounts are meant."""
    return detail in talk.heard.text and not cues.says("corrects", talk.heard.text)


def take_named(talk: Talk, form: Form) -> None:
    """What no slot gave: the things of this item that the sentence names, and the service itself beside a part of it."""
    for cue in NAMED.get(form.item, ()):
        if (thing := cues.part(cue, talk.text)) and not any(
            thing in one for one in (*form.details, *form.wishes)
        ):
            notes.note(form, thing)  # «药叫硝苯地平», «去扎针，中医院»
    if not form.details and "detail" in talk.rules.catalogue[form.item].asks:
        form.details += _named_details(form.item, talk.text)
    _keep_whole(talk, form)


def _named_details(item: str, text: str) -> list[str]:
    """What the sentence names of the things this item is about («轮椅», «公园»), longest words first."""
    text = as_meant(text, item)
    found: list[str] = []
    for word in sorted(load("details")["items"].get(item, ()), key=len, reverse=True):
        if word in text and not any(word in longer for longer in found):
            found.append(word)
    if item == BUYS and not found and (thing := cues.bought(text)):
        found.append(thing)
    return found


def _keep_whole(talk: Talk, form: Form) -> None:
    """«来打扫卫生，把玻璃也擦了» is not the windows alone: the service itself is kept before them."""
    say = talk.rules.catalogue[form.item].say
    text = say if cues.says("also", talk.text) and talk.memory.asking else talk.text
    whole = phrasing.whole_service(form.item, say, text, talk.words())
    if whole and form.details and not any(whole in detail for detail in form.details):
        form.details.insert(0, whole)


def drop_detail(talk: Talk, form: Form) -> bool:
    """«肉不要了»: one of several things is taken off the list, and the rest stays. False when all or nothing of it is named."""
    before = cues.before("drop", talk.text)
    named = [detail for detail in form.details if cues.thing(detail) in before]
    if not named and any(cues.core(before) in detail for detail in form.details):
        notes.note(form, talk.text)  # «盐不买了», of «二斤鸡蛋一袋盐»
        talk.say("confirm.changed")
        talk.understood = True
        return True
    if not named or len(named) == len(form.details):
        return False
    form.details = [detail for detail in form.details if detail not in named]
    talk.say("confirm.changed")
    talk.understood = True
    return True
