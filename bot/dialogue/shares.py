"""Which of several requests something is said of, when a thing or a person is named beside it."""

from __future__ import annotations

from bot.dialogue import cues
from bot.dialogue.memory import Form
from bot.dialogue.talk import Talk
from nlu.clauses import MARKS, begin_of_part
from nlu.understanding import Slot

SHARED = ("time", "place", "beneficiary")  # slots that are said of one request among several
BORDERS = MARKS + " "
BESIDE = 3  # characters («都是明天吧»)


def mine(talk: Talk, form: Form) -> list[Slot]:
    """The slots of the sentence that are said of this request, or of none in particular."""
    unknown = form.beneficiary is None
    said = [slot for slot in talk.heard.slots if slot.label in (None, form.item) or _for_all(talk, slot)]
    return [s for s in said if (unknown and s.slot == "beneficiary") or named_at(talk, s) in (None, form)]


def _for_all(talk: Talk, slot: Slot) -> bool:
    """«给公公订饭，给婆婆打扫，都是明天»: the only time of the sentence, and nothing else in its clause."""
    alone = slot.slot == "time" and len(talk.slots("time")) == 1
    return alone and len(cues.clause(talk.heard.text, slot.start)) - len(slot.text) <= BESIDE


def named_at(talk: Talk, slot: Slot) -> Form | None:
    """The one of several requests that this time or name is for: its thing or its person is named beside it.

    «灯先修，米明天送来也行», «我爸是星期四，我妈是星期五», «我爸叫王建国，我妈叫李桂花».
    """
    if slot.slot not in SHARED or len(talk.memory.forms) < 2 or cues.says("opens_no", talk.text):
        return None
    text = talk.heard.text
    start = begin_of_part(text, slot.start, BORDERS)
    end = min((at for mark in BORDERS if (at := text.find(mark, slot.end)) >= 0), default=len(text))
    beside = text[start:end]
    forms = [form for form in talk.memory.forms if slot.label in (None, form.item)]
    named = [form for form in forms if _is_for_one_named(form, beside)]
    if not named and slot.slot == "time":
        named = [form for form in forms if _is_named(form, beside)]
    return named[0] if len(named) == 1 else None


def _is_for_one_named(form: Form, text: str) -> bool:
    if form.beneficiary == "self":
        return cues.says("i_am_at", text)
    return form.beneficiary is not None and form.beneficiary in text


def _is_named(form: Form, text: str) -> bool:
    return form.item in cues.items_mentioned(text) or any(cues.thing(one) in text for one in form.details)
