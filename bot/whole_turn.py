"""Does what was said so far settle what the line needs to know? Decides how long a pause is waited for on the telephone."""

from __future__ import annotations

from nlu import understanding
from nlu.understanding import Expecting, Place, Understanding, WantedTime
from voice.conversation import Completeness

# An answer, a remark or a hello, but no wish: by itself it tells the line nothing that it could act on.
NO_WISH = frozenset({"inform", "out_of_scope", "affirm", "deny", "greet"})
# Wishes of one thing after another.
LISTED = frozenset({"errand"})
TALK_LABELS = frozenset(understanding.TALK_LABELS)
MARKS = "，。、！？…,.!? "


def completeness(heard: Understanding, asks: Expecting | None) -> Completeness:
    """Of a sentence heard so far, said when the line had asked for `asks`."""
    if heard.danger is not None:
        return Completeness.ANSWERED  # whatever else there is to say
    wishes = [name for name in heard.names() if name not in NO_WISH]
    match asks:
        case None:
            if wishes:
                whole = Completeness.LISTING if _lists(heard, wishes) else Completeness.SETTLED
                return whole if heard.sure else Completeness.OPEN
            return Completeness.MISSING if heard.has("inform") else Completeness.OPEN
        case Expecting.TIME:
            return _time(heard)
        case Expecting.PLACE:
            return _place(heard)
        case Expecting.CONFIRM | Expecting.SATISFACTION | Expecting.WHICH_ITEM:
            return Completeness.SETTLED if heard.sure else Completeness.OPEN
        case Expecting.BENEFICIARY:
            return _person(heard)
        case _:  # names, numbers, things: whoever says something else altogether has said it
            return Completeness.SETTLED if heard.sure and TALK_LABELS & set(wishes) else Completeness.OPEN


def _lists(heard: Understanding, wishes: list[str]) -> bool:
    """«帮我买一袋米» can go on with «再买一桶油»; whoever has said when is past the things."""
    return not LISTED.isdisjoint(wishes) and not heard.filled("time")


def _person(heard: Understanding) -> Completeness:
    """«给我妈» is all that was asked for, «给我妈订……» is not all that will be said."""
    words = heard.text.rstrip(MARKS)
    if any(slot.end >= len(words) for slot in heard.filled("beneficiary")):
        return Completeness.ANSWERED
    return Completeness.OPEN


def _time(heard: Understanding) -> Completeness:
    """A day wants an hour, an hour is enough."""
    times = [slot.resolved for slot in heard.filled("time") if isinstance(slot.resolved, WantedTime)]
    if any(time.clock_said or time.asap or time.vague for time in times):
        return Completeness.SETTLED
    return Completeness.OPEN


def _place(heard: Understanding) -> Completeness:
    """A door, a building or «the usual place» is enough; a district is the beginning of an address."""
    places = [slot.resolved for slot in heard.filled("place") if isinstance(slot.resolved, Place)]
    if any(place.usual or place.door for place in places):
        return Completeness.SETTLED
    return Completeness.OPEN
