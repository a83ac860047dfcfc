"""What else the caller tells about the job: each part of a message that filled no slot is kept for whoever comes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from bot.dialogue import cues, notes
from bot.dialogue.memory import Form
from bot.dialogue.talk import ABOUT_ORDERS, Talk
from bot.dialogue.told_names import names_told
from config.lexicon import load
from nlu.clauses import MARKS, Clause
from nlu.slots.amount import find_amounts
from nlu.slots.detail import as_meant
from nlu.understanding import Slot, Understanding

MOST = 16  # parts of one message that are kept
MOST_BEFORE = 3  # sentences told before anything was asked for
MOST_NUMBER = 14  # digits; what is longer is an identity card or a bank account, and nobody's who comes
LONGEST_COURTESY = 24  # characters
SAME_ADDRESS = 0.6  # share of its letters
MEAL = "meal"
THINGS = "errand"  # what is about things, where «买» or «捎» before them says nothing more
HAPPENED = "told"  # what a turn notes when something was kept
_PARTS = re.compile(f"[^{re.escape(MARKS)}:：()（）\\s]+")
_CONTENT = re.compile(r"[^\W_]")
_HAN = re.compile("[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the message, what of it was taken already, and whose request it stands beside."""

    clause: Clause
    slots: tuple[Slot, ...]
    named: frozenset[str]  # items that it names


def keep(talk: Talk, heard: Understanding, opened: Sequence[Form]) -> bool:
    """Keep what the message tells besides its slots with the requests that it `opened`. True when something was kept."""
    if opened:
        _take_up_what_was_told(talk, opened)
    if not opened or heard.danger is not None or any(heard.has(name) for name in ABOUT_ORDERS):
        return False
    kept, last = 0, opened[0]
    for part in _parts(heard, opened):
        last = next((form for form in opened if form.item in part.named), last)
        if kept < MOST and _is_told(part.clause.text):
            whose = _whose(part, opened, last)
            kept += sum(_keep_part(talk, form, heard, part) for form in whose)
    if kept:
        talk.happened.append(HAPPENED)
    return kept > 0


def remember(talk: Talk) -> None:
    """«我妈耳朵背得很，说话大声点», said before anything was asked for: it holds for what is asked for next."""
    memory, text = talk.memory, talk.text
    busy = talk.form is not None or memory.pending is not None or memory.in_danger or bool(talk.commands)
    against = (*ABOUT_ORDERS, "policy_question", "emergency")
    if busy or talk.requests() or talk.heard.danger is not None or any(map(talk.heard.has, against)):
        return
    tells = any(cues.says(cue, text) for cue in ("wish", "health", "for_whoever_comes"))
    if tells and _is_told(text) and text not in memory.diets and len(text) <= notes.LONGEST_WISH:
        memory.told_before = [*memory.told_before, text][-MOST_BEFORE:]


def _take_up_what_was_told(talk: Talk, opened: Sequence[Form]) -> None:
    for form in opened:
        for one in talk.memory.told_before:
            notes.note(form, one)
    talk.memory.told_before = []


def _parts(heard: Understanding, opened: Sequence[Form]) -> Iterator[Part]:
    text = heard.text
    for item in {form.item for form in opened}:
        text = as_meant(text, item)
    for found in _PARTS.finditer(text):
        clause = Clause(found[0], found.start(), found.end())
        inside = tuple(slot for slot in heard.slots if slot.start < clause.end and clause.start < slot.end)
        labels = {slot.label for slot in inside if slot.label}
        named = cues.items_mentioned(clause.text) & {form.item for form in opened}
        yield Part(clause, inside, frozenset(named or labels))


def _is_told(text: str) -> bool:
    """Whether a part tells something: no courtesy, no question, no number of a card, no piece of a page's code."""
    if len(text) <= LONGEST_COURTESY and _nothing().fullmatch(text):
        return False
    if _word("asks").search(cues.without_all("may_it", text)):
        return False
    return _HAN.search(text) is not None and sum(letter.isdigit() for letter in text) < MOST_NUMBER


