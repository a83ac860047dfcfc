"""Does what was said so far settle what the line needs to know? Decides how long a pause is waited for on the telephone."""

from __future__ import annotations

from datetime import datetime

from nlu import understanding
from nlu.slots.amount import find_amounts
from nlu.slots.numbers import number_characters
from nlu.understanding import Expecting, Phone, Place, Understanding, WantedTime
from nlu.whole import chance_whole
from voice.conversation import Completeness

# An answer, a remark or a hello, but no wish: by itself it tells the line nothing that it could act on.
NO_WISH = frozenset({"inform", "out_of_scope", "affirm", "deny", "greet"})
# Wishes of one thing after another.
LISTED = frozenset({"errand"})
TALK_LABELS = frozenset(understanding.TALK_LABELS)
MARKS = "，。、！？…,.!? "
# Less likely whole sentences are waited on: of requests and remarks that are understood beyond doubt, well, not so well,
# hardly, or not at all, …
BEYOND_DOUBT, TALK_BEYOND_DOUBT, WELL, HARDLY = 0.98, 0.965, 0.9, 0.6
LEAST_BEYOND_DOUBT, LEAST, LEAST_DOUBTED, LEAST_NOT_UNDERSTOOD = 0.07, 0.15, 0.25, 0.5
LEAST_WITHOUT_WISH = 0.35  # … and of what holds no wish
WHOLE = 0.3  # so likely ones are whole whatever their last word is («打扫一下»)
# A call for attention, or something told: what is wanted comes next.
OPENING = frozenset({"greet", "inform"})
# The end of an address in a village or along a road.
MAY_BE_THE_DOOR = ("号", "队", "组", "社")
# Who asks for themselves, or goes on with whom of theirs they mean.
SELF_OR_MINE = frozenset({"我", "俺", "咱"})
DIGITS_OF_A_PART = 2
NARROW_H = 2.5  # a time of day that is no longer is not narrowed down
# So short an answer is one, whatever the line had asked.
ANSWERS = frozenset({"affirm", "deny"})


def completeness(heard: Understanding, asks: Expecting | None) -> Completeness:
    """Of a sentence heard so far, said when the line had asked for `asks`."""
    if heard.danger is not None:
        return Completeness.ANSWERED  # whatever else there is to say
    wishes = [name for name in heard.names() if name not in NO_WISH]
    match asks:
        case None:
            return _unasked(heard, wishes)
        case Expecting.CONFIRM | Expecting.SATISFACTION | Expecting.WHICH_ITEM:
            return Completeness.SETTLED if heard.sure else Completeness.OPEN
        case _ if heard.sure and TALK_LABELS & set(wishes):
            return Completeness.SETTLED  # whoever says something else altogether has said it
        case Expecting.TIME:
            return _time(heard)
        case Expecting.PLACE:
            return _place(heard)
        case Expecting.BENEFICIARY:
            return _person(heard)
        case Expecting.PHONE:
            return _number(heard)
        case Expecting.DETAIL:
            return _detail(heard)
        case _:
            return Completeness.OPEN


def _unasked(heard: Understanding, wishes: list[str]) -> Completeness:
    """What is told on one's own: a wish, a remark, or the beginning of one."""
    chance = chance_whole(heard.text)
    if chance < _least_chance(heard, wishes):
        return Completeness.MISSING
    if wishes and heard.sure:
        if _lists(heard, wishes):
            return Completeness.LISTING
        return Completeness.WHOLE if chance >= WHOLE else Completeness.SETTLED
    return Completeness.OPEN if OPENING.isdisjoint(heard.names()) else Completeness.MISSING


def _least_chance(heard: Understanding, wishes: list[str]) -> float:
    """How likely a whole sentence it must be: the more, the less it is understood."""
    if not heard.sure:
        return LEAST_NOT_UNDERSTOOD
    if not ANSWERS.isdisjoint(heard.names()):
        return 0.0
    best = heard.labels[0]
    if best.confidence >= (TALK_BEYOND_DOUBT if best.label in TALK_LABELS - NO_WISH else BEYOND_DOUBT):
        return LEAST_BEYOND_DOUBT
    if not wishes:
        return LEAST_WITHOUT_WISH
    if best.confidence < HARDLY:
        return LEAST_NOT_UNDERSTOOD
    return LEAST if best.confidence >= WELL else LEAST_DOUBTED


def _lists(heard: Understanding, wishes: list[str]) -> bool:
    """«帮我买一袋米» can go on with «再买一桶油»; whoever has said when is past the things."""
    return not LISTED.isdisjoint(wishes) and not heard.filled("time")


def _detail(heard: Understanding) -> Completeness:
    """«两斤豆腐» is the beginning of a list, «三份» is a number of what was asked about."""
    length = len(heard.text.rstrip(MARKS))
    things = any(
        amount.strong and (amount.goods or amount.end < length) for amount in find_amounts(heard.text)
    )
    return Completeness.MISSING if things or not heard.sure else Completeness.OPEN


def _person(heard: Understanding) -> Completeness:
    """«给我妈» is all that was asked for, «给我妈订……» is not all that will be said, «给我» may become either."""
    words = heard.text.rstrip(MARKS)
    people = heard.filled("beneficiary")
    if any(slot.end >= len(words) for slot in people):
        return Completeness.LISTING if people[-1].text in SELF_OR_MINE else Completeness.ANSWERED
    return Completeness.OPEN if people else Completeness.MISSING


def _time(heard: Understanding) -> Completeness:
    """A day wants an hour, an hour is enough; a morning or the end of a month may be narrowed down."""
    times = [slot.resolved for slot in heard.filled("time") if isinstance(slot.resolved, WantedTime)]
    if any(time.asap or (time.vague and not time.day_said) for time in times):
        return Completeness.SETTLED
    said = [time.iso for time in times if time.clock_said and time.iso]
    if not said:
        return Completeness.MISSING
    if any(_hours(iso) <= NARROW_H for iso in said):
        return Completeness.SETTLED
    # «我上午要去打针» tells when they can not.
    return Completeness.LISTING if heard.has("inform") else Completeness.MISSING


def _hours(iso: str) -> float:
    """How long the wanted time is: none for a clock time."""
    begins, _, ends = iso.partition("/")
    if not ends:
        return 0.0
    return (datetime.fromisoformat(ends) - datetime.fromisoformat(begins)).total_seconds() / 3600


def _place(heard: Understanding) -> Completeness:
    """A door or «the usual place» is enough; a number in a road or a village can be; a district, an estate or a building is
    the beginning of an address."""
    places = [slot.resolved for slot in heard.filled("place") if isinstance(slot.resolved, Place)]
    if any(place.usual or place.door for place in places):
        return Completeness.SETTLED
    if any(place.destination or place.text.endswith(MAY_BE_THE_DOOR) for place in places):
        return Completeness.LISTING
    return Completeness.MISSING


def _number(heard: Understanding) -> Completeness:
    """Digits that are no whole number are a part of one, and «我的电话是» is no answer, however it is misheard."""
    said = [slot.resolved for slot in heard.filled("phone")]
    if said and all(number is None or (isinstance(number, Phone) and number.complete) for number in said):
        return Completeness.OPEN
    is_part = said or sum(letter in number_characters() for letter in heard.text) >= DIGITS_OF_A_PART
    is_whole = heard.sure and not is_part and chance_whole(heard.text) >= LEAST
    return Completeness.OPEN if is_whole else Completeness.MISSING
