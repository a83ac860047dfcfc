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
# Labels of what is no statement about the request.
NOT_TOLD = (
    "repeat",
    "slower",
    "louder",
    "greet",
    "thanks",
    "goodbye",
    "help",
    "human",
    "affirm",
    "emergency",
    "policy_question",
)
HESITANT = 5  # characters; «那个钱是我儿子出» says something
NEAR = 3  # characters between a relative's name and what is told of them
LONGEST_WISH = 40  # characters; what is longer tells something else, too


def is_wish(talk: Talk) -> bool:
    """Whether the sentence tells how something is to be done, and nothing else."""
    others = [slot for slot in talk.heard.slots if slot.slot != "detail" and not _beside_it(talk, slot)]
    return _wishes(talk.text) and len(talk.text) <= LONGEST_WISH and not others


def _wishes(text: str) -> bool:
    """Whether it is a wish; one asked for politely («来个女的行不行») is no question."""
    tells = any(cues.says(cue, text) for cue in ("wish", "diet", "health"))
    return tells and not cues.says("question", cues.without_all("may_it", text))


def _beside_it(talk: Talk, slot: Slot) -> bool:
    """«我是老汉» tells why a man is wanted; «别打我妈的» whose telephone it is; «婆婆吃素» how she is."""
    if owns_phone(talk, slot):
        return True
    before, behind = talk.heard.text[: slot.start], talk.heard.text[slot.end :]
    return slot.slot == "beneficiary" and (cues.says("i_am", before) or tells_of_them(behind))


def tells_of_them(behind: str) -> bool:
    """Whether what follows a relative's name tells how they are («婆婆吃素», «我爸牙不好»), and not that it is for them."""
    return any((found := cues.part(cue, behind)) and behind.find(found) <= NEAR for cue in ("diet", "health"))


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
    if only_if := cues.part("drop_if", talk.text):
        note(form, only_if)  # «做不了那就算了»
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
    speaks_of = [slot for slot in talk.heard.slots if slot not in others and slot.value != "self"]
    tells = speaks_of or any(cues.says(cue, text) for cue in ("remark", "tells_of", "plain_fact"))
    if others or not tells or not SHORTEST_REMARK <= len(text) <= LONGEST_WISH:
        return False
    against = ("question", "refuse", "unknown", "hesitates", "any", "opens_no")
    fact = cues.says("plain_fact", text)  # «没办过», «在家走不了»
    told = talk.heard.has("inform") or not talk.heard.sure or speaks_of or fact
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


def take_as_told(talk: Talk, form: Form) -> bool:
    """Keep the whole sentence for whoever comes, and say so."""
    note(form, talk.text)
    talk.say("taken_down")
    talk.understood = True
    return True


def take_note(talk: Talk, form: Form) -> bool:
    """What is added to a read-back without being a slot («厨房的», «一直滴水»): kept for whoever comes."""
    heard, text = talk.heard, talk.text
    tells = any(cues.says(cue, text) for cue in ("tells_of", "diet", "health", "remark"))
    tells = tells and not any(heard.has(name) for name in NOT_TOLD) and not cues.says("asks_about", text)
    said = heard.has("inform") or heard.has(form.item) or tells
    others = [slot for slot in heard.slots if slot.slot != "beneficiary" and not cues.says("wait", slot.text)]
    guesses = cues.says("guess", text) and not heard.has("emergency")
    hurries = cues.says("urges", text)
    if not (said or guesses or hurries or heard.has("deny")) or others or len(text) > LONGEST_WISH:
        return False
    against = (
        ("refuse", "hesitates", "any") if guesses else ("question", "unknown", "refuse", "hesitates", "any")
    )
    if any(cues.says(cue, text) for cue in against if cue != "hesitates" or len(text) <= HESITANT):
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