def _whose(part: Part, opened: Sequence[Form], last: Form) -> Sequence[Form]:
    """Which of several requests a part is told of."""
    text = part.clause.text
    if theirs := [form for form in opened if form.beneficiary and form.beneficiary in text]:
        same = [form for form in theirs if form.item in part.named]
        return same or theirs
    if cues.says("diet", text) and (meals := [form for form in opened if form.item == MEAL]):
        return meals
    if not part.named and _word("of_all").search(text):
        return opened
    return [form for form in opened if form.item == last.item and form.item in part.named] or [last]


def _keep_part(talk: Talk, form: Form, heard: Understanding, part: Part) -> bool:
    text = part.clause.text
    known = [one for one in (*form.details, *form.wishes) if one]
    if any(cues.without("trail", text) in one for one in known) or _is_aside(talk, form, text):
        return False
    left = _left(_without_taken(talk, form, heard, part), form, known)
    inside = [one for one in known if one in text and not cues.says("told_rhythm", one)]
    if not left and not _in_pieces(inside):
        return False
    said = _as_said(talk, form, part)
    if not said or any(cues.without("trail", said) in one for one in known):
        return False
    is_wish = _without_lead(text, "lead") != text  # «想去趟老干局», and not «我腿疼»
    _put(talk, form, said, [one for one in inside if one in said], is_wish=is_wish)
    return True


def _is_aside(talk: Talk, form: Form, text: str) -> bool:
    """«领着高龄津贴呢», where no paper is wanted."""
    return not talk.are_papers([form.item]) and _word("had").search(text) is not None


def _asks_what(talk: Talk, form: Form) -> bool:
    return "detail" in talk.rules.catalogue[form.item].asks


def _in_pieces(known: Sequence[str]) -> bool:
    """Whether a bare amount was kept apart from the thing it is of («不要辣的酱», «一瓶»)."""
    return len(known) > 1 and any(cues.measure(one) for one in known)


def _put(talk: Talk, form: Form, said: str, pieces: Sequence[str], *, is_wish: bool) -> None:
    """Among the notes; where a thing is asked for, instead of the pieces of it («轮椅» of «轮椅换个轮胎»)."""
    if not _asks_what(talk, form):
        for one in _listed(said):
            notes.note(form, one)
        return
    first = next((place for place, one in enumerate(form.details) if one in pieces), None)
    wanted = first is not None or (is_wish and not form.details)
    form.details = [one for one in form.details if one not in pieces]
    form.wishes = [one for one in form.wishes if one not in pieces]
    if wanted:
        form.details[first or 0 : first or 0] = _listed(said)
    else:
        for one in _listed(said):
            notes.note(form, one)


def _listed(said: str) -> list[str]:
    """Several counted things in a row as one each: «二斤鸡蛋一袋盐», «阿司匹林一盒二甲双胍两盒»."""
    amounts = [one for one in find_amounts(said) if one.strong]
    if len(amounts) < 2:
        return [said]
    if amounts[0].start == 0:
        cuts = [one.start for one in amounts[1:]]
    elif amounts[-1].end == len(said):
        cuts = [one.end for one in amounts[:-1]]
    else:
        return [said]
    ends = [0, *cuts, len(said)]
    return [said[a:b] for a, b in pairwise(ends) if a < b]


def _without_taken(talk: Talk, form: Form, heard: Understanding, part: Part) -> str:
    """The part without the slots that this request has taken, blanked out."""
    bare = list(part.clause.text)
    for slot in part.slots:
        if _was_taken(talk, form, slot):
            start, end = max(slot.start - part.clause.start, 0), slot.end - part.clause.start
            bare[start:end] = " " * (min(end, len(bare)) - start)
    text = "".join(bare)
    address = _PARTS.findall(f"{form.place or ''} {form.place_part}")
    names = [form.beneficiary, form.name, talk.memory.name, *(told.name for told in names_told(heard.text))]
    names += [slot.text for slot in heard.filled("beneficiary") if _same_person(form, slot)]
    for known in filter(None, (*address, *names)):
        text = text.replace(known, " " * len(known))
    return text


