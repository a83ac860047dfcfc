"""Whom a request is for: the words of the caller matched with the people we know of."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.domain.people import Caller, Elder, Ward
from bot.dialogue.memory import Form
from config.lexicon import load
from nlu.slots.names import name_at
from nlu.understanding import Person, Slot

# Words that say how somebody is called rather than what they are to the caller («马老师»).
NOT_KIN = (None, "other", "neighbour", "friend", "elder")


@dataclass(frozen=True, slots=True)
class Match:
    """Who is meant. `several` are the elders between whom the words do not decide."""

    elder: Elder | None = None
    several: tuple[Elder, ...] = ()
    same_home: bool = False  # not in our records, but under the roof of the elder who speaks


def find(person: Person, caller: Caller, wards: Sequence[Ward] | None = None) -> Match:
    """The elder meant by «我妈», «王奶奶», «我自己», as far as the records say; `wards`: else those to be ordered for."""
    wards = caller.orders_for if wards is None else wards
    if person.relation == "self":
        return Match(elder=caller.elder)
    named = [ward.elder for ward in wards if _same_name(person, ward.elder)]
    if len(named) == 1:
        return Match(elder=named[0])
    kin = _relation(person.relation)
    fitting = [ward.elder for ward in wards if _fits(kin, ward.relation, ward.elder)]
    if len(fitting) == 1:
        return Match(elder=fitting[0])
    if len(fitting) > 1:
        return Match(several=tuple(fitting))
    if kin.get("lends_phone") and not person.name and _could_be(kin, caller.elder):
        return Match(elder=caller.elder)
    return Match(same_home=caller.elder is not None and bool(kin.get("same_home")))


def _relation(code: str | None) -> dict[str, Any]:
    relations: dict[str, dict[str, Any]] = load("relations")["relations"]
    return relations.get(code or "", {})


def _fits(kin: dict[str, Any], contact_is: str, elder: Elder) -> bool:
    gender = kin.get("gender")
    if gender and elder.gender and gender != elder.gender:
        return False
    return contact_is in kin.get("contact_is", ())


def _could_be(kin: Mapping[str, Any], elder: Elder | None) -> bool:
    """«我奶奶让我打的», from the elder's own telephone: a child speaks, and the elder is meant."""
    return elder is not None and elder.gender in (None, kin.get("gender"))


def _same_name(person: Person, elder: Elder) -> bool:
    """A full name, or a surname with a title («王奶奶» for 王秀英)."""
    name = person.name
    if not name:
        return False
    return elder.name == name or (
        len(name) >= 2 and name[0] == elder.name[0] and name not in elder.name and len(name) == 3
    )


def speaks_from_anothers_phone(text: str) -> bool:
    """«我是她邻居，借她电话»: whoever speaks is not whom the records know by this number."""
    return re.search(load("relations")["lent_phone"], text) is not None


def stranger(caller: Caller) -> Caller:
    """The same telephone in the hands of somebody whom the records do not know."""
    return Caller(sender=caller.sender, phone=caller.phone)


def by_name(text: str, caller: Caller) -> Elder | None:
    """The elder of this relative whose whole name occurs in the text."""
    return next((ward.elder for ward in caller.orders_for if ward.elder.name in text), None)


def settle(form: Form, slot: Slot, caller: Caller) -> bool:
    """Put the person of a slot into the form. True when this changed who it is for."""
    person = slot.resolved if isinstance(slot.resolved, Person) else Person(text=slot.text)
    word = "self" if person.relation == "self" else (slot.value or slot.text)
    if word == form.beneficiary:
        return _named_besides(form, person, word)
    match = find(person, caller)
    # Two of the people we know fit the word: nothing is guessed, the line asks which.
    form.beneficiary, form.relation = (None if match.several else word), person.relation
    form.name = person.name if person.name and (person.relation is None or person.name == word) else None
    take_profile(form, match, caller)
    _named_besides(form, person, word)
    return True


