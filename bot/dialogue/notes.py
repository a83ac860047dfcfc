"""What the caller adds for whoever comes: how it is to be done, what to bring, whom to ask for."""

from __future__ import annotations

from bot.dialogue import cues, whom
from bot.dialogue.memory import Form
from bot.dialogue.talk import Talk
from nlu.clauses import clauses
from nlu.understanding import Slot

CODE_BEFORE = 5  # characters from the word that names a code to its digits
LONGEST_WISH = 40  # characters; what is longer tells something else, too


def is_wish(talk: Talk) -> bool:
    """Whether the sentence tells how something is to be done, and nothing else."""
    text = talk.text
    others = [slot for slot in talk.heard.slots if slot.slot != "detail"]
    return (
        cues.says("wish", text)
        and not cues.says("question", text)
        and len(text) <= LONGEST_WISH
        and not others
    )


def take_wish(talk: Talk, form: Form) -> bool:
    """A note for whoever comes, in the caller's own words. A question is none."""
    if not is_wish(talk):
        return False
    note(form, cues.without("opens_yes", talk.text))
    return True


def take_wishes(talk: Talk, form: Form) -> bool:
    """What is said of how it is to be done («送份饭，软和点»): each part of the sentence that is a wish is noted."""
    before = len(form.wishes)
    for part in clauses(talk.heard.text):
        inside = [slot for slot in talk.heard.slots if part.start <= slot.start < part.end]
        if any(is_code(talk, slot) for slot in inside):
            note(form, part.text)
            continue
        mere = all(slot.slot == "detail" for slot in inside) and not any(
            slot.text in form.details and "detail" in talk.rules.catalogue[form.item].asks for slot in inside
        )
        names_it = cues.first_mention(form.item, part.text) < len(part.text)
        if mere and not names_it and cues.says("wish", part.text) and not cues.says("question", part.text):
            note(form, part.text)
    return len(form.wishes) > before


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
    note = cues.without("at_a_loss", text).strip("，,。！!？? ")
    if note and note not in form.wishes:
        form.wishes.append(note)


def is_code(talk: Talk, slot: Slot) -> bool:
    """Whether the digits of the slot are a code («取件码3-2-5018»), and no address or number."""
    return cues.says("code_word", talk.heard.text[max(0, slot.start - CODE_BEFORE) : slot.end])
