"""What a learned tagger adds to the finds of the rules: longer stretches, and slots the rules have no words for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from config.lexicon import load
from nlu.slots.person import read_person
from nlu.slots.place import read_place
from nlu.slots.time import resolve, time_value
from nlu.understanding import Slot, TaggedSpan, WantedTime

WIDER = 0.7  # confidence from which a longer tagged stretch replaces the words that the rules know
ALONE = {
    "beneficiary": 0.6,
    "place": 0.6,
    "time": 0.7,
}  # confidence from which a span stands without the rules


def with_tags(text: str, slots: list[Slot], spans: Sequence[TaggedSpan], now: datetime) -> list[Slot]:
    """The slots, widened to what the tagger saw, and its own finds where the rules had none."""
    slots = [_widened(text, slot, spans) for slot in slots]
    for span in spans:
        certain = ALONE.get(span.slot)
        if certain is None or span.confidence < certain or not 0 <= span.start < span.end <= len(text):
            continue
        if not any(_overlap(slot, span) for slot in slots) and not _only_a_pronoun(text, span):
            slots.append(_alone(text, span, now))
    return slots


def _only_a_pronoun(text: str, span: TaggedSpan) -> bool:
    """«他» is somebody named before, no further person to serve."""
    return text[span.start : span.end] in load("relations")["pronouns"]


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