def _named_besides(form: Form, person: Person, word: str) -> bool:
    """The name that was told beside the word, as on a form («给我妈…，李秀珍»), of somebody whom the records do not know."""
    if form.elder_id is not None or not person.name or person.name in (form.name, word):
        return False
    if not is_a_name(person.name) or person.name in word:
        return False
    form.name = person.name
    return True


def is_mere_name(slot: Slot) -> bool:
    """Whether the slot is a full name and nothing else, as on a form («李秀珍，139…»)."""
    person = slot.resolved
    return isinstance(person, Person) and person.relation is None and is_a_name(slot.text)


def is_anothers_name(form: Form, slot: Slot, others: Sequence[Slot], *, own: bool) -> bool:
    """Whether a name was told of somebody else than the person served: «我妈叫陈淑珍，我叫李娜». `own`: the caller's."""
    person = slot.resolved
    if not isinstance(person, Person) or not person.name or form.relation is None:
        return False
    if own and form.beneficiary != "self" and len(others) > 1:
        return True
    named = [one.resolved for one in others if isinstance(one.resolved, Person) and one.resolved.name]
    return person.relation != form.relation and any(one.relation == form.relation for one in named)


def corrected_name(form: Form, text: str) -> str | None:
    """«不对，是虎志强» when 虎志刚 was told: a name with the same surname that differs in a letter."""
    found = load("relations")["name_corrected"]
    match = re.match(found, text)
    name = match["name"] if match else None
    if not name or not form.name or not is_a_name(name) or name == form.name or name[0] != form.name[0]:
        return None
    return name


def spoken_of(slots: Sequence[Slot], caller: Caller) -> Form:
    """A form that holds nothing but the person of these slots; the last of several."""
    form = Form(id=0, item="")
    for slot in slots:
        settle(form, slot, caller)
    return form


def take_profile(form: Form, match: Match, caller: Caller) -> None:
    """Fill what the records know of the person, without touching what the caller has said."""
    home = match.elder or (caller.elder if match.same_home else None)
    form.elder_id = match.elder.id if match.elder else None
    if match.elder:
        form.name = match.elder.name
    if form.place is None or form.place_known:
        form.place = home.address if home else None
        form.place_known = form.place is not None


def default(form: Form, caller: Caller) -> None:
    """Nobody was named: the elder who speaks, or the only elder this relative speaks for."""
    if form.beneficiary is not None:
        return
    if caller.elder is None and len(caller.orders_for) == 1:
        ward = caller.orders_for[0].elder
        form.beneficiary = ward.name
        take_profile(form, Match(elder=ward), caller)
    elif caller.elder is not None or not caller.orders_for:
        form.beneficiary = "self"
        take_profile(form, Match(elder=caller.elder), caller)


def is_spouse(form: Form) -> bool:
    """Whether it is for the husband or wife of whoever speaks, who lives where they live."""
    return "老伴" in _relation(form.relation).get("contact_is", ())


def is_a_name(text: str) -> bool:
    """Whether the whole text is the name of a person."""
    return len(text) > 1 and name_at(text, 0) == text


def is_home_of_named(text: str) -> bool:
    """Whether the text names a home by whose it is, and nothing else («刘德胜家»)."""
    return text.endswith("家") and is_a_name(text.removesuffix("家"))


def polite(form: Form, words: Mapping[str, Any]) -> str:
    """How the line speaks of «我妈» to the caller: 「您母亲」."""
    word = form.beneficiary or ""
    bare = next((word[len(mine) :] for mine in words["mine"] if word.startswith(mine)), word)
    if bare in words["polite_words"]:
        return str(words["polite_words"][bare])
    if form.relation in words["polite"]:
        return str(words["polite"][form.relation])
    for mine in words["mine"]:
        if word.startswith(mine) and len(word) > len(mine):
            return str(words["yours"] + word[len(mine) :].replace(mine, words["yours"]))  # «我妈和我婆婆»
    return word
