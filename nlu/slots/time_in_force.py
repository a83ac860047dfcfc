"""One reading of the whole message: the part of the day that is in force, and hours that are somebody else's."""

from __future__ import annotations

from nlu.slots.dates import Days
from nlu.slots.time_draft import Draft, rule
from nlu.slots.time_words import lexicon

NEAR = 12  # characters beside a time word


def give_part_in_force(found: list[Draft], text: str) -> None:
    """Read an hour without a part of the day in the one that was named before it: «上午透析，七点半要到»."""
    part: str | None = None
    for draft in found:
        if draft.part or draft.past:
            part = None if draft.past else draft.part
        elif draft.clock and rule("earlier").search(text[: draft.start]) and _fits("early", draft):
            draft.part = "early"
        elif draft.clock and part and _fits(part, draft):
            draft.part = part


def join_alternatives(found: list[Draft], text: str) -> None:
    """«周二周四都行»: any day from the one to the other, and not both."""
    for draft in found:
        if len(draft.days) > 1 and rule("any_of_them").match(text[draft.end :]):
            draft.days = [Days(draft.days[0].first, max(day.last for day in draft.days), "week")]


def _fits(part: str, draft: Draft) -> bool:
    first, last = lexicon()["hours_of_parts"].get(part, (1, 0))
    return bool(draft.clock and first <= draft.clock[0] <= last)


def rests_then(draft: Draft, text: str) -> bool:
    """«我女子三点下班», «我晚上睡得早»: what somebody does then, and no time that is wanted."""
    left, right = text[max(0, draft.start - NEAR) : draft.start], text[draft.end : draft.end + NEAR]
    return bool(rule("rests_before").search(left) and rule("rests_after").match(right))


def without_others(found: list[Draft], text: str) -> list[Draft]:
    """Without the hour of an appointment («八点半的号»), and without what would do as well as what was named first."""
    own = [draft for draft in found if not rule("appointment_after").match(text[draft.end :])]
    first = [draft for at, draft in enumerate(own) if not at or not _would_do(draft, own[at - 1], text)]
    if any(draft.vague and not draft.recurrence for draft in first):
        # «什么时候都行，工作日»: how it may be, and no rhythm
        first = [draft for draft in first if draft.shapes != ["workdays"]]
    return first if any(draft.days or draft.timed or draft.vague for draft in first) else found


def _would_do(draft: Draft, before: Draft, text: str) -> bool:
    gap, right = text[before.end : draft.start], text[draft.end : draft.end + NEAR]
    return bool(rule("would_do_before").search(gap) or (draft.timed and rule("would_do_after").match(right)))