def _was_taken(talk: Talk, form: Form, slot: Slot) -> bool:
    if slot.slot == "time":
        return form.time is not None
    if slot.slot == "place":
        return bool(form.place) and _mostly_in(slot.text, form.place or "")
    if slot.slot == "phone":
        return slot.value in (form.phone, talk.memory.phone, "this")
    return slot.slot == "beneficiary" and form.beneficiary is not None and _same_person(form, slot)


def _mostly_in(said: str, kept: str) -> bool:
    """Whether an address as said is the one that was kept, which may be written otherwise («5号楼», «5-3-202»)."""
    letters = _CONTENT.findall(said)
    return sum(letter in kept for letter in letters) >= SAME_ADDRESS * len(letters)


def _same_person(form: Form, slot: Slot) -> bool:
    return slot.value == form.beneficiary or slot.text in (form.beneficiary or "")


def _left(text: str, form: Form, known: Sequence[str]) -> str:
    """What of the text says more than is known, and than that the service is wanted."""
    for one in sorted(known, key=len, reverse=True):
        text = text.replace(one, " ")
    if form.time is not None:
        text = _word("of_time").sub(" ", text)
    text = _same(form.item).sub(" ", text)
    text = _little().sub("", text)
    return "".join(_CONTENT.findall(text))


def _as_said(talk: Talk, form: Form, part: Part) -> str:
    """The part in their own words, without what leads to it, whom it is for, and a time or a number at its edge."""
    text, start = part.clause.text, part.clause.start
    for slot in (*part.slots, *reversed(part.slots)):
        begin, end = max(slot.start - start, 0), min(slot.end - start, len(text))
        if slot.slot in ("time", "place", "phone") and _was_taken(talk, form, slot):
            text = _off_the_edge(text, part.clause.text[begin:end])
    text = _without_lead(text, "lead")
    if form.beneficiary not in (None, "self"):
        for slot in part.slots:
            if slot.slot == "beneficiary" and _same_person(form, slot):
                text = _without_whom(text, slot.text)
    text = _word("tail").sub("", cues.without_all("may_it", text))
    if form.item == THINGS:
        text = _without_lead(text, "lead_of_things")
    return text.strip()


def _without_lead(text: str, lead: str) -> str:
    found = _word(lead).match(text)
    return text[found.end() :] if found else text


def _off_the_edge(text: str, said: str) -> str:
    if text.startswith(said) and not _word("leans_on_time").match(text[len(said) :]):
        return text[len(said) :]
    return text.removesuffix(said)


def _without_whom(text: str, whom: str) -> str:
    """«给我妈洗个头» without «给我妈»; «我妈耳背» stays."""
    found = re.match(load("told")["for_whom"].replace("{whom}", re.escape(whom)), text)
    return text[found.end() :] if found else text


@cache
def _nothing() -> re.Pattern[str]:
    return re.compile(f"(?:{'|'.join(f'(?:{one})' for one in load('told')['nothing'])}){{1,3}}")


@cache
def _little() -> re.Pattern[str]:
    words = sorted(
        {word for line in load("told")["little"] for word in str(line).split("|")}, key=len, reverse=True
    )
    return re.compile("|".join(words))


@cache
def _same(item: str) -> re.Pattern[str]:
    words = sorted(load("told")["same"].get(item, ()), key=len, reverse=True)
    return re.compile(
        "|".join("(?:一?[个下次顿份趟])?".join(map(re.escape, word)) for word in words) or "(?!)"
    )


@cache
def _word(name: str) -> re.Pattern[str]:
    return re.compile(load("told")[name])
