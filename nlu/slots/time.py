"""Wanted times in a sentence, resolved against the time of the call."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from nlu.slots.time_draft import Draft, drafts, rule
from nlu.slots.time_resolve import resolve_draft
from nlu.slots.time_words import lexicon
from nlu.slots.wanted import Candidate, is_wanted
from nlu.understanding import TaggedSpan, WantedTime

NEAR = 12  # characters behind a time word that tell whether it is ruled out
MEAL_NEAR = 14  # characters behind a day in which a meal names its hour
LOOSE_ANSWER = 14  # characters of an answer that may be a time we can not place («娃放学之前»)
MARKS = "，。！？；,.!?;…\n"
AFTER_MEAL = "的吧"
DAY_LENGTH = len("2026-11-24")


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """One wanted time and where it stands."""

    start: int
    end: int
    text: str
    value: WantedTime
    shift: str | None = None  # «推迟两天»: an ISO 8601 duration with its sign, "+P2D"


def resolve(
    text: str,
    now: datetime,
    *,
    asked: bool = False,
    answering: bool = False,
    meal_words: bool = True,
    spans: Sequence[TaggedSpan] = (),
    tagged: bool = False,
) -> list[TimeSpan]:
    """The wanted times of the text in order. `asked`: the line has just asked for a time; `answering`: for something,
    so that a time is rather a correction than part of a story.

    Past times, durations, times in a story and times taken back («明天，不对，后天») are left out.
    With `meal_words` a meal names the hour of its day: «明天的午饭» is 12:00.
    """
    now = now.replace(tzinfo=None)
    found = _started(_corrected(possible(text, now, asked=asked), text, asked), text)
    wanted = [
        draft
        for draft in found
        if _covers(draft, text)
        or (draft.asap and text[draft.start : draft.end] in lexicon()["asap_sure"])
        or is_wanted(text, candidate_of(draft), asked=asked or answering, spans=spans, tagged=tagged)
    ]
    if not wanted and asked and (loose := _loose_answer(text)):
        return [loose]
    return [_span(draft, text, now, meal_words) for draft in wanted]


def taken_back(text: str, now: datetime) -> list[Draft]:
    """Times that the speaker named and then gave up for another: «从周三挪到周五», «明天不行，后天»."""
    found = possible(text, now)
    kept = _corrected(found, text, asked=False)
    return [draft for draft in found if draft not in kept]


def time_value(time: WantedTime) -> str | None:
    """A wanted time as scripts see it: ISO, "asap", or None when nothing definite was said."""
    return time.iso or ("asap" if time.asap else None)


def possible(text: str, now: datetime, *, asked: bool = False) -> list[Draft]:
    """All expressions that can be a wanted time by their own words."""
    return [draft for draft in drafts(text, now) if _allowed(draft, text, asked)]


def candidate_of(draft: Draft) -> Candidate:
    return Candidate("time", draft.start, draft.end, "+".join(draft.shapes[:2]) + (draft.tail or ""))


def _span(draft: Draft, text: str, now: datetime, meal_words: bool) -> TimeSpan:
    value = resolve_draft(draft, now)
    if meal_words and value.iso and len(value.iso) == DAY_LENGTH and not value.clock_said:
        after = text[draft.end : draft.end + MEAL_NEAR]
        value = _with_meal(value, after)
        if not value.clock_said and not re.split(f"[{MARKS}]", after)[0].strip(
            AFTER_MEAL
        ):  # «订个午饭，明天的»
            value = _with_meal(value, text[max(0, draft.start - MEAL_NEAR) : draft.start].replace("，", ""))
    return TimeSpan(draft.start, draft.end, text[draft.start : draft.end], value, draft.shift)


@lru_cache(maxsize=1)
def _meal_hours() -> dict[str, str]:
    return {str(word): str(hour) for hour, words in lexicon()["meals"].items() for word in words}


def _with_meal(value: WantedTime, rest: str) -> WantedTime:
    """The hour of the first meal named before the next comma."""
    clause = rest
    for mark in MARKS:
        clause = clause.split(mark)[0]
    named = [(clause.find(word), hour) for word, hour in _meal_hours().items() if word in clause]
    return replace(value, iso=f"{value.iso}T{min(named)[1]}", clock_said=True) if named else value


# --- what can be a wish ----------------------------------------------------------------------------------------


def _allowed(draft: Draft, text: str, asked: bool) -> bool:
    """Whether the expression can be a wanted time at all."""
    if draft.past:
        return asked and bool(draft.days) and _covers(draft, text)
    if (draft.vague and not draft.recurrence and not draft.shift) or draft.shapes == ["asap_asked"]:
        return asked
    left, right = text[max(0, draft.start - 6) : draft.start], text[draft.end : draft.end + NEAR]
    if draft.shapes == ["clock"] and draft.clock == (1, 0) and draft.end - draft.start == len("一点"):
        return asked and draft.start == 0 and not right.strip("吧。，")
    return not rule("past_left").search(left) and not rule("until_now").match(right)


def _covers(draft: Draft, text: str) -> bool:
    """Whether hardly anything else is said."""
    return len(text) - (draft.end - draft.start) <= 2


def _loose_answer(text: str) -> TimeSpan | None:
    """An answer that names a time we can not place on the calendar: kept as said, to be settled by a person."""
    said = text.strip(MARKS + " ")
    if 3 <= len(said) <= LOOSE_ANSWER and rule("loose_answer").search(said):
        start = text.index(said)
        return TimeSpan(start, start + len(said), said, WantedTime(None, vague=True, clock_said=False))
    return None


# --- what was taken back ---------------------------------------------------------------------------------------


def _corrected(found: list[Draft], text: str, asked: bool) -> list[Draft]:
    """Leaves out times that were taken back, moved away from or ruled out."""
    kept: list[Draft] = []
    for draft in found:
        gap = text[kept[-1].end : draft.start] if kept else ""
        if gap and rule("negated_before").search(gap):
            continue
        if kept and rule("settled_before").search(text[: draft.start]):
            kept = []  # «礼拜三浇水，那就礼拜五»
        while kept and _takes_back(text[kept[-1].end : draft.start]):
            kept.pop()
        kept.append(draft)
    kept = [draft for draft in kept if not _ruled_out(draft, text, asked)]
    return _free(kept, text) or kept


def _started(found: list[Draft], text: str) -> list[Draft]:
    """«下个月起每天中午»: the day only tells when the rhythm begins."""
    rhythm = next((draft for draft in found if draft.recurrence), None)
    if rhythm is None:
        return found
    for draft in found:
        if draft.days and draft is not rhythm and rule("starts_after").match(text[draft.end : draft.end + 3]):
            rhythm.since = draft.days[0].first
            return [other for other in found if other is not draft]
    return found


def _takes_back(gap: str) -> bool:
    return 0 < len(gap) <= NEAR and bool(rule("correction_cue").search(gap) and rule("correction").match(gap))


def _free(kept: list[Draft], text: str) -> list[Draft]:
    """The times at which nothing else is planned; of «明天或者后天去» both or none."""
    free: list[Draft] = []
    after: Draft | None = None
    another_day = sum(bool(draft.days) for draft in kept) > 1
    for draft in reversed(kept):
        together = after is not None and rule("either_joint").match(text[draft.end : after.start])
        if (after in free) if together else not _busy(draft, text, another_day):
            free.insert(0, draft)
        after = draft
    return free


def _busy(draft: Draft, text: str, another_day: bool) -> bool:
    """Something else is planned then: «后晌我要浇地»; «明天去赶集» only where another day is named."""
    right = text[draft.end : draft.end + NEAR]
    return bool(
        rule("own_plans").match(right) or (draft.days and another_day and rule("busy_after").match(right))
    )


def _ruled_out(draft: Draft, text: str, asked: bool) -> bool:
    right = text[draft.end : draft.end + NEAR]
    if rule("negated_after").match(right) or rule("negated_before").search(
        text[max(0, draft.start - 3) : draft.start]
    ):
        return True
    return asked and bool(rule("negated_when_asked").match(right))
