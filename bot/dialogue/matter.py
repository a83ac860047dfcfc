"""What sounds like a request and is none: it belongs to the matter in hand, or only tells why something is wanted.

Words and patterns are data: config/lexicon/matter.yaml.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from functools import cache

from bot.dialogue import cues, notes
from bot.dialogue.flows import request
from bot.dialogue.memory import Form
from bot.dialogue.talk import ASIDE, Talk
from bot.dialogue.turn import Asks
from config.lexicon import load
from nlu.clauses import MARKS, PART
from nlu.meant import beside_what_is_had
from nlu.understanding import ScoredLabel

BATH, CLEANING, ERRAND = "bath", "cleaning", "errand"
MEDICAL = "medical_escort"
ESCORTS = (MEDICAL, "travel_escort")
ANSWER = ScoredLabel("inform", 1.0)


def narrow(talk: Talk) -> None:
    """Leave out of what was heard the requests that nobody makes. Done before any flow looks at the sentence."""
    if talk.heard.danger is not None or talk.heard.has("emergency"):
        return
    _whose_phone(talk)
    _and_more(talk)
    if not talk.requests():
        return
    _wash_things(talk)
    _goes_along(talk)
    _without_reasons(talk)
    if (form := talk.form) is not None and _is_of_the_matter(talk, form):
        _as_answer(talk, form)


def _whose_phone(talk: Talk) -> None:
    """«电话能不能留我儿子的», said to another question: the number comes next, and nothing is for him."""
    owners = [slot for slot in talk.slots("beneficiary") if notes.owns_phone(talk, slot)]
    asked = talk.form is not None and talk.memory.asking not in (None, Asks.CONFIRM, Asks.PHONE)
    if asked and owners and not talk.requests() and len(owners) == len(talk.heard.slots):
        talk.say("taken_down")
        talk.heard = replace(talk.heard, labels=(ANSWER,), slots=())
        talk.understood = True


def for_the_medicine(talk: Talk) -> bool:
    """«社区卫生站，阿司匹林一盒», when it is asked where the meal is to come to: told for the medicine that waits."""
    form = talk.form
    if form is None or form.item == MEDICAL or talk.memory.asking not in (Asks.PLACE, Asks.TIME):
        return False
    waiting = next((one for one in talk.memory.forms if one.item == MEDICAL), None)
    told_here = talk.requests() or talk.slots("time") or talk.heard.has("emergency") or talk.heard.danger
    if waiting is None or told_here or not _pattern("pharmacy").search(talk.text):
        return False
    notes.note(waiting, talk.text)
    talk.say("taken_down")
    talk.happened.append(ASIDE)
    talk.understood = True
    return True


def still_offered(talk: Talk) -> bool:
    """«我是低保户», when a person was offered for what could not be answered: a fact asks for nothing, and the offer stands."""
    pending = talk.pending
    if talk.form is not None or pending is None or pending.kind != "offer_person":
        return False
    if talk.requests() and _about_the_topic(talk):
        return True
    if not talk.requests() or beside_what_is_had(talk.text):
        return False
    talk.say("taken_down")
    talk.keep_question()
    talk.question = tuple(talk.memory.question)
    talk.understood = True
    return True


def _and_more(talk: Talk) -> None:
    """«对，还要理个发» to the read-back: a yes, and one more request."""
    yes = cues.part("yes_and_more", talk.heard.text)
    if talk.form is None or talk.memory.asking != Asks.CONFIRM or not yes or talk.requests():
        return
    more = talk.read(talk.heard.text[len(yes) :])
    if talk.items_of(more):
        slots = tuple(
            replace(slot, start=slot.start + len(yes), end=slot.end + len(yes)) for slot in more.slots
        )
        talk.heard = replace(talk.heard, labels=(ScoredLabel("affirm", 1.0), *more.labels), slots=slots)


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(str(load("matter")[name]))


@cache
def _bare() -> re.Pattern[str]:
    words = sorted(map(str, load("matter")["bare"]), key=len, reverse=True)
    return re.compile(f"(?:{'|'.join(map(re.escape, words))}|[{re.escape(MARKS)} ])+")


def is_bare(part: str) -> bool:
    """Whether a part of a sentence names no thing of its own: «买一个», «得有人陪»."""
    return _bare().fullmatch(part) is not None


def _wash_things(talk: Talk) -> None:
    """«纱窗也拆下来洗洗» is cleaning and no bath."""
    if BATH not in talk.requests() or _pattern("body").search(talk.text):
        return
    if _pattern("washed").search(talk.text):
        _keep(talk, instead={BATH: CLEANING})


def _goes_along(talk: Talk) -> None:
    """«陪我去趟邮局取包裹» is one request: somebody goes along."""
    escorts = [item for item in talk.requests() if item in ESCORTS]
    if escorts and _pattern("goes_along").search(talk.text) and not _pattern("one_more").search(talk.text):
        _keep(talk, dropped={ERRAND})


def _without_reasons(talk: Talk) -> None:
    """«洗衣机坏了，衣服没法洗» asks for one thing, and tells why."""
    items = talk.requests()
    if len(items) < 2:
        return
    rest = "".join(part for part in _parts(talk.text) if not is_reason(part))
    if rest and rest != talk.text and (wanted := set(talk.items_of(talk.read(rest))) & set(items)):
        _keep(talk, dropped=set(items) - wanted)


def _parts(text: str) -> list[str]:
    return [found[0] for found in PART.finditer(text)]


def is_reason(part: str) -> bool:
    """Whether a part of a sentence only tells why something is wanted: «衣服没法洗», «大夫说每天一次»."""
    wishes = _pattern("wish").search(part) or _pattern("one_more").search(part)
    return _pattern("reason").search(part) is not None and not wishes


def _keep(talk: Talk, *, dropped: Collection[str] = (), instead: dict[str, str] | None = None) -> None:
    """The labels without those dropped, each once; what was said of these is said of the rest."""
    other = instead or {}
    labels: dict[str, ScoredLabel] = {}
    for one in talk.heard.labels:
        name = other.get(one.label, one.label)
        if name not in dropped:
            labels.setdefault(name, replace(one, label=name))
    slots = tuple(
        replace(slot, label=None if slot.label in dropped else other.get(slot.label or "", slot.label))
        for slot in talk.heard.slots
    )
    talk.heard = replace(talk.heard, labels=tuple(labels.values()), slots=slots)


def _is_of_the_matter(talk: Talk, form: Form) -> bool:
    """Whether an answer speaks only of what is being arranged («买一个», «我腿不行，走不到银行»), and names nothing else."""
    if talk.memory.asking is None or form.item in talk.requests():
        return False
    if _pattern("one_more").search(talk.text) or cues.says("replace", talk.text):
        return False
    return _pattern("handling").search(talk.text) is not None or _names_nothing(talk)


def _names_nothing(talk: Talk) -> bool:
    """Whether each part is bare, tells why, or tells only which one it is."""
    text = talk.heard.text
    for slot in talk.heard.slots:
        if slot.slot != "detail":
            text = text[: slot.start] + MARKS[0] * (slot.end - slot.start) + text[slot.end :]
    parts = _parts(text)
    return all(is_bare(part) or is_reason(part) or _pattern("which").search(part) for part in parts)


def _about_the_topic(talk: Talk) -> bool:
    """«能派人来看看吗», when nothing could be answered about an allowance: that is what somebody is to come for."""
    topic = talk.memory.topic
    if topic not in talk.rules.catalogue or topic in talk.requests():
        return False
    if _pattern("one_more").search(talk.text) or not _names_nothing(talk):
        return False
    talk.memory.pending = None
    request.take_up(talk, str(topic))
    talk.understood = True
    return True


def _as_answer(talk: Talk, form: Form) -> None:
    talk.heard = replace(talk.heard, labels=(ANSWER,))
    notes.note(form, talk.text)
    if talk.memory.asking != Asks.CONFIRM:  # the read-back says so by itself
        talk.say("taken_down")
        talk.understood = True
