"""Slots of a sentence: who, when, where, which number, what exactly. Pure; the time of the call comes in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from nlu.slots.detail import find_details
from nlu.slots.detail import possible as possible_details
from nlu.slots.hearing import as_heard
from nlu.slots.joint_tags import Floats
from nlu.slots.names import MARKS, led_names, whole_name
from nlu.slots.person import find_in_need, find_people, name_on_a_form
from nlu.slots.person import possible as possible_people
from nlu.slots.phone import find_phones
from nlu.slots.place import (
    PlaceSpan,
    described,
    find_places,
    goes_on_with_address,
    house_numbers,
    named_after_a_feast,
)
from nlu.slots.place import possible as possible_places
from nlu.slots.place_answer import other_homes
from nlu.slots.tagged import with_tags
from nlu.slots.tagger import load_tagger
from nlu.slots.time import candidate_of, is_house_number, resolve, time_value
from nlu.slots.time import possible as possible_times
from nlu.slots.wanted import Candidate
from nlu.speech import even
from nlu.understanding import Expecting, Person, Slot, TaggedSpan

MAX_LENGTH = 2000  # characters; longer texts are cut by the caller
LONGEST_BARE_NAME = 4  # characters
TAGGED = 400  # characters that the tagger reads: a long story has said what it wants by then
# A misheard telephone number («伊三九零九五一零…») holds no first of May.
LONG_NUMBER = re.compile("[零〇一二两三四五六七八九幺洞0-9]{6,}")
ANY_MOMENT = datetime.fromisoformat("2026-11-23T10:00")  # where only the words count
NOBODY = "某"  # stands for a letter of a name
OUT_OF_SCOPE, ANSWER = "out_of_scope", "inform"
THIS_NUMBER = "this"  # value of a phone slot: the number the caller is calling from

__all__ = ["MAX_LENGTH", "THIS_NUMBER", "candidates", "find_slots", "warm_up"]


def find_slots(
    text: str,
    *,
    now: datetime,
    expecting: Expecting | None = None,
    labels: Sequence[str] = (),
    spans: Sequence[TaggedSpan] | None = None,
    encoder: Floats | None = None,
) -> tuple[Slot, ...]:
    """All slots of the text in order of appearance; offsets are those of the text as given.

    A tagger that knows the `labels` of the sentence helps with beneficiary, place, detail and unsure times; it is ours
    unless `spans` come from another one. What the `encoder` takes each letter for helps ours where it was asked.
    Answers to a question are read by the rules alone.
    """
    if expecting is None and tuple(labels) == (OUT_OF_SCOPE,):
        return ()  # «给我女婿发个微信» asks for nothing of ours
    plain = even(text[:MAX_LENGTH])
    phones = _phones(text, plain, expecting)
    plain = as_heard(plain)
    if spans is None and expecting is None and labels:
        seen = plain[:TAGGED]
        spans = load_tagger().spans(
            seen, labels, candidates(seen), encoder=None if encoder is None else encoder[: len(seen)]
        )
    tagged, spans = spans is not None, spans or ()
    free = _blanked(plain, phones)
    times = _times(text, free, now, expecting, spans, tagged)
    places = _places(text, free, expecting, spans, tagged, times)
    people = _people(
        text,
        _without_homes(_blanked(free, (*times, *places)), places, expecting),
        plain,
        expecting,
        spans,
        tagged,
    )
    people = _with_name_on_a_form(text, plain, people, phones, times, places)
    found = with_tags(text, [*phones, *times, *places, *people], spans, now)
    if labels and labels[0] == "emergency" and not any(slot.slot == "beneficiary" for slot in found):
        found += _in_need(text, free)
    found += _details(text, plain, expecting, spans, tagged, found)
    if not found and tuple(labels) == (ANSWER,) and (place := described(plain)):
        found = [_place_slot(text, place)]
    return tuple(sorted(found, key=lambda slot: (slot.start, slot.end)))


def candidates(text: str) -> Iterator[Candidate]:
    """All that the rules take for a slot in a sentence, wanted or only mentioned."""
    yield from map(candidate_of, possible_times(text, ANY_MOMENT))
    yield from possible_people(text)
    yield from possible_places(text)
    yield from possible_details(text)


def warm_up() -> None:
    """Compile every pattern and read every word list, so that the first caller does not wait for it."""
    sentence = "\u660e\u5929\u4e0a\u5348\u4e5d\u70b9"  # any sentence with a time in it
    for expecting in (None, *Expecting):
        find_slots(sentence, now=ANY_MOMENT, expecting=expecting, labels=("inform",))


def _blanked(text: str, slots: Iterable[Slot]) -> str:
    """The text with found slots blanked out, so that nothing is found in them twice; offsets stay."""
    for slot in slots:
        text = text[: slot.start] + "，" * (slot.end - slot.start) + text[slot.end :]
    return text


def _phones(text: str, plain: str, expecting: Expecting | None) -> list[Slot]:
    return [
        Slot("phone", text[span.start : span.end], span.start, span.end, span.phone.digits if span.phone else THIS_NUMBER, span.phone)
        for span in find_phones(plain, expecting=expecting)
    ]  # fmt: skip


def _times(
    text: str,
    plain: str,
    now: datetime,
    expecting: Expecting | None,
    spans: Sequence[TaggedSpan],
    tagged: bool,
) -> list[Slot]:
    found = resolve(
        _without_names(plain, now, expecting),
        now,
        asked=expecting is Expecting.TIME,
        answering=expecting is not None,
        spans=spans,
        tagged=tagged,
    )
    numbers = house_numbers(plain, asked=expecting is Expecting.PLACE)
    return [
        Slot(
            "time",
            text[span.start : span.end],
            span.start,
            span.end,
            span.shift or time_value(span.value),
            span.value,
        )
        for span in found
        if (span.start, span.end) not in numbers
        and not (expecting is Expecting.PLACE and is_house_number(span.text, plain))
        and not named_after_a_feast(plain, span.start, span.end)
        and not any(
            run.start() <= span.start and span.end <= run.end() for run in LONG_NUMBER.finditer(plain)
        )
    ]


def _without_names(text: str, now: datetime, expecting: Expecting | None) -> str:
    """The text with the names blanked out in which a time word is: «王国庆», «我爸叫马五一»; offsets stay."""
    for start, end in _name_spans(text, expecting):
        if any(start <= draft.start and draft.end <= end for draft in possible_times(text, now)):
            text = text[:start] + NOBODY * (end - start) + text[end:]
    return text


def _name_spans(text: str, expecting: Expecting | None) -> list[tuple[int, int]]:
    """Where names stand that are announced; bare ones when a name was asked for."""
    asked = expecting is Expecting.NAME
    names = [
        (name.start, name.end) for name in led_names(text) if asked or text[name.end : name.end + 1] in MARKS
    ]
    if asked and (whole := whole_name(text)):
        names.append((whole.start, whole.end))
    return [(start, end) for start, end in names if end - start > len("周五")]


def _places(
    text: str,
    plain: str,
    expecting: Expecting | None,
    spans: Sequence[TaggedSpan],
    tagged: bool,
    times: list[Slot],
) -> list[Slot]:
    if (
        expecting is Expecting.NAME
        and len(plain) <= LONGEST_BARE_NAME
        and not goes_on_with_address(plain, expecting)
    ):
        return []  # «白银川» is a name, «二单元» goes on with the address
    found = find_places(_blanked(plain, times), expecting=expecting, spans=spans, tagged=tagged)
    return [_place_slot(text, span) for span in found]


def _without_homes(free: str, places: list[Slot], expecting: Expecting | None) -> str:
    """The text without whoever is only said to live somewhere else: «…301，我儿子住康居小区»."""
    if expecting is Expecting.PLACE and places:
        for start, end in other_homes(free):
            free = free[:start] + "，" * (end - start) + free[end:]
    return free


def _place_slot(text: str, span: PlaceSpan) -> Slot:
    said = text[span.start : span.end]
    return Slot("place", said, span.start, span.end, span.kept(text), replace(span.place, text=said))


def _people(
    text: str, free: str, plain: str, expecting: Expecting | None, spans: Sequence[TaggedSpan], tagged: bool
) -> list[Slot]:
    found = []
    for span in find_people(free, expecting=expecting, spans=spans, tagged=tagged, context=plain):
        said = text[span.start : span.end]
        value = "self" if span.person.relation == "self" else plain[span.start : span.end]
        found.append(Slot("beneficiary", said, span.start, span.end, value, replace(span.person, text=said)))
    return found


def _with_name_on_a_form(
    text: str, plain: str, people: list[Slot], phones: list[Slot], times: list[Slot], places: list[Slot]
) -> list[Slot]:
    """The people with the name that stands beside the address or the number; it is that of whoever is served."""
    told = [(slot.start, slot.end) for slot in (*phones, *places)]
    taken = [(slot.start, slot.end) for slot in (*times, *people)]
    name = name_on_a_form(plain, told, taken) if told else None
    if name is None or len(people) > 1:
        return people
    for slot in people:
        if isinstance(slot.resolved, Person) and not slot.resolved.name:
            return [replace(slot, resolved=replace(slot.resolved, name=name.name))]
        return people
    person = Person(name.name, None, name.name)
    return [Slot("beneficiary", text[name.start : name.end], name.start, name.end, name.name, person)]


def _in_need(text: str, free: str) -> list[Slot]:
    """Whom an alarm speaks of, where nobody is asked to be served."""
    return [
        Slot(
            "beneficiary",
            text[span.start : span.end],
            span.start,
            span.end,
            free[span.start : span.end],
            span.person,
        )
        for span in find_in_need(free)
    ]


def _details(
    text: str,
    plain: str,
    expecting: Expecting | None,
    spans: Sequence[TaggedSpan],
    tagged: bool,
    others: Iterable[Slot],
) -> list[Slot]:
    taken = [(slot.start, slot.end) for slot in others]
    found = find_details(plain, expecting=expecting, spans=spans, tagged=tagged, taken=taken)
    return [
        Slot("detail", text[span.start : span.end], span.start, span.end, text[span.start : span.end])
        for span in found
    ]
