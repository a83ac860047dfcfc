"""One service for several people: an order for each, or one for a whole household."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from itertools import pairwise

from backend.domain.people import Elder
from bot.dialogue import cues, forms, phrasing, whom
from bot.dialogue.memory import Form
from bot.dialogue.talk import Talk
from bot.dialogue.told_names import names_told
from config.lexicon import load
from nlu.clauses import begin_of_part
from nlu.parse import on_the_day_said_first
from nlu.slots.person import is_couple, possible, read_person
from nlu.slots.roles import is_given
from nlu.understanding import Person, Slot

ME = "我"


def split_by_person(talk: Talk, form: Form, *, goes_on: bool = False) -> None:
    """Two people named for one item are two orders, each with the place and time said next to the name.

    What serves a whole household (a meal, cleaning) at one address stays one order for both. `goes_on`: the request was
    talked about before, and what was said of it holds for both.
    """
    text, named = talk.heard.text, _named(talk, form)
    people = _served(named, text)
    if (
        len({slot.text for slot in people}) == 1
        and len(named) > len(people)
        and form.beneficiary != people[0].value
    ):
        whom.settle(form, people[0], talk.world.caller)  # «我爸妈分居了，…，给我爸订饭»
    if len(named) == 1 and not people and cues.says("for_me_myself", text):
        whom.settle(form, replace(named[0], text=ME, value="self", resolved=_ME), talk.world.caller)
        return  # «我老伴病了，给我送个饭»
    me: list[Slot] = []
    if len({slot.text for slot in people}) == 1:
        me = _with_me(talk, people[0])
        people = sorted([*me, *people[1:]], key=lambda slot: slot.start) if me else people
        people = people if me else (_each_at_home(talk, form, people[0]) or people)
    others = {slot.text for slot in people if slot.value != "self"}
    if len(others) == 1 and not (me or cues.says("together", text)):
        return  # «我想给我妈订»: I ask, she is served
    if len({slot.text for slot in people}) < 2 or cues.says("replace", talk.text):
        return
    if talk.rules.catalogue[form.item].household and _at_one_table(talk, form, people):
        words = [slot.text if slot.value == "self" else slot.value or slot.text for slot in people]
        form.beneficiary = phrasing.joined(list(dict.fromkeys(words)), talk.words(), link="list_and")
        form.relation = None
        return
    _open_for_each(talk, form, people, goes_on=goes_on)


def _named(talk: Talk, form: Form) -> list[Slot]:
    """Everybody who is named beside this item; no names of theirs, and none that were corrected."""
    text = talk.heard.text
    names = {one.name for one in names_told(text)}  # «帮我妈预约，姓名：于秀琴»
    return [
        slot
        for slot in _last_meant(_without_parts(talk.slots("beneficiary", of=form.item)), text)
        if slot.text not in names
        and not cues.says("their_name", text[: slot.start])
        and not cues.says("my_name", text[: slot.start])
    ]


def _served(people: Sequence[Slot], text: str) -> list[Slot]:
    """Those for whom something is wanted, where the others are only told of («我妈也七十多了，伺候不动»)."""
    wanted = [slot for slot in people if _is_wanted_for(text, slot)]
    told_of = [slot for slot in people if cues.says("told_of", text[slot.end :])]
    if wanted:
        return [slot for slot in people if slot in wanted or slot not in told_of]
    return [] if told_of and cues.says("for_me_myself", text) else list(people)


def _is_wanted_for(text: str, slot: Slot) -> bool:
    return cues.says("serves", text[: slot.start]) or cues.says("wanted_for", text[slot.end :])


def _at_one_table(talk: Talk, form: Form, people: Sequence[Slot]) -> bool:
    """Whether it is brought or done for all of them at once: one home, one time, and none of them named as one more."""
    text = talk.heard.text
    homes = {elder.address for slot in people if (elder := _known(talk, slot))}
    homes |= {slot.text for slot in talk.slots("place", of=form.item)}
    apart = any(cues.says("one_more_for", text[a.end : b.start]) for a, b in pairwise(people))
    apart |= any(cues.says("one_for_them_too", text[slot.end :]) for slot in people[1:])
    apart |= _have_two_homes(people)
    times = talk.slots("time", of=form.item)
    timed = {_part_of(slot, _starts(text, people)) for slot in times if slot.start >= people[0].start}
    return len(homes) < 2 and not apart and len(timed) < 2


def _have_two_homes(people: Sequence[Slot]) -> bool:
    """«我公公和我爸»: the parents of a couple, or a neighbour and a relative, hardly live under one roof."""
    families = load("relations")["families"]
    relations = {slot.resolved.relation for slot in people if isinstance(slot.resolved, Person)}
    return sum(bool(relations & set(family)) for family in families) > 1


def _open_for_each(talk: Talk, form: Form, people: Sequence[Slot], *, goes_on: bool) -> None:
    text, words = talk.heard.text, [person.text for person in people]
    talk.memory.forms.remove(form)
    starts, shared = _starts(text, people), _said_once(talk, form, people[0].start)
    said = [slot for slot in on_the_day_said_first(talk.heard.slots) if slot.slot != "beneficiary"]
    for index, person in enumerate(people):
        if person.text in words[:index]:
            continue
        part = forms.open_form(talk, form.item)
        if goes_on:
            part.time, part.place = deepcopy(form.time), None if form.place_known else form.place
            part.details, part.wishes = list(form.details), list(form.wishes)
        whom.settle(part, person, talk.world.caller)
        part.beside = at_home_with(person, people[:index])
        own = [
            slot
            for slot in said
            if (at := _part_of(slot, starts)) is not None and words[at] == person.text and slot not in shared
        ]
        forms.fill_from(talk, part, [*shared, *own])


def at_home_with(person: Slot, others: Sequence[Slot]) -> str | None:
    """«我爸我妈都要理发»: named in one breath, a couple has one home unless something else is told. The word for the other."""
    for other in others:
        one, two = person.resolved, other.resolved
        if isinstance(one, Person) and isinstance(two, Person) and is_couple(one, two):
            return other.value or other.text
    return None


def _starts(text: str, people: Sequence[Slot]) -> list[int]:
    """Where what is said of each of them begins; somebody may be named again («我妈和我婆婆，都要打扫，我妈周六»)."""
    return [people[0].start, *(_begin_of_part(text, one, before) for before, one in pairwise(people))]


def _part_of(slot: Slot, starts: Sequence[int]) -> int | None:
    """The number of the part in which this slot stands; None in front of them all."""
    return max((number for number, start in enumerate(starts) if start <= slot.start), default=None)


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
    """«我和老伴都要洗澡», «给我妈送饭，再给我自己送一份», heard as one person, mean two; none when they do not."""
    said = talk.heard.text
    if both.value == "self":
        return []
    if _for_me_first(said[: both.start]) or cues.says("one_of_two_for", said[: both.start]):
        return [me_at(0), both]  # «给我理发，再给我对门的老韩头理一个»
    again = [me_at(at) for at in _for_me(said, both)]
    start, me = cues.me_and(said, both.start, both.end)
    if me:
        own = me_at(start, len(me))
        return [own, replace(both, start=own.end, text=said[own.end : both.end]), *again]
    if not again and cues.says("one_for_them_too", said[both.end :]) and _is_said_before(talk, both):
        return [me_at(0), both]  # «送饭一份，我老伴也要一份»
    return [both, *again] if again else []


def _for_me_first(before: str) -> bool:
    """Whether something was wanted for the caller before one more is wanted for somebody else."""
    mine = cues.says("for_me_myself", before) or (
        cues.says("i_want", before) and is_given(before, len(before))
    )
    return mine and cues.says("one_more_for", before)


def me_at(start: int, length: int = len(ME)) -> Slot:
    """The caller, said or meant at that place."""
    return Slot("beneficiary", ME, start, start + length, "self", _ME)


def _for_me(said: str, both: Slot) -> list[int]:
    """Where something is wanted for the caller, too, behind what is wanted for `both`."""
    start, me = cues.and_me(said)
    if me:
        return [start]
    served = cues.says("serves", said[: both.start]) or cues.me_and(said, both.start, both.end)[1]
    start, me = cues.then_me(said[both.end :]) if served else (0, "")
    return [both.end + start] if me else []


def _is_said_before(talk: Talk, person: Slot) -> bool:
    """Whether something was asked for already in front of the part that speaks of this person."""
    before = talk.heard.text[: begin_of_part(talk.heard.text, person.start)]
    return bool(cues.items_mentioned(before) & set(talk.requests()))


_ME = Person(ME, relation="self")


def _known(talk: Talk, slot: Slot) -> Elder | None:
    return whom.find(slot.resolved, talk.world.caller).elder if isinstance(slot.resolved, Person) else None
