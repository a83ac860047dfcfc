"""What is settled before any engine is asked: nothing was said, or a bare answer."""

from __future__ import annotations

from datetime import datetime

from nlu.answers import bare_answer, strip_marks
from nlu.meant import is_off_topic
from nlu.slots import find_slots
from nlu.slots.names import is_dotted_name
from nlu.slots.place import goes_on_with_address
from nlu.understanding import Expecting, ScoredLabel, Understanding

BARE_CONFIDENCE = 0.97
NOTHING_SAID = 0.95
NAMED = (Expecting.NAME, Expecting.BENEFICIARY)


def settled(text: str, *, expecting: Expecting | None, now: datetime) -> Understanding | None:
    """The understanding of a text that needs no engine, or None."""
    if not strip_marks(text):
        nothing = (ScoredLabel("out_of_scope", NOTHING_SAID),)
        return Understanding(text, nothing, nothing)
    if expecting is None and is_off_topic(text):
        nothing = (ScoredLabel("out_of_scope", BARE_CONFIDENCE),)
        return Understanding(text, nothing, nothing)
    told = goes_on_with_address(text, expecting) or (expecting in NAMED and is_dotted_name(text))
    bare = "inform" if told else bare_answer(text, expecting=expecting)
    if bare is None:
        return None
    said = (ScoredLabel(bare, BARE_CONFIDENCE),)
    return Understanding(text, said, said, find_slots(text, now=now, expecting=expecting))
