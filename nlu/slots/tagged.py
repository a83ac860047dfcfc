"""What a learned tagger adds to the finds of the rules: longer stretches, and slots the rules have no words for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from config.lexicon import load
from nlu.slots.person import is_mentioned, is_same, read_person
from nlu.slots.place import read_place
from nlu.slots.roles import is_only_beside, is_plain, role_of
from nlu.slots.time import resolve, taken_back, time_value
from nlu.understanding import Person, Slot, TaggedSpan, WantedTime

WIDER = 0.7  # confidence from which a longer tagged stretch replaces the words that the rules know
ALONE = {
    "beneficiary": 0.6,
    "place": 0.6,
    "time": 0.7,
}  # confidence from which a span stands without the rules


def with_tags(text: str, slots: list[Slot], spans: Sequence[TaggedSpan], now: datetime) -> list[Slot]:
    """The slots, widened to what the tagger saw, and its own finds where the rules had none."""
    spans = [_without_verb(text, span) for span in spans]
    for_one = [
        span for span in spans if sum(_overlap(slot, span) for slot in slots) <= 1
    ]  # «爷爷奶奶» are two
    slots = [_widened(text, slot, for_one) for slot in slots]
    given_up = taken_back(text, now) if any(span.slot == "time" for span in spans) else []
    for span in spans:
        if span.slot == "time" and any(one.start < span.end and span.start < one.end for one in given_up):
            continue
        certain = ALONE.get(span.slot)
        if certain is None or span.confidence < certain or not 0 <= span.start < span.end <= len(text):
            continue
        if not any(_overlap(slot, span) for slot in slots) and _is_somebody(text, span, slots):
            slots.append(_alone(text, span, now))
    return slots


def _is_somebody(text: str, span: TaggedSpan, slots: Sequence[Slot]) -> bool:
    """«他» is somebody named before, no further person to serve, and «马路对过» is nobody."""
    if span.slot != "beneficiary":
        return True
    said, words = text[span.start : span.end], load("relations")
    if said in words["pronouns"] or is_mentioned(text, span.start, span.end):
        return False
    person = read_person(said)
    others = [slot for slot in slots if slot.slot == "beneficiary"]
    if others and not _is_further(text, span, person, others):
        return False
    return bool(person.relation or person.name or said[-1] in words["person_ends"])


def _is_further(text: str, span: TaggedSpan, person: Person, others: Sequence[Slot]) -> bool:
    """Whether another person than the `others` is served, too; not if named again, or beside whom it is plainly for."""
    known = [slot.resolved for slot in others if isinstance(slot.resolved, Person)]
    if person.relation and any(is_same(person, one) for one in known):
        return False
    if is_only_beside(role_of(text, span.start, span.end)):
        return False
    return is_plain(text, span.start, span.end) or not any(is_plain(text, s.start, s.end) for s in others)


def _without_verb(text: str, span: TaggedSpan) -> TaggedSpan:
    """«我爸把» of «帮我爸把取暖费交了» is «我爸»."""
    said = text[span.start : span.end]
    more = span.slot == "beneficiary" and len(said) > 1 and said[-1] in load("relations")["never_last"]
    return replace(span, end=span.end - 1) if more else span


def _overlap(slot: Slot, span: TaggedSpan) -> bool:
    return slot.start < span.end and span.start < slot.end


def _widened(text: str, slot: Slot, spans: Sequence[TaggedSpan]) -> Slot:
    """«我二爸» becomes «瘫在炕上的我二爸»; its value stays."""
    if slot.slot not in ("beneficiary", "place"):
        return slot
    for span in spans:
        inside = span.start <= slot.start and slot.end <= span.end <= len(text)
        if span.slot == slot.slot and inside and span.confidence >= WIDER:
            said = text[span.start : span.end]
            value = said if slot.slot == "place" else slot.value
            return replace(slot, text=said, start=span.start, end=span.end, value=value)
    return slot


def _alone(text: str, span: TaggedSpan, now: datetime) -> Slot:
    said = text[span.start : span.end]
    if span.slot == "beneficiary":
        person = read_person(said)
        value = "self" if person.relation == "self" else said
        return Slot("beneficiary", said, span.start, span.end, value, person)
    if span.slot == "place":
        return Slot("place", said, span.start, span.end, said, read_place(said))
    known = resolve(said, now, asked=True)
    time = known[0].value if known else WantedTime(None, vague=True, day_said=False, clock_said=False)
    return Slot("time", said, span.start, span.end, time_value(time), time)
