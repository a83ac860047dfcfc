"""What the caller adds for whoever comes: how it is to be done, what to bring, whom to ask for."""

from __future__ import annotations

import re

from bot.dialogue import cues, whom
from bot.dialogue.memory import Form
from bot.dialogue.talk import ASIDE, Talk
from nlu.clauses import MARKS, Clause, clauses
from nlu.understanding import Slot

CODE_BEFORE = 5  # characters from the word that names a code to its digits
ASKED_PRICE = "asked_price"  # what a turn notes when a price was asked
_BETWEEN_MARKS = re.compile(f"[^{re.escape(MARKS)}]+")
SHORTEST_REMARK = 3  # characters
LONGEST_WISH = 40  # characters; what is longer tells something else, too


def is_wish(talk: Talk) -> bool:
    """Whether the sentence tells how something is to be done, and nothing else."""
    others = [slot for slot in talk.heard.slots if slot.slot != "detail" and not _beside_it(talk, slot)]
    return _wishes(talk.text) and len(talk.text) <= LONGEST_WISH and not others


def _wishes(text: str) -> bool:
    """Whether it is a wish; one asked for politely («来个女的行不行») is no question."""
    return cues.says("wish", text) and not cues.says("question", cues.without_all("may_it", text))


def _beside_it(talk: Talk, slot: Slot) -> bool:
    """«我是老汉» tells why a man is wanted; «别打我妈的» whose telephone it is."""
    return owns_phone(talk, slot) or (
        slot.slot == "beneficiary" and cues.says("i_am", talk.heard.text[: slot.start])
    )


def owns_phone(talk: Talk, slot: Slot) -> bool:
    """«到了给我打电话，别打我妈的»: she is named for her telephone only."""
    if slot.slot != "beneficiary":
        return False
    before, behind = talk.heard.text[: slot.start], talk.heard.text[slot.end :]
    return cues.says("rings", before) or cues.says("owns_phone", behind)


def take_wish(talk: Talk, form: Form) -> bool:
    """A note for whoever comes, in the caller's own words. A question is none."""
    if not is_wish(talk):
        return False
    note(form, cues.without("opens_yes", talk.text))
    return True


def take_wishes(talk: Talk, form: Form) -> bool:
    """What is said of how it is to be done («送份饭，软和点»): each part of the sentence that is a wish is noted."""
    before = len(form.wishes)
    if ASKED_PRICE in talk.happened:
        note(form, talk.words()["notes"]["price"])
    for part in _parts(talk.heard.text):
        inside = [slot for slot in talk.heard.slots if part.start <= slot.start < part.end]
        if any(is_code(talk, slot) for slot in inside):
            note(form, part.text)
            continue
        mere = all(slot.slot == "detail" for slot in inside) and not any(
            slot.text in form.details and "detail" in talk.rules.catalogue[form.item].asks for slot in inside
        )
        names_it = cues.first_mention(form.item, part.text) < len(part.text)
        if mere and not names_it and _wishes(part.text):
            note(form, part.text)
        elif who := cues.part("who_comes", part.text):
            note(form, who)
    return len(form.wishes) > before


def _parts(text: str) -> list[Clause]:
    """The parts of the sentence down to the last comma: «软和点» is short, and a wish of its own."""
    return [
        Clause(found[0], part.start + found.start(), part.start + found.end())
        for part in clauses(text)
        for found in _BETWEEN_MARKS.finditer(part.text)
    ]


def take_remark(talk: Talk, form: Form) -> bool:
    """What is told instead of an answer («她手抖», «我姐有钥匙») is noted for whoever comes, and the question comes again."""
    text = talk.text
    others = [slot for slot in talk.heard.slots if slot.slot != "beneficiary"]
    if others or not SHORTEST_REMARK <= len(text) <= LONGEST_WISH or not cues.says("remark", text):
        return False
    against = ("question", "refuse", "unknown", "hesitates", "any", "opens_no")
    told = talk.heard.has("inform") or not talk.heard.sure
    if not told or talk.requests() or any(cues.says(cue, text) for cue in against):
        return False
    if cues.says("said_aside", text):
        talk.understood = True
        talk.happened.append(ASIDE)
        return False
    note(form, text)
    return True


def take_aside(talk: Talk, form: Form) -> None:
    """Something said to a read-back that changes nothing of it: the number to ring, or what to bring."""
    if cues.says("this_phone", talk.text):
        form.phone = talk.world.caller.phone or form.phone
    else:
        note(form, talk.text)
    talk.say("confirm.noted")
    talk.understood = True


def take_note(talk: Talk, form: Form) -> bool:
    """What is added to a read-back without being a slot («厨房的», «一直滴水»): kept for whoever comes."""
    heard, text = talk.heard, talk.text
    said = heard.has("inform") or heard.has(form.item)
    guesses = cues.says("guess", text) and not heard.has("emergency")
    hurries = cues.says("urges", text)
    if not (said or guesses or hurries or heard.has("deny")) or heard.slots or len(text) > LONGEST_WISH:
        return False
    against = (
        ("refuse", "hesitates", "any") if guesses else ("question", "unknown", "refuse", "hesitates", "any")
    )
    if any(cues.says(cue, text) for cue in against):
        return False
    if form.elder_id is None and not form.name and whom.is_a_name(cues.core(text)):
        form.name = cues.core(text)
        return True
    note(form, text)
    return True


def note(form: Form, text: str) -> None:
    """Keep what was said for whoever comes, once."""
    note = cues.without_all("may_it", cues.without("at_a_loss", cues.without("yes_but", text))).strip(
        "，,。！!？? "
    )
    if note and note not in form.wishes and note not in form.details:
        form.wishes.append(note)


def is_code(talk: Talk, slot: Slot) -> bool:
    """Whether the digits of the slot are a code («取件码3-2-5018»), and no address or number."""
    return cues.says("code_word", talk.heard.text[max(0, slot.start - CODE_BEFORE) : slot.end])
